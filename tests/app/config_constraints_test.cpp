// What a configuration says about labels, limits, costs, the benchmark and the glide path, and what it may not say.
#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "app/config_show.hpp"
#include "app/config_support.hpp"

using namespace rebalancer;
using namespace rebalancer::app;
using rebalancer::app::test::load;
using rebalancer::app::test::problems_of;

namespace {

constexpr char tickers[] =
    "provider: {use: simulated}\nportfolio:\n  tickers: [AAPL, MSFT, XOM, BND]\n  classes: {BND: bond}\n";

Symbol symbol(const char* text) { return Symbol::parse(text).value(); }
std::string after(const std::string& lines) { return problems_of(tickers + lines); }
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("labels are given by kind or by symbol, and are the same labels") {
  const auto by_kind =
      load(std::string(tickers) +
           "  labels:\n    sector: {AAPL: tech, MSFT: tech, XOM: energy}\n    issuer: {AAPL: apple}\n");
  REQUIRE(by_kind);
  CHECK(by_kind->optimizer.labels.at(symbol("AAPL")) == Texts{"sector:tech", "issuer:apple"});
  CHECK(by_kind->optimizer.labels.at(symbol("XOM")) == Texts{"sector:energy"});
  CHECK_FALSE(by_kind->optimizer.labels.contains(symbol("BND")));
  const auto by_symbol =
      load(std::string(tickers) +
           "  labels: {AAPL: \"sector:tech, issuer:apple\", MSFT: sector:tech, XOM: sector:energy}\n");
  REQUIRE(by_symbol);
  CHECK(by_symbol->optimizer.labels == by_kind->optimizer.labels);
  CHECK(config_json(*by_symbol) == config_json(*by_kind));

  CHECK(after("  labels: {sector: {AAPL: [tech]}}") ==
        "config.yaml:5:27: portfolio.labels.sector.AAPL is a list, must be labels such as \"tech, issuer:apple\"");
  CHECK(after("  labels: {sector: {AAPL: issuer:apple}}") ==
        "config.yaml:5:27: portfolio.labels.sector.AAPL is \"issuer:apple\", must be a label without a kind, sector is "
        "it");
  CHECK(after("  labels: {class: {AAPL: tech}}").find("class and symbol are taken") != std::string::npos);
  CHECK(after("  labels: {sector: {APL: tech}}") ==
        "config.yaml:5:26: portfolio.labels.sector names APL, which is not in portfolio.tickers; did you mean AAPL?");
}

TEST_CASE("a limit that nobody can mean is refused with its line, and told what there is") {
  const std::string labels = "  labels: {sector: {AAPL: tech, MSFT: tech, XOM: energy}, region: {AAPL: us, XOM: us}}\n";
  CHECK(after(labels + "constraints: {groups: [\"tech + energy <= 80%\", \"AAPL + MSFT <= 50%\", \"bond >= 5%\", "
                       "\"sector:tech <= 60%\", \"class:equity <= 95%\"]}") == "good");
  CHECK(
      after(labels + "constraints:\n  groups:\n    - tech <= 60%\n    - enrgy <= 20%\n") ==
      "config.yaml:9:7: constraints.groups[1] is \"enrgy <= 20%\": no symbol is of class enrgy; did you mean energy?");
  CHECK(after(labels + "constraints: {groups: [\"tech + enrgy <= 20%\"]}").find("did you mean energy?") !=
        std::string::npos);
  // The same word under two kinds, of different symbols.
  const std::string twice = "  labels: {sector: {AAPL: growth}, style: {AAPL: growth, MSFT: growth}}\n";
  const std::string unclear = after(twice + "constraints: {groups: [\"growth <= 60%\"]}");
  CHECK(unclear.starts_with("config.yaml:6:24: constraints.groups[0] is \"growth <= 60%\": growth may be "));
  CHECK(unclear.find("sector:growth or style:growth") != std::string::npos);
  CHECK(after(twice + "constraints: {groups: [\"style:growth <= 60%\"]}") == "good");
  // Of the same symbols, there is nothing to tell apart.
  CHECK(
      after("  labels: {sector: {AAPL: growth}, style: {AAPL: growth}}\nconstraints: {groups: [\"growth <= 60%\"]}") ==
      "good");
}

TEST_CASE("limits on the book, costs and the estimates are read with their units, and have the promised defaults") {
  const auto silent = load(tickers);
  REQUIRE(silent);
  CHECK(silent->optimizer.cost_rate == 0.0005);
  CHECK(silent->optimizer.cost_quadratic == 0);
  CHECK(silent->optimizer.ewma_decay == 0.94);
  CHECK_FALSE(silent->optimizer.turnover_max);
  CHECK_FALSE(silent->optimizer.gross_max);
  CHECK_FALSE(silent->optimizer.tracking_error_max);
  CHECK(silent->optimizer.position_min == 0);
  CHECK(silent->optimizer.positions_max == 0);

  const auto config = load(std::string(tickers) + R"(  benchmark: {AAPL: 60%, BND: 40%}
strategy: {risk_model: single_index, ewma_decay: 0.97, trading_cost: 10bp, trading_cost_quadratic: 0.02}
constraints: {turnover_max: 30%, gross_max: 160%, min_weight: -30%, tracking_error_max: 4%, position_min: 2%,
              positions_max: 3, groups: ["AAPL + MSFT <= 25%"]}
)");
  REQUIRE(config);
  const OptimizerSettings& settings = config->optimizer;
  CHECK(settings.benchmark == std::map<Symbol, double>{{symbol("AAPL"), 0.6}, {symbol("BND"), 0.4}});
  CHECK(settings.ewma_decay == 0.97);
  CHECK(settings.cost_rate == 0.001);
  CHECK(settings.cost_quadratic == 0.02);
  CHECK(settings.turnover_max == 0.3);
  CHECK(settings.gross_max == 1.6);
  CHECK(settings.weight_min == -0.3);
  CHECK(settings.tracking_error_max == 0.04);
  CHECK(settings.position_min == 0.02);
  CHECK(settings.positions_max == 3);
  CHECK(settings.class_limits.at(0).lower == -1.6);  // a short position in both is within "at most 25%"
  REQUIRE(config->notices.size() == 1);
  CHECK(config->notices[0].find("short positions are not planned") != std::string::npos);
  const auto again = load(config_yaml(*config, false));
  REQUIRE(again);
  CHECK(config_json(*again) == config_json(*config));
  CHECK_NOTHROW((void)boost::json::parse(config_json(*config)));
}

TEST_CASE("the benchmark is one of the tickers, or weights of them that sum to 100%") {
  const std::map<Symbol, double> whole{{symbol("XOM"), 1.0}};
  const auto config = load(std::string(tickers) + "  benchmark: XOM\n");
  REQUIRE(config);
  CHECK(config->optimizer.benchmark == whole);
  CHECK(load(config_yaml(*config, false))->optimizer.benchmark == whole);
  CHECK(load(tickers, {{"REBALANCER_PORTFOLIO_BENCHMARK", "XOM"}})->optimizer.benchmark == whole);
  CHECK(load(tickers, {}, {{"portfolio.benchmark", "AAPL=50%,XOM=50%"}})->optimizer.benchmark.size() == 2);
  CHECK(after("  benchmark: SPY") ==
        "config.yaml:5:14: portfolio.benchmark names SPY, which is not in portfolio.tickers");
  CHECK(after("  benchmark: xom").find("did you mean \"XOM\"?") != std::string::npos);
  CHECK(after("  benchmark: [XOM]").find("must be one symbol, or a map from symbols to fractions") !=
        std::string::npos);
  CHECK(after("  benchmark: {AAPL: 60%, BND: 30%}") ==
        "config.yaml:5:3: the weights of portfolio.benchmark sum to 90%, must be 100%");
  CHECK(after("constraints: {tracking_error_max: 4%}") ==
        "config.yaml:5:35: constraints.tracking_error_max needs portfolio.benchmark");
  CHECK(after("strategy: {risk_model: single_index}") ==
        "config.yaml:5:24: strategy.risk_model single_index needs portfolio.benchmark");
  CHECK(after("strategy: {expected_returns: capm}") ==
        "config.yaml:5:30: strategy.expected_returns capm needs portfolio.benchmark");
}

TEST_CASE("short positions are for whoever asks for them and says how much") {
  CHECK(after("constraints: {min_weight: -10%}")
            .starts_with("config.yaml:5:27: constraints.min_weight is -10%: weights "
                         "below 0% need constraints.gross_max"));
  CHECK(after("constraints: {bounds: {XOM: -10%..20%}}").find("need constraints.gross_max") != std::string::npos);
  CHECK(after("constraints: {bounds: {XOM: -10%..20%}, gross_max: 120%}") == "good");
  CHECK(after("constraints: {gross_max: 90%}").find("must be between 100% and 1000%") != std::string::npos);
  CHECK(after("constraints: {min_weight: -150%, gross_max: 300%}").find("must be between -100% and 100%") !=
        std::string::npos);
}

TEST_CASE("a glide path of one's own is over age, or over the years to a date") {
  const std::string age = "  investor: {age: 50}\n";
  const auto config =
      load(tickers + age + "strategy: {glide_path: true, glide_path_curve: {45: 70%, 25: 90%, 65: 40%}}\n");
  REQUIRE(config);
  const std::vector<std::pair<double, double>> curve{{25, 0.9}, {45, 0.7}, {65, 0.4}};
  CHECK(config->optimizer.glide_curve == curve);
  CHECK(config->age_on(Date::parse("2026-06-30").value()) == 50.0);
  CHECK(load(config_yaml(*config, false))->optimizer.glide_curve == curve);
  CHECK(load(tickers + age + "strategy: {glide_path: true}\n", {},
             {{"strategy.glide_path_curve", "25=90%,45=70%,65=40%"}})
            ->optimizer.glide_curve == curve);

  const std::string to_date =
      "strategy: {glide_path: true, glide_path_curve: {0: 20%, 30: 90%}, glide_path_date: 2055-01-01}\n";
  const auto dated = load(tickers + to_date);  // no age is needed
  REQUIRE(dated);
  CHECK(dated->age_on(Date::parse("2025-01-01").value()).value() == doctest::Approx(30).epsilon(1e-4));
  CHECK(dated->age_on(Date::parse("2055-01-01").value()) == 0.0);
  CHECK(dated->age_on(Date::parse("2060-01-01").value()) == 0.0);

  CHECK(after("strategy: {glide_path: true, glide_path_curve: {25: 90%}}")
            .find("needs portfolio.investor.age or portfolio.investor.birth_date") != std::string::npos);
  CHECK(after(age + "strategy: {glide_path_curve: {25: 90%}}") ==
        "config.yaml:6:12: strategy.glide_path_curve needs strategy.glide_path: true");
  CHECK(after(age + "strategy: {glide_path: true, glide_path_date: 2055-01-01}") ==
        "config.yaml:6:47: strategy.glide_path_date needs strategy.glide_path_curve, in years to that day");
  CHECK(after(age + "strategy: {glide_path: true, glide_path_curve: {young: 90%}}").find("\"young\"") !=
        std::string::npos);
  CHECK(after(age + "strategy: {glide_path: true, glide_path_curve: {25: 90}}").find("did you mean 90%?") !=
        std::string::npos);
  CHECK(after(age + "strategy: {glide_path: true, glide_path_curve: {25: 90%, 25.0: 80%}}")
            .find("strategy.glide_path_curve: ") != std::string::npos);
}
