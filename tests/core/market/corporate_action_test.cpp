#include "core/market/corporate_action.hpp"

#include <cmath>
#include <fstream>
#include <numeric>
#include <sstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "support/reference.hpp"

using namespace rebalancer;

namespace {

Symbol symbol(const char* text) { return Symbol::parse(text).value(); }
Date day(int index) { return Date::from_days(20'000 + index); }

BarTable table_of(const std::vector<double>& closes, const std::vector<double>& dividends,
                  const std::vector<double>& splits, PriceBasis basis = PriceBasis::raw) {
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    Bar bar;
    bar.date = day(static_cast<int>(i));
    bar.close = closes[i];
    bar.dividend = dividends[i];
    bar.split_ratio = splits[i];
    bars.push_back(bar);
  }
  return BarTable::make(symbol("AAA"), bars, basis, "test").value();
}

struct History {
  std::vector<double> closes, dividends, splits;
};

History random_history(Random& random, std::size_t days) {
  History history;
  double close = 100;
  for (std::size_t i = 0; i < days; ++i) {
    const double split = random.below(20) == 0 ? static_cast<double>(2 + random.below(9)) : 1;
    close = close / split * (1 + 0.02 * random.normal());
    history.splits.push_back(split);
    history.dividends.push_back(random.below(10) == 0 ? close * 0.01 : 0);
    history.closes.push_back(close);
  }
  return history;
}

double product(const std::vector<double>& returns) {
  return std::accumulate(returns.begin(), returns.end(), 1.0, [](double value, double r) { return value * (1 + r); });
}

}  // namespace

TEST_CASE("adjusted closes and total returns are the reference's to the last digits") {
  const auto file = test::reference_file("golden/golden_dev.json");
  if (!file) return;
  std::stringstream text;
  text << std::ifstream(*file).rdbuf();
  const auto golden = boost::json::parse(text.str());
  const auto& dividends = golden.at("dividends");
  const auto numbers = [](const boost::json::value& value) {
    return boost::json::value_to<std::vector<double>>(value);
  };
  const auto& inputs = dividends.at("inputs");
  const BarTable table =
      table_of(numbers(inputs.at("close")), numbers(inputs.at("dividend")), numbers(inputs.at("split")));

  const auto expected_closes = numbers(dividends.at("result").at("adjusted_close_vendor"));
  const auto closes = adjusted_closes(table);
  REQUIRE(closes.size() == expected_closes.size());
  for (std::size_t i = 0; i < closes.size(); ++i)
    CHECK(closes[i] == doctest::Approx(expected_closes[i]).epsilon(1e-14));
  const auto expected_returns = numbers(dividends.at("result").at("daily_total_returns_reinvest"));
  const auto returns = total_returns(table);
  REQUIRE(returns.size() == expected_returns.size());
  for (std::size_t i = 0; i < returns.size(); ++i) CHECK(std::abs(returns[i] - expected_returns[i]) < 1e-15);
  CHECK(std::abs(product(returns) - 1 - dividends.at("result").at("total_return_reinvest_exdate_close").as_double()) <
        1e-14);
  CHECK(std::abs(closes.back() / closes.front() - 1 -
                 dividends.at("result").at("total_return_vendor_backadjusted").as_double()) < 1e-14);
}

TEST_CASE("a dividend lowers the closes before it by its part of the close before") {
  const auto closes = adjusted_closes(table_of({100, 98, 99}, {0, 2, 0}, {1, 1, 1}));
  CHECK(closes[0] == doctest::Approx(98));
  CHECK(closes[1] == 98);
  CHECK(closes[2] == 99);
}

TEST_CASE("a dividend on the day of a split is paid on the new shares") {
  const auto table = table_of({100, 49}, {0, 1}, {1, 2});
  CHECK(adjusted_closes(table)[0] == doctest::Approx(49));
  CHECK(total_returns(table)[0] == doctest::Approx(0).epsilon(1e-15));
}

TEST_CASE("a table that its source has adjusted is left alone") {
  const auto table = table_of({100, 49, 50}, {0, 1, 0}, {1, 2, 1}, PriceBasis::adjusted);
  CHECK(adjusted_closes(table) == std::vector<double>{100, 49, 50});
  CHECK(total_returns(table)[0] == doctest::Approx(-0.51));
}

TEST_CASE("a day without a price stays one, and events on it are not lost") {
  const auto table = table_of({100, no_value, 51}, {0, 1, 0}, {1, 2, 1});
  const auto closes = adjusted_closes(table);
  CHECK(closes[0] == doctest::Approx(50 * (1 - 2.0 / 100)));
  CHECK(std::isnan(closes[1]));
  CHECK(closes[2] == 51);
  const auto returns = total_returns(table);
  CHECK(std::isnan(returns[0]));
  CHECK(returns[1] == doctest::Approx((2 * 51 + 2) / 100.0 - 1));
}

TEST_CASE("a split changes no return: the same history told in other shares is the same history") {
  Random random(1);
  for (int repeat = 0; repeat < 500; ++repeat) {
    const History history = random_history(random, 60);
    // The same days with every share cut in `ratio` at `at`.
    const auto at = static_cast<std::size_t>(1 + random.below(58));
    const double ratio = static_cast<double>(2 + random.below(19));
    History cut = history;
    cut.splits[at] *= ratio;
    for (std::size_t i = at; i < cut.closes.size(); ++i) {
      cut.closes[i] /= ratio;
      cut.dividends[i] /= ratio;
    }
    const auto one = table_of(history.closes, history.dividends, history.splits);
    const auto two = table_of(cut.closes, cut.dividends, cut.splits);
    const auto returns_one = total_returns(one);
    const auto returns_two = total_returns(two);
    const auto closes_one = adjusted_closes(one);
    const auto closes_two = adjusted_closes(two);
    for (std::size_t i = 0; i < returns_one.size(); ++i) {
      REQUIRE(std::abs(returns_one[i] - returns_two[i]) < 1e-12);
      REQUIRE(closes_one[i + 1] / closes_one[i] == doctest::Approx(closes_two[i + 1] / closes_two[i]).epsilon(1e-12));
    }
  }
}

TEST_CASE("the last close is never changed, and without events nothing is") {
  Random random(2);
  for (int repeat = 0; repeat < 200; ++repeat) {
    History history = random_history(random, 40);
    CHECK(adjusted_closes(table_of(history.closes, history.dividends, history.splits)).back() == history.closes.back());
    history.dividends.assign(40, 0);
    history.splits.assign(40, 1);
    CHECK(adjusted_closes(table_of(history.closes, history.dividends, history.splits)) == history.closes);
  }
}

TEST_CASE("a frame has the days any table has, cut to the window, and NaN where one has none") {
  std::vector<Bar> first(3), second(2);
  for (int i = 0; i < 3; ++i) first[static_cast<std::size_t>(i)].date = day(i);
  first[0].close = 10, first[1].close = 11, first[2].close = 5.5, first[2].split_ratio = 2;
  second[0].date = day(1), second[1].date = day(3);
  second[0].close = 20, second[1].close = 21;
  const std::vector<BarTable> tables{BarTable::make(symbol("AAA"), first, PriceBasis::raw, "").value(),
                                     BarTable::make(symbol("BBB"), second, PriceBasis::raw, "").value(),
                                     BarTable::make(symbol("CCC"), {}, PriceBasis::raw, "").value()};
  const auto frame = adjusted_frame(tables, day(1), day(3));
  REQUIRE(frame);
  CHECK(frame->dates() == std::vector<Date>{day(1), day(2), day(3)});
  CHECK(frame->values()(0, 0) == 5.5);  // the later split is known
  CHECK(frame->values()(1, 0) == 5.5);
  CHECK(std::isnan(frame->values()(2, 0)));
  CHECK(frame->values()(0, 1) == 20);
  CHECK(std::isnan(frame->values()(1, 1)));
  CHECK(frame->values().col(2).array().isNaN().all());
  CHECK(adjusted_frame(tables, day(10), day(20))->rows() == 0);
}

TEST_CASE("a frame refuses a price that is not positive, and a dividend as large as the price") {
  const std::vector<BarTable> zero{table_of({10, 0, 10}, {0, 0, 0}, {1, 1, 1})};
  const auto refused = adjusted_frame(zero, day(0), day(2));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "adjusted close of AAA on " + day(1).to_string() + " is 0, must be positive");
  const std::vector<BarTable> dividend{table_of({10, 10}, {0, 10}, {1, 1})};
  CHECK_FALSE(adjusted_frame(dividend, day(0), day(1)));
}
