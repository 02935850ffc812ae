#include "app/optimize_text.hpp"

#include <sstream>

#include <doctest/doctest.h>

using namespace rebalancer;
using namespace rebalancer::app;

namespace {

Symbol symbol(const char* text) { return Symbol::parse(text).value(); }

PriceFrame prices_of(std::vector<Symbol> symbols, double price) {
  const auto columns = static_cast<Eigen::Index>(symbols.size());
  return PriceFrame::make({Date::parse("2024-01-02").value(), Date::parse("2024-01-03").value()}, std::move(symbols),
                          Eigen::MatrixXd::Constant(2, columns, price))
      .value();
}

}  // namespace

TEST_CASE("a report is told in words, as far as it has them") {
  CHECK(explained(R"({"estimates": {"risk_model": "oas", "expected_returns": "arithmetic", "days": 895,
                      "days_dropped": 3, "shrinkage": 0.125},
                      "effective_positions": 3.0833,
                      "binding": [{"constraint": "turnover_max 0.3", "price": 1.4567}, {"constraint": "XOM >= 0", "price": 0.742}],
                      "sensitivity": {"symbols_tried": 20, "most_symbol": "JPM", "most_moved": 0.37684, "moved": 0.2212}})") ==
        "estimates: risk model oas, expected returns arithmetic, 895 days (3 left out), shrunk by 12.5%\n"
        "effective number of positions: 3.08\n"
        "binds: turnover_max 0.3             worth 1.46 per 1.00 of it\n"
        "       XOM >= 0                     worth 0.742 per 1.00 of it\n"
        "if one expected return is a standard error higher, 22.1% of the portfolio moves\n"
        "  (root mean square of 20 symbols); 37.7% if it is that of JPM\n");
  CHECK(explained(R"({"estimates": {"risk_model": "sample", "shrinkage": null, "expected_returns": null}})") ==
        "estimates: risk model sample, expected returns none\n");
  for (const char* nothing :
       {"{}", "", "[1]", "null", R"({"binding": 3, "estimates": [], "sensitivity": {"moved": 1}})",
        R"({"binding": [1, {"constraint": 2}]})"}) {
    CAPTURE(nothing);
    CHECK(explained(nothing) == "");
  }
}

TEST_CASE("of many binding constraints the first eight are shown, and the others counted") {
  std::string list;
  for (int i = 0; i < 11; ++i)
    list += fmt::format(R"({}{{"constraint": "S{} >= 0", "price": 1}})", i == 0 ? "" : ",", i);
  const std::string text = explained(R"({"binding": [)" + list + "]}");
  CHECK(text.find("S7 >= 0") != std::string::npos);
  CHECK(text.find("S8 >= 0") == std::string::npos);
  CHECK(text.ends_with("       and 3 more\n"));
}

TEST_CASE("a sum of money becomes whole shares, with the proof and within 80 columns") {
  const PriceFrame prices = prices_of({symbol("AAA"), symbol("BBB")}, 30);
  const Weights weights = Weights::make({{symbol("AAA"), 0.6}, {symbol("BBB"), 0.4}}).value();
  const auto book = read_shares(Decimal::whole(1000), prices, weights);
  REQUIRE(book);
  CHECK(book->shares == std::vector<std::int64_t>{20, 13});
  CHECK(book->is_proven());
  CHECK(shares_text(prices, *book) ==
        "whole shares: 20 AAA, 13 BBB\n"
        "  $10.00 left over; off the targets by $20.00 in all, proven to be the least\n"
        "  (greedy rounding: $20.00)\n");
  CHECK(shares_json(prices, *book) ==
        R"({"shares":{"AAA":20,"BBB":13},"leftover":"10","objective":"20","bound":"20","proven":true,)"
        R"("greedy_objective":"20"})");

  const Weights one = Weights::make({{symbol("AAA"), 1}}).value();
  CHECK(shares_text(prices, read_shares(Decimal::whole(20), prices, one).value()).starts_with("whole shares: none\n"));
  const Weights with_short = Weights::make({{symbol("AAA"), 1.5}, {symbol("BBB"), -0.5}}).value();
  CHECK(read_shares(Decimal::whole(1000), prices, with_short).error().message ==
        "BBB has a weight of -0.5: a book of whole shares is long only");

  std::vector<Symbol> many;
  std::vector<Weight> equal;
  for (char first = 'A'; first <= 'Y'; ++first) {
    many.push_back(symbol((std::string("LONG") + first).c_str()));
    equal.push_back({many.back(), 0.04});
  }
  const PriceFrame wide = prices_of(many, 40);
  const std::string text =
      shares_text(wide, read_shares(Decimal::whole(1'000'000), wide, Weights::make(equal).value()).value());
  CAPTURE(text);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
  CHECK(text.starts_with("whole shares: 1000 LONGA, 1000 LONGB,"));
  CHECK(text.find("LONGY\n") != std::string::npos);
}
