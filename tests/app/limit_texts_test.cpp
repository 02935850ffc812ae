#include "app/limit_texts.hpp"

#include <doctest/doctest.h>

using namespace rebalancer;
using namespace rebalancer::app;

namespace {

std::string rule_of(std::string_view text) {
  const auto limit = parse_class_limit(text);
  return limit ? "good" : limit.error().message;
}

struct Expected {
  const char* text;
  const char* label;
  double lower, upper;
};

}  // namespace

TEST_CASE("a limit reads as people write it") {
  for (const Expected& expected :
       {Expected{"tech <= 25%", "tech", 0, 0.25}, Expected{"tech<=0.25", "tech", 0, 0.25},
        Expected{"bond >= 10%", "bond", 0.1, 1}, Expected{"cash = 3%", "cash", 0.03, 0.03},
        Expected{"cash == 300bp", "cash", 0.03, 0.03}, Expected{"5% <= gold <= 15%", "gold", 0.05, 0.15},
        Expected{"15% >= gold >= 5%", "gold", 0.05, 0.15}, Expected{"-10% <= gold <= 15%", "gold", -0.1, 0.15},
        Expected{"sector:tech <= 25%", "sector:tech", 0, 0.25}, Expected{"AAPL + MSFT <= 30%", "AAPL + MSFT", 0, 0.3},
        Expected{"BRK.B + sector:tech + bond <= 50%", "BRK.B + sector:tech + bond", 0, 0.5}}) {
    CAPTURE(expected.text);
    const auto limit = parse_class_limit(expected.text);
    REQUIRE(limit);
    CHECK(limit->label == expected.label);
    CHECK(limit->lower == expected.lower);
    CHECK(limit->upper == expected.upper);
    CHECK(limit->text == expected.text);
  }
}

TEST_CASE("what is no limit says how to write one") {
  const std::string rule = "must read like \"tech <= 25%\" or \"5% <= gold <= 15%\"";
  for (const char* text : {"", "tech", "tech < 25%", "tech =< 25%", "<= 25%", "25% <= tech >= 10%",
                           "25% >= tech <= 30%", "tech <= 10% <= 20% <= 30%", "te ch <= 25%", "tech + <= 25%",
                           "a:b:c <= 25%", ":tech <= 25%", "sector: <= 25%", "tech ? 25%"}) {
    CAPTURE(text);
    CHECK(rule_of(text) == rule);
  }
  CHECK(rule_of("tech <= 25") == "has \"25\", which must be a fraction: did you mean 25%?");
  CHECK(rule_of("tech <= 250%") == "has \"250%\", which must be between -100% and 100%");
  CHECK(rule_of("tech <= nan") == "has \"nan\", which must be a fraction such as 5%, 25bp or 0.05");
  CHECK(rule_of("30% <= tech <= 20%") == "must not ask for more than it allows");
}

TEST_CASE("with short positions the side a limit says nothing about is open, and only that") {
  std::vector<ClassLimit> limits;
  for (const char* text : {"tech <= 25%", "bond >= 10%", "cash = 3%", "0% <= gold <= 15%"}) {
    limits.push_back(parse_class_limit(text).value());
  }
  open_sides(limits, 1.6);
  const std::pair<double, double> expected[] = {{-1.6, 0.25}, {0.1, 1.6}, {0.03, 0.03}, {0, 0.15}};
  for (std::size_t i = 0; i < limits.size(); ++i) {
    CAPTURE(limits[i].text);
    CHECK(std::pair(limits[i].lower, limits[i].upper) == expected[i]);
  }
}

TEST_CASE("labels stand in a row, with or without their kind") {
  CHECK(parse_labels("tech, issuer:apple") == std::vector<std::string>{"tech", "issuer:apple"});
  CHECK(parse_labels("tech") == std::vector<std::string>{"tech"});
  CHECK(parse_labels(" , ").error().message == "must be at least one label");
  CHECK(parse_labels("tech, a:b:c").error().message ==
        "has \"a:b:c\", must be labels such as tech or issuer:apple, with commas between");
}
