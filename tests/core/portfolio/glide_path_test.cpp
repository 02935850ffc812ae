#include "core/portfolio/glide_path.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("the equity share follows the published curve at its knots and between them") {
  const std::pair<double, double> known[] = {{0, .90},  {18, .90}, {30, .90}, {35, .85}, {40, .80},
                                             {45, .75}, {50, .70}, {55, .60}, {60, .50}, {65, .40},
                                             {66, .40}, {90, .40}, {130, .40}};
  for (const auto& [age, share] : known) {
    CAPTURE(age);
    CHECK(std::abs(equity_share(age).value() - share) < 1e-15);
  }
}

TEST_CASE("an age that nobody has is refused") {
  for (const double age : {-0.1, 130.1, std::nan(""), HUGE_VAL}) {
    CAPTURE(age);
    CHECK(equity_share(age).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("the equity share never rises with age and never jumps") {
  double before = equity_share(0).value();
  for (double age = 0.125; age <= 130; age += 0.125) {
    const double share = equity_share(age).value();
    CHECK(share <= before);
    CHECK(before - share <= 0.0025 + 1e-12);
    before = share;
  }
}

TEST_CASE("an age is whole years at a birthday and a fraction in between") {
  const Date birth = Date::make(1980, 7, 1).value();
  CHECK(age_on(birth, Date::make(2026, 7, 1).value()).value() == 46.0);
  CHECK(age_on(birth, Date::make(2026, 6, 30).value()).value() == 45.0 + 364.0 / 365.0);
  CHECK(age_on(birth, Date::make(2027, 1, 1).value()).value() == 46.0 + 184.0 / 365.0);
  CHECK(age_on(birth, birth).value() == 0.0);
}

TEST_CASE("who was born on 29 February has a birthday on 1 March in common years") {
  const Date birth = Date::make(1992, 2, 29).value();
  CHECK(age_on(birth, Date::make(2023, 3, 1).value()).value() == 31.0);
  CHECK(age_on(birth, Date::make(2023, 2, 28).value()).value() < 31.0);
  CHECK(age_on(birth, Date::make(2024, 2, 29).value()).value() == 32.0);
}

TEST_CASE("an age is known up to the last day of the calendar") {
  const Date last = Date::make(2199, 12, 31).value();
  CHECK(age_on(Date::make(2150, 1, 1).value(), last).value() == 49.0 + 364.0 / 365.0);
  CHECK(age_on(last, last).value() == 0.0);
}

TEST_CASE("a day before birth has no age") {
  CHECK(age_on(Date::make(2000, 1, 2).value(), Date::make(2000, 1, 1).value()).error().message ==
        "birth date 2000-01-02 is after 2000-01-01");
}

TEST_CASE("the safe sleeve is four fifths bonds and one fifth cash, and the sleeves are the whole") {
  const SleeveShares shares = sleeve_shares(35, 0.8).value();
  CHECK(std::abs(shares.growth - 0.85) < 1e-15);
  CHECK(std::abs(shares.bond - 0.12) < 1e-15);
  CHECK(std::abs(shares.cash - 0.03) < 1e-15);
  for (double age = 0; age <= 130; age += 0.5) {
    const SleeveShares sleeves = sleeve_shares(age, 0.8).value();
    CHECK(std::abs(sleeves.growth + sleeves.bond + sleeves.cash - 1) < 1e-15);
  }
  CHECK(sleeve_shares(35, 1.1).error().code == ErrorCode::invalid);
}

TEST_CASE("a curve of one's own is linear between its points and flat outside") {
  const std::vector<std::pair<double, double>> curve = {{25, 0.95}, {45, 0.75}, {67, 0.31}};
  const std::pair<double, double> known[] = {{-5, .95}, {0, .95},  {25, .95}, {35, .85},
                                             {45, .75}, {56, .53}, {67, .31}, {200, .31}};
  for (const auto& [x, share] : known) {
    CAPTURE(x);
    CHECK(std::abs(share_on(curve, x).value() - share) < 1e-15);
  }
  CHECK(share_on({{40, 0.5}}, 3).value() == 0.5);
  // Years to a date count the other way: the share rises with them.
  CHECK(std::abs(share_on({{0, 0.3}, {30, 0.9}}, 10).value() - 0.5) < 1e-15);
}

TEST_CASE("a curve that is none is refused, naming the point") {
  const auto refused = [](const std::vector<std::pair<double, double>>& curve, double x) {
    const auto share = share_on(curve, x);
    REQUIRE_FALSE(share);
    CHECK(share.error().code == ErrorCode::invalid);
    return share.error().message;
  };
  CHECK(refused({}, 3) == "a glide path needs at least one point");
  CHECK(refused({{30, 0.9}, {30, 0.8}}, 3) ==
        "point 2 of the glide path is at 30, must be a number above the one before");
  CHECK(refused({{30, 0.9}, {20, 0.8}}, 3) ==
        "point 2 of the glide path is at 20, must be a number above the one before");
  CHECK(refused({{std::nan(""), 0.9}}, 3).find("point 1 of the glide path is at nan") == 0);
  CHECK(refused({{30, 1.1}}, 3) == "the glide path's share at 30 is 1.1, must be between 0 and 1");
  CHECK(refused({{30, std::nan("")}}, 3) == "the glide path's share at 30 is nan, must be between 0 and 1");
  CHECK(refused({{30, 0.9}}, std::nan("")) == "the glide path is asked at nan, must be a number");
}

TEST_CASE("a curve's sleeves sum to one") {
  const auto shares = sleeve_shares({{25, 0.95}, {45, 0.75}}, 35, 0.6).value();
  CHECK(std::abs(shares.growth - 0.85) < 1e-15);
  CHECK(std::abs(shares.bond - 0.09) < 1e-15);
  CHECK(std::abs(shares.growth + shares.bond + shares.cash - 1) < 1e-15);
  CHECK(sleeve_shares({{25, 0.95}}, 35, 1.5).error().code == ErrorCode::invalid);
}
