// The frontier as JSON, as text and as SVG.
#include "services/frontier.hpp"

#include <cmath>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "services/frontier_plot.hpp"

using namespace rebalancer;

namespace {

PriceFrame prices_of(std::size_t count, double drift = 0.0006) {
  Random random(11);
  std::vector<Date> dates;
  std::vector<Symbol> symbols;
  const Date first = Date::parse("2025-01-01").value();
  for (int day = 0; day < 200; ++day) dates.push_back(first.plus_days(day));
  Eigen::MatrixXd values(200, static_cast<Eigen::Index>(count));
  for (std::size_t i = 0; i < count; ++i) {
    symbols.push_back(Symbol::parse("S" + std::to_string(i)).value());
    double price = 100;
    for (int day = 0; day < 200; ++day) {
      price *= 1 + drift * (1 + 0.5 * static_cast<double>(i)) + 0.01 * random.normal();
      values(day, static_cast<Eigen::Index>(i)) = price;
    }
  }
  return PriceFrame::make(dates, symbols, values).value();
}

int width_in_columns(std::string_view line) {
  int width = 0;
  for (const char c : line) width += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return width;
}

}  // namespace

TEST_CASE("the frontier has its corners, evenly spaced points and the tangency, in text, SVG and JSON") {
  const PriceFrame prices = prices_of(5);
  OptimizerSettings settings;
  settings.weight_max = 0.5;
  const auto frontier = frontier_of(prices, settings, 11, prices.dates().back());
  REQUIRE(frontier);
  REQUIRE(frontier->points.size() == 11);
  const double step = frontier->points[1].expected_return - frontier->points[0].expected_return;
  for (std::size_t i = 1; i < 11; ++i) {
    CHECK(frontier->points[i].expected_return - frontier->points[i - 1].expected_return ==
          doctest::Approx(step).epsilon(1e-9));
    CHECK(frontier->points[i].volatility >= frontier->points[i - 1].volatility);
  }
  REQUIRE(frontier->tangency);
  for (const CornerPortfolio& corner : frontier->corners) {
    CHECK(corner.weights.maxCoeff() <= 0.5 + 1e-12);
    CHECK((corner.expected_return - 0.02) / corner.volatility <=
          (frontier->tangency->expected_return - 0.02) / frontier->tangency->volatility + 1e-12);
  }
  const auto json = boost::json::parse(frontier_json(*frontier)).as_object();
  CHECK(json.at("corner_portfolios").as_array().size() == frontier->corners.size());
  CHECK(json.at("corner_portfolios").as_array()[0].at("lambda").is_null());
  CHECK(json.at("points").as_array().size() == 11);
  CHECK(json.at("tangency").at("weights").as_object().size() == 5);

  const std::string text = frontier_text(*frontier, 80, 18);
  std::size_t from = 0;
  int lines = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; from = end + 1, end = text.find('\n', from)) {
    if (++lines <= 21) CHECK(width_in_columns(text.substr(from, end - from)) <= 80);
  }
  CHECK(text.find("minimum variance") != std::string::npos);
  CHECK(text.find("highest Sharpe ratio") != std::string::npos);
  const std::string svg = frontier_svg(*frontier);
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("script") == std::string::npos);
  // What does not fit into the picture is counted, not forgotten.
  int shown = 0;
  for (const Symbol& symbol : prices.symbols()) shown += svg.find(">" + symbol.str() + "<") != std::string::npos;
  CHECK(shown >= 2);
  const std::string outside = "(" + std::to_string(5 - shown) + " of 5 lie outside)";
  CHECK((text.find(outside) != std::string::npos) == (shown < 5));
}

TEST_CASE("the drawn curve is the frontier: every point of it lies on the parabolas between the corners") {
  const PriceFrame prices = prices_of(8);
  const auto frontier = frontier_of(prices, {}, 200, prices.dates().back());
  REQUIRE(frontier);
  for (const CornerPortfolio& point : frontier->points) {
    for (std::size_t i = frontier->corners.size() - 1; i > 0; --i) {
      const CornerPortfolio& low = frontier->corners[i];
      const CornerPortfolio& high = frontier->corners[i - 1];
      if (point.expected_return < low.expected_return || point.expected_return > high.expected_return) continue;
      const double up = point.expected_return - low.expected_return, rise = high.expected_return - low.expected_return;
      const double variance =
          low.volatility * low.volatility + 2 * low.lambda * up + (high.lambda_low - low.lambda) / rise * up * up;
      CHECK(std::sqrt(variance) == doctest::Approx(point.volatility).epsilon(1e-9));
    }
  }
}

TEST_CASE("a frontier of one portfolio, or without a tangency, is drawn all the same") {
  const PriceFrame one = prices_of(1);
  const auto alone = frontier_of(one, {}, 2, one.dates().back());
  REQUIRE(alone);
  CHECK(alone->corners.size() == 1);
  CHECK(frontier_svg(*alone).find("nan") == std::string::npos);
  CHECK(frontier_text(*alone, 80, 12).find("M") != std::string::npos);
  const PriceFrame falling = prices_of(3, -0.004);
  const auto without = frontier_of(falling, {}, 5, falling.dates().back());
  REQUIRE(without);
  CHECK(!without->tangency);
  CHECK(boost::json::parse(frontier_json(*without)).at("tangency").is_null());
  CHECK(frontier_text(*without, 80, 12).find("not above the risk-free rate") != std::string::npos);
  CHECK(frontier_svg(*without).find("Sharpe") == std::string::npos);
}
