// The built analytic, asked through the contract.
#include <cmath>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/golden.hpp"
#include "support/plugin_under_test.hpp"

using namespace rebalancer;
using test::PluginUnderTest;

namespace {

struct Prices {
  std::vector<rb_date> dates;
  std::vector<std::string> symbols;
  Eigen::MatrixXd values;
};

// The answer, or the sentence of the refusal.
std::string ask(const Prices& prices, const std::string& request) {
  PluginUnderTest plugin("performance", {});
  std::vector<rb_str> symbols;
  for (const std::string& symbol : prices.symbols) symbols.push_back({symbol.data(), symbol.size()});
  const rb_frame frame{static_cast<std::uint64_t>(prices.values.rows()), symbols.size(), prices.dates.data(),
                       symbols.data(), prices.values.data()};
  std::string text;
  const auto take = [](void* ctx, rb_str answer) { *static_cast<std::string*>(ctx) = PluginUnderTest::copy(answer); };
  const auto code =
      plugin.api<rb_analytic>().run(plugin.instance(), &frame, {request.data(), request.size()}, take, &text);
  return code == RB_OK ? text : plugin.failure;
}

Prices small() {
  Prices prices{{20'000, 20'001, 20'002, 20'003}, {"A", "B"}, Eigen::MatrixXd(4, 2)};
  prices.values << 100, 50, 110, 50, 99, 50, 121, 50;
  return prices;
}

bool near(const boost::json::value& value, double expected) {
  return value.is_number() && std::abs(value.to_number<double>() - expected) <= 1e-12;
}

}  // namespace

TEST_CASE("a series small enough to check by hand") {
  const boost::json::value answer = boost::json::parse(ask(small(), R"({"weights": {"A": 1}, "periods_per_year": 3})"));
  CHECK(near(answer.at("total_return"), 0.21));
  CHECK(near(answer.at("cagr"), 0.21));
  CHECK(near(answer.at("max_drawdown").at("depth"), -0.1));
  CHECK(answer.at("max_drawdown").at("peak") == "2024-10-05");
  CHECK(answer.at("max_drawdown").at("trough") == "2024-10-06");
  CHECK(answer.at("max_drawdown").at("recovery") == "2024-10-07");
  CHECK(near(answer.at("calmar_ratio"), 2.1));
  CHECK(answer.at("days") == 3);
  CHECK(answer.at("absent").as_object().empty());
}

TEST_CASE("a figure without meaning is null, with its reason") {
  const boost::json::value answer = boost::json::parse(ask(small(), R"({"weights": {"B": 1}, "risk_free": 0})"));
  for (const char* name : {"sharpe_ratio", "sortino_ratio", "max_drawdown", "calmar_ratio"}) {
    CAPTURE(name);
    CHECK(answer.at(name).is_null());
    CHECK(answer.at("absent").as_object().contains(name));
  }
  CHECK(answer.at("absent").at("sharpe_ratio") == "volatility is zero");
  CHECK(near(answer.at("volatility"), 0));
}

TEST_CASE("a symbol without weight costs no days") {
  Prices prices = small();
  prices.values.col(1).setConstant(std::nan(""));
  CHECK(boost::json::parse(ask(prices, R"({"weights": {"A": 1, "B": 0}})")).at("days") == 3);
}

TEST_CASE("a request that makes no sense is refused with the reason") {
  CHECK(ask(small(), "[]") == "the request must be a JSON object");
  CHECK(ask(small(), "{}") == "weights must be an object");
  CHECK(ask(small(), R"({"weights": {"A": 0.5}})") == "weights sum to 0.5, must sum to 1");
  CHECK(ask(small(), R"({"weights": {"A": 0.5, "Z": 0.5}})") == "Z has a weight, but no prices");
  CHECK(ask(small(), R"({"weights": {"A": 1}, "rebalance": "yearly"})") == "rebalance must be daily or monthly");
  CHECK(ask(small(), R"({"weights": {"A": 1}, "rebalanse": "daily"})") ==
        "the request has an unknown member rebalanse");
}

TEST_CASE("the figures agree with the independent reference") {
  const auto golden = test::golden();
  const auto frame = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !frame) return;
  Prices prices;
  for (const Date date : frame->dates()) prices.dates.push_back(date.days());
  for (const Symbol& symbol : frame->symbols()) prices.symbols.push_back(symbol.str());
  prices.values = frame->values();
  const auto& wanted = golden->at("datasets").at("dev20").at("performance");
  boost::json::object weights;
  for (std::size_t i = 0; i < prices.symbols.size(); ++i) weights[prices.symbols[i]] = wanted.at("weights").at(i);
  for (const auto& [rebalance, key] :
       {std::pair{"daily", "daily_rebalanced"}, {"monthly", "monthly_rebalanced_no_cost"}}) {
    CAPTURE(key);
    const boost::json::object request{{"weights", weights}, {"rebalance", rebalance}, {"risk_free", 0.02}};
    const boost::json::value answer = boost::json::parse(ask(prices, boost::json::serialize(request)));
    const auto& expected = wanted.at(key);
    CHECK(near(answer.at("total_return"), test::number(expected.at("total_return"))));
    CHECK(near(answer.at("cagr"), test::number(expected.at("cagr_252"))));
    CHECK(near(answer.at("volatility"), test::number(expected.at("ann_vol"))));
    CHECK(near(answer.at("sharpe_ratio"), test::number(expected.at("sharpe_rf"))));
    CHECK(near(answer.at("sortino_ratio"), test::number(expected.at("sortino_marrf"))));
    CHECK(near(answer.at("calmar_ratio"), test::number(expected.at("calmar"))));
    const auto& drawdown = answer.at("max_drawdown");
    CHECK(near(drawdown.at("depth"), test::number(expected.at("max_drawdown").at("depth"))));
    for (const char* date : {"peak", "trough", "recovery"}) {
      CHECK(drawdown.at(date) == expected.at("max_drawdown").at(date));
    }
  }
}
