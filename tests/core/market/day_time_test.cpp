#include "core/market/day_time.hpp"

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("a time of the trading day is read as people write it, and written so that it reads back") {
  using enum DayTime::Anchor;
  struct Row {
    const char* text;
    DayTime time;
    const char* written;
  };
  const Row rows[] = {{"00:00", {midnight, 0}, "00:00"},
                      {"16:30", {midnight, 990}, "16:30"},
                      {"23:59", {midnight, 1439}, "23:59"},
                      {" 09:05\n", {midnight, 545}, "09:05"},
                      {"open", {open, 0}, "open"},
                      {"close", {close, 0}, "close"},
                      {"close-20m", {close, -20}, "close-20m"},
                      {"OPEN+15m", {open, 15}, "open+15m"},
                      {"close-1h", {close, -60}, "close-60m"},
                      {"open-12h", {open, -720}, "open-720m"},
                      {"close+720m", {close, 720}, "close+720m"},
                      {"open+0m", {open, 0}, "open"},
                      {"close-20 m", {close, -20}, "close-20m"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto time = parse_day_time(row.text);
    REQUIRE(time.has_value());
    CHECK(*time == row.time);
    CHECK(to_string(*time) == row.written);
    CHECK(parse_day_time(to_string(*time)).value() == *time);
  }
}

TEST_CASE("anything else is refused with the rule") {
  for (const char* bad :
       {"",          " ",          "4pm",         "24:00",      "16:60",     "1630",         "1:30",
        "-1:30",     "16:3o",      "16-30",       "close20m",   "close-",    "close+m",      "close-20",
        "close-20s", "close--20m", "close-9999m", "close+721m", "close+13h", "close-99999m", "noon-5m",
        "openclose", "close-20m5"}) {
    CAPTURE(bad);
    const auto time = parse_day_time(bad);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error() ==
          Error{ErrorCode::invalid, "must be a time of day such as 16:30, or close-20m, close, open+15m"});
  }
}
