#include "interactive_brokers/fields.hpp"

#include <doctest/doctest.h>

#include "tws_server.hpp"

namespace interactive_brokers {
namespace {

std::string exact(std::string_view text) {
  const auto number = exact_number(text);
  return number ? number->to_string() : "error";
}
std::string nearest(std::string_view text) {
  const auto number = nearest_number(text);
  return number ? number->to_string() : "error";
}

}  // namespace

TEST_CASE("numbers are exact, in all forms that Java writes") {
  CHECK(exact("100") == "100");
  CHECK(exact("196.52") == "196.52");
  CHECK(exact("-3") == "-3");
  CHECK(exact("1.0E7") == "10000000");
  CHECK(exact("2.5E-4") == "0.00025");
  CHECK(exact("1.2345678900000E2") == "123.456789");
  CHECK(exact("0.000000001") == "0.000000001");
  CHECK(exact("100.0000000000000000") == "100");
  CHECK(exact("0E400") == "0");
  CHECK(exact("9223372036.854775807") == "9223372036.854775807");
  for (const char* wrong : {"", "-", ".", "1,000", "1 ", " 1", "0x1", "nan", "Infinity", "1e", "1e1e1", "--1", "1.2.3",
                            "9223372036.854775808", "1.0000000001", "1E999", "1.7976931348623157E308"}) {
    CAPTURE(wrong);
    CHECK(exact(wrong) == "error");
  }
}

TEST_CASE("averages are rounded to the nearest billionth, ties to even") {
  CHECK(nearest("257.9533333333333") == "257.953333333");
  CHECK(nearest("0.0000000005") == "0");
  CHECK(nearest("0.0000000015") == "0.000000002");
  CHECK(nearest("0.00000000050001") == "0.000000001");
  CHECK(nearest("9E-10") == "0.000000001");
  CHECK(nearest("9E-11") == "0");
  CHECK(nearest("9E-400") == "0");
  CHECK(nearest("-0.0000000015") == "-0.000000002");
}

TEST_CASE("what stands for not set is no number") {
  const std::string payload = rebalancer::test::tws_payload(
      {"5", "1.7976931348623157E308", "", "2147483647", "-9223372036854775808", "12.5", "1.7976931348623157E308"});
  FieldReader fields(payload);
  for (int i = 0; i < 4; ++i) CHECK_FALSE(fields.optional_decimal());
  CHECK(fields.optional_decimal()->to_string() == "12.5");
  CHECK_THROWS_WITH_AS(
      static_cast<void>(fields.decimal()),
      "message 5 (openOrder), field 6: \"1.7976931348623157E308\" is no number with at most nine places", WireError);
}

TEST_CASE("an error names the message, the field, its value and the rule") {
  const std::string payload = rebalancer::test::tws_payload({"9", "1", "soon", "x"});
  FieldReader fields(payload);
  fields.skip(1);
  CHECK_THROWS_WITH_AS(static_cast<void>(fields.integer()),
                       "message 9 (nextValidId), field 2: \"soon\" is no whole number", WireError);
  CHECK_THROWS_WITH_AS(fields.finish(), "message 9 (nextValidId), field 3: \"x\" is one field too many", WireError);
  CHECK_THROWS_WITH_AS(static_cast<void>(fields.text()), "message 9 (nextValidId) ends before its field 4", WireError);
  CHECK_THROWS_AS(FieldReader("9"), WireError);
  CHECK_THROWS_AS(FieldReader(""), WireError);
  CHECK_THROWS_AS(FieldReader(std::string_view("x\0", 2)), WireError);
}

TEST_CASE("counts and truths") {
  const std::string payload = rebalancer::test::tws_payload({"5", "", "2", "-1", "10001", "1", "0", "2"});
  FieldReader fields(payload);
  CHECK(fields.count() == 0);
  CHECK(fields.count() == 2);
  CHECK_THROWS_AS(static_cast<void>(fields.count()), WireError);
  CHECK_THROWS_AS(static_cast<void>(fields.count()), WireError);
  CHECK(fields.boolean());
  CHECK_FALSE(fields.boolean());
  CHECK_THROWS_AS(static_cast<void>(fields.boolean()), WireError);
}

TEST_CASE("a text cannot end its field") {
  FieldWriter fields(3);
  CHECK(fields.add("a").add(7).add(Decimal::whole(2)).add(std::optional<Decimal>()).payload() == std::string("3\0a\0"
                                                                                                             "7\0"
                                                                                                             "2\0\0",
                                                                                                             9));
  CHECK_THROWS_AS(fields.add(std::string_view("a\0b", 3)), WireError);
  CHECK_THROWS_AS(fields.add("a\nb"), WireError);
}

}  // namespace interactive_brokers
