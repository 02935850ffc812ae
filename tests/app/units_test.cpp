#include "app/units.hpp"

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;
using namespace rebalancer::app;

TEST_CASE("fractions") {
  CHECK(parse_fraction("5%", 0, 1).value() == 0.05);
  CHECK(parse_fraction("5 %", 0, 1).value() == 0.05);
  CHECK(parse_fraction("25bp", 0, 1).value() == 0.0025);
  CHECK(parse_fraction("25bps", 0, 1).value() == 0.0025);
  CHECK(parse_fraction("1", 0, 1).value() == 1);
  CHECK(parse_fraction("150%", 0, 2).value() == 1.5);
  CHECK(parse_fraction("-1%", -0.1, 1).value() == -0.01);
  CHECK(parse_fraction("5", 0, 1).error().message == "must be a fraction: did you mean 5%?");
  CHECK(parse_fraction("1.5", 0, 2).error().message == "must be a fraction: did you mean 1.5%?");
  // 1.5% would be too little where the least is 100%: 1.5 is what it says.
  CHECK(parse_fraction("1.5", 1, 10) == 1.5);
  CHECK(parse_fraction("150%", 1, 10) == 1.5);
  CHECK(parse_fraction("150", 1, 10).error().message == "must be a fraction: did you mean 150%?");
  CHECK(parse_fraction("500", 0, 1).error().message == "must be between 0% and 100%");
  for (const char* bad : {"", "%", "5%%", "5 per cent", "nan", "inf", "0x5", "1e", "5%bp", "--5%", "1,5%"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_fraction(bad, 0, 1));
  }
}

TEST_CASE("a fraction as text reads back as the very same number") {
  Random random(20260101);
  for (int i = 0; i < 20'000; ++i) {
    const double value = i < 10'001 ? i / 10'000.0 : random.uniform();
    const std::string text = fraction_text(value);
    CAPTURE(text);
    REQUIRE(parse_fraction(text, 0, 1).value() == value);
  }
  // A bare number above 1 would be read as a question.
  for (const double above : {1.23456789012345, 1.0000000000000002, 33.333333333333336, 99.99999999999999}) {
    const std::string shown = fraction_text(above);
    CAPTURE(shown);
    const auto read = parse_fraction(shown, 0, 100);
    REQUIRE(read);
    CHECK(*read == above);
  }
  CHECK(fraction_text(0.07) == "7%");
  CHECK(fraction_text(0.0005) == "0.05%");
}

TEST_CASE("money is exact") {
  CHECK(parse_money("$250").value() == Decimal::whole(250));
  CHECK(parse_money("250 USD").value() == Decimal::whole(250));
  CHECK(parse_money("1,234,567.89").value() == Decimal::parse("1234567.89").value());
  CHECK(parse_money("0.000000001").value() == Decimal::from_billionths(1));
  CHECK(parse_money("0.1").value() == Decimal::from_billionths(100'000'000));
  for (const char* bad : {"", "$", "-5", "$-5", "5 EUR", "1,00", ",100", "1,0000", "1e3", "5$", "0.0000000001",
                          "99999999999", "five", "$ 1 2", "1.2.3"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_money(bad));
  }
}

TEST_CASE("times of day") {
  for (const char* text : {"00:00", "16:30", "23:59", "open", "close", "close-20m", "open+15m"}) {
    CHECK(to_string(parse_day_time(text).value()) == text);
  }
  CHECK(parse_day_time("close-1h").value() == DayTime{DayTime::Anchor::close, -60});
  for (const char* bad : {"", "4pm", "24:00", "16:60", "1630", "close20m", "close-", "close-20", "close-20s",
                          "close--20m", "close-9999m", "noon-5m"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_day_time(bad));
  }
}

TEST_CASE("whole numbers and booleans") {
  CHECK(parse_integer("-5", -10, 10).value() == -5);
  CHECK(parse_integer("0", 0, 10).value() == 0);
  CHECK(parse_integer("99999999999999999999", 0, 10).error().message == "must be between 0 and 10");
  for (const char* bad : {"", "-", "+5", "5.0", "05", "0x5", " 5", "5 "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_integer(bad, -10, 10));
  }
  CHECK(parse_boolean("Yes").value());
  CHECK_FALSE(parse_boolean("off").value());
  CHECK_FALSE(parse_boolean("y"));
}
