// Alpaca's JSON alone: numbers are read from their text, and whatever is not understood is refused with a sentence.
#include "alpaca/wire.hpp"

#include <fstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include <rebalancer/plugin.h>

#include "support/reference.hpp"

using namespace alpaca;
using rebalancer::plugin_support::BadAnswer;
using rebalancer::plugin_support::exact_decimal;

namespace {

std::string refusal_of(std::string_view text) {
  const auto json = Json::parse(text);
  if (!json) return json.error().message;
  try {
    static_cast<void>(order_from(*json));
  } catch (const BadAnswer& bad) {
    return bad.what();
  }
  return "";
}

std::string number_read(std::string_view text) {
  const auto number = exact_decimal(text);
  return number ? number->to_string() : "no";
}

}  // namespace

TEST_CASE("alpaca wire: a number is what its digits say, to nine places and never through a double") {
  CHECK(number_read("0.1") == "0.1");
  CHECK(number_read("1e-9") == "0.000000001");
  CHECK(number_read("1.25E1") == "12.5");
  CHECK(number_read("-12.50e+2") == "-1250");
  CHECK(number_read("123456789.123456789") == "123456789.123456789");
  CHECK(number_read("0.1234567890000") == "0.123456789");
  CHECK(number_read("9223372036.854775807") == "9223372036.854775807");
  for (const char* none : {"", "-", ".", "1.", ".5", "1e", "1e99999", "0x10", "1,5", " 1", "1 ", "NaN", "inf", "--1",
                           "1.0000000001", "9223372036.854775808", "1e30"}) {
    CAPTURE(none);
    CHECK(number_read(none) == "no");
  }
}

TEST_CASE("alpaca wire: what is no order is refused, saying where") {
  CHECK(refusal_of("") == "it is empty");
  CHECK(refusal_of("<!DOCTYPE html>") == "it is a page for people, not JSON");
  CHECK(refusal_of(R"({"id":"a")") == "it ends in the middle, after 9 bytes");
  CHECK(refusal_of(R"({"id":"a"}{)") == "it goes on after its end, at byte 10");
  CHECK(refusal_of(R"({"id":"a","id":"a"})") == "it names \"id\" twice in one object");
  CHECK(refusal_of(std::string(100, '[')).starts_with("it is not JSON at byte"));
  CHECK(refusal_of("[]") == "an order is no JSON object");
  CHECK(refusal_of(R"({"id":7})") == "an order: id is no text");
  const std::string start = R"({"id":"a","client_order_id":"c","submitted_at":"2026-03-02T15:00:00Z","status":"new",)";
  CHECK(refusal_of(start + R"("filled_qty":"0"})").empty());
  CHECK(refusal_of(start + R"("filled_qty":0})").empty());
  CHECK(refusal_of(start + R"("filled_qty":null})") == "order a: filled_qty is missing");
  CHECK(refusal_of(start + R"("filled_qty":true})") == "order a: filled_qty is no number");
  CHECK(refusal_of(start + R"("filled_qty":"1"})") == "order a: filled_avg_price is missing");
  CHECK(refusal_of(start + R"("filled_qty":"0.0000000001"})").starts_with("order a: filled_qty is \"0.0000000001\": "));
}

TEST_CASE("alpaca wire: an order that is rejected after it traded has ended with what it traded") {
  WireOrder order;
  order.status = "rejected";
  CHECK(state_of(order).state == RB_ORDER_REJECTED);
  order.filled = Decimal::whole(1);
  CHECK(state_of(order).state == RB_CANCELLED);
  order.status = "never_heard_of";
  CHECK(state_of(order).state == RB_PARTIAL);
  CHECK(!state_of(order).known);
}

TEST_CASE("alpaca wire: fills are summed exactly, and a sum out of range is an error") {
  const auto fill = [](const char* quantity, const char* price) {
    WireFill made;
    made.quantity = *Decimal::parse(quantity);
    made.price = *Decimal::parse(price);
    return made;
  };
  const auto sum = sum_of({fill("0.1", "10"), fill("0.2", "10.3")});
  REQUIRE(sum);
  CHECK(sum->quantity.to_string() == "0.3");
  CHECK(sum->average_price.to_string() == "10.2");
  CHECK(sum_of({})->quantity.is_zero());
  CHECK(!sum_of({fill("9000000000", "1"), fill("9000000000", "1")}));
  CHECK(!sum_of({fill("9000000000", "9000000000")}));
}

TEST_CASE("alpaca wire: moments are written to the nanosecond, and to the second where no fraction is taken") {
  const auto moment = Instant::parse("2026-03-02T10:00:00.000000007-05:00");
  REQUIRE(moment);
  CHECK(wire_instant(*moment) == "2026-03-02T15:00:00.000000007Z");
  CHECK(wire_second(*moment) == "2026-03-02T15:00:00Z");
}

TEST_CASE("alpaca wire: whose error it is, and what it says about the keys") {
  CHECK(says_there_is_none(error_from(R"({"code":40410000,"message":"order not found"})")));
  for (const char* other : {"", "<html>", "[]", "{}", R"({"code":404,"message":"no route"})", R"({"code":"40410000"})",
                            R"({"code":40010001,"message":"client_order_id must be unique"})"}) {
    CAPTURE(other);
    CHECK(!says_there_is_none(error_from(other)));
  }
  CHECK(says_wrong_keys(401, {}));
  CHECK(says_wrong_keys(403, error_from(R"({"message":"forbidden."})")));
  CHECK(!says_wrong_keys(403, error_from(R"({"code":40310000,"message":"insufficient buying power"})")));
  CHECK(!says_wrong_keys(403, error_from("<html>")));
  CHECK(!says_wrong_keys(422, error_from(R"({"message":"forbidden."})")));
}

TEST_CASE("alpaca wire: orders of older shapes, as Alpaca's own client is tested with, are read") {
  const auto file = rebalancer::test::reference_file("protocols/fixtures/alpaca/alpaca-py-test-responses.json");
  if (!file) return;
  std::ifstream in(*file);
  const auto answers = boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
  int orders = 0;
  const auto read = [&orders](const boost::json::value& value) {
    if (!value.is_object() || !value.as_object().contains("client_order_id")) return;
    ++orders;
    CHECK_MESSAGE(refusal_of(boost::json::serialize(value)).empty(), refusal_of(boost::json::serialize(value)));
  };
  for (const auto& answer : answers.as_array()) {
    const auto& body = answer.at("body");
    if (body.is_array()) {
      for (const auto& item : body.as_array()) read(item);
    } else {
      read(body);
    }
  }
  CHECK(orders >= 8);
}
