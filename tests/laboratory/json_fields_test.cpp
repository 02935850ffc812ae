#include "laboratory/json_fields.hpp"

#include <doctest/doctest.h>

namespace rebalancer::laboratory {
namespace {

TEST_CASE("numbers keep their digits") {
  const auto fields = parse_fields(
      R"({"quantity": -0.1234, "limitPrice": 123456789.123456789, "text": "12.5", "flag": true, "none": null,)"
      R"( "deep": {"quantity": 1}, "list": [1, 2]})");
  REQUIRE(fields);
  CHECK(number_field(*fields, "quantity").value() == Decimal::parse("-0.1234").value());
  CHECK(number_field(*fields, "limitPrice").value() == Decimal::parse("123456789.123456789").value());
  CHECK(text_decimal_field(*fields, "text").value() == Decimal::parse("12.5").value());
  CHECK(text_field(*fields, "text").value() == "12.5");
  CHECK(boolean_field(*fields, "flag").value() == true);
  CHECK(!text_field(*fields, "none").value());
  CHECK(!text_field(*fields, "absent").value());
  CHECK(fields->at("deep").kind == JsonField::Kind::nested);
  CHECK(fields->at("list").kind == JsonField::Kind::nested);
  CHECK(fields->size() == 7);
}

TEST_CASE("one kind is not another") {
  const auto fields = parse_fields(R"({"a": 1, "b": "x", "c": 1e3, "d": 0.1234567891})").value();
  CHECK(!text_field(fields, "a"));
  CHECK(!text_decimal_field(fields, "a"));
  CHECK(!number_field(fields, "b"));
  CHECK(!boolean_field(fields, "a"));
  CHECK(!number_field(fields, "c"));
  CHECK(!number_field(fields, "d"));
}

TEST_CASE("what is no object of JSON") {
  for (const char* text :
       {"", "[]", "\"a\"", "{", "{\"a\":1", "{\"a\":1}}", "{\"a\":1,\"a\":2}", "{a:1}", "[{\"a\":1}]"}) {
    CHECK_MESSAGE(!parse_fields(text), text);
  }
}

}  // namespace
}  // namespace rebalancer::laboratory
