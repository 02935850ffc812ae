// Limits, costs and the benchmark as `optimize --prices` takes them, and what a run does with a configuration of them.
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <doctest/doctest.h>

#include "end_to_end/rebalancer_process.hpp"
#include "support/reference.hpp"

using namespace rebalancer::test;

namespace {

using Options = std::vector<std::string>;

struct Fixture {
  TemporaryDirectory directory;
  std::optional<std::filesystem::path> prices = reference_file("golden/data/dev20_prices.csv");
  std::vector<std::string> symbols;

  Fixture() {
    if (!prices) return;
    std::ifstream file(*prices);
    std::string line, benchmark = "date,MARKET\n";
    std::getline(file, line);
    std::istringstream head(line.substr(line.find(',') + 1));
    for (std::string symbol; std::getline(head, symbol, ',');) symbols.push_back(symbol);
    while (std::getline(file, line)) {  // the first symbol's prices are the market
      const auto comma = line.find(',');
      benchmark += line.substr(0, line.find(',', comma + 1)) + "\n";
    }
    directory.write("market.csv", benchmark);
    const auto second = benchmark.find('\n', benchmark.find('\n') + 1), third = benchmark.find('\n', second + 1);
    directory.write("gap.csv", benchmark.erase(second, third - second));
  }

  [[nodiscard]] ProcessResult run(Options options, bool json = true) const {
    options.insert(options.begin(), {"optimize", "--prices", prices->string()});
    if (json) options.push_back("--json");
    return run_binary(directory, options);
  }
  [[nodiscard]] std::map<std::string, double> weights(const Options& options) const {
    const auto done = run(options);
    REQUIRE_MESSAGE(done.exit_code == 0, done.err);
    std::map<std::string, double> out;
    const auto answer = json_of(done);
    for (const auto& [symbol, weight] : at(answer, "/weights").as_object()) {
      out[std::string(symbol)] = weight.to_number<double>();
    }
    return out;
  }
  [[nodiscard]] std::string equal_weights() const {
    std::string text;
    for (const std::string& symbol : symbols) text += (text.empty() ? "" : ",") + symbol + "=0.05";
    return text;
  }
  [[nodiscard]] std::string refusal(const Options& options, int exit_code) const {
    const auto done = run(options, false);
    CHECK(done.exit_code == exit_code);
    return done.err;
  }
};

double gross(const std::map<std::string, double>& weights) {
  double sum = 0;
  for (const auto& [symbol, weight] : weights) sum += std::abs(weight);
  return sum;
}

double apart(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
  double most = 0;
  for (const auto& [symbol, weight] : a) most = std::max(most, std::abs(weight - b.at(symbol)));
  return most;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "every limit of the command line binds where it says") {
  if (!prices) return;
  const auto free = weights({});
  const auto bounded = weights({"--bounds", "AMZN=0.1..0.2", "--bounds", "XOM=5%..40%"});
  CHECK(free.at("AMZN") > 0.45);
  CHECK(std::abs(bounded.at("AMZN") - 0.2) < 1e-9);
  CHECK(std::abs(bounded.at("XOM") - 0.05) < 1e-9);

  const auto grouped =
      weights({"--label", "sector:tech=AMZN,AMD", "--group", "tech <= 25%", "--group", "JPM + MA = 20%"});
  CHECK(std::abs(grouped.at("AMZN") + grouped.at("AMD") - 0.25) < 1e-9);
  CHECK(std::abs(grouped.at("JPM") + grouped.at("MA") - 0.2) < 1e-9);

  const auto few = weights({"--position-min", "7%", "--positions-max", "4"});
  int held = 0;
  for (const auto& [symbol, weight] : few) {
    CHECK((std::abs(weight) < 1e-9 || weight > 0.07 - 1e-9));
    held += weight > 1e-9 ? 1 : 0;
  }
  CHECK(held <= 4);

  const auto with_short = weights({"--min-weight", "-0.1", "--gross-max", "1.3"});
  CHECK(std::abs(gross(with_short) - 1.3) < 1e-9);

  auto traded = weights({"--current", equal_weights(), "--turnover-max", "30%"});
  for (auto& [symbol, weight] : traded) weight -= 0.05;
  CHECK(std::abs(gross(traded) - 0.3) < 1e-9);
  // A cost no improvement pays for: nothing moves.
  const auto held_still = weights({"--strategy", "min_variance", "--current", equal_weights(), "--cost-bps", "1000"});
  for (const auto& [symbol, weight] : held_still) CHECK(std::abs(weight - 0.05) < 1e-9);

  const auto tracking = run({"--strategy", "min_variance", "--benchmark", "market.csv", "--tracking-error-max", "5%"});
  REQUIRE_MESSAGE(tracking.exit_code == 0, tracking.err);
  CHECK(std::abs(number_at(json_of(tracking), "/report/tracking_error") - 0.05) < 1e-9);
}

TEST_CASE_FIXTURE(Fixture, "the decay of ewma has two names") {
  if (!prices) return;
  const Options model{"--strategy", "min_variance", "--risk-model", "ewma"};
  auto by_option = model, by_parameter = model;
  by_option.insert(by_option.end(), {"--ewma-decay", "0.97"});
  by_parameter.insert(by_parameter.end(), {"--param", "lambda=0.97"});
  CHECK(apart(weights(by_option), weights(by_parameter)) == 0);
  CHECK(apart(weights(by_option), weights(model)) > 1e-3);
  by_parameter.back() = "lambda=7";
  CHECK(refusal(by_parameter, 2) == "error: --param lambda is \"7\", must be between 0.5 and 0.9999\n");
  CHECK(refusal({"--param", "lambda=0.97"}, 2).find("unknown key \"lambda\"") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "an option that lacks another, or means nothing, is refused with its name") {
  if (!prices) return;
  CHECK(refusal({"--tracking-error-max", "3%"}, 2) == "error: --tracking-error-max needs --benchmark\n");
  CHECK(refusal({"--expected-returns", "capm"}, 2) == "error: --expected-returns capm needs --benchmark\n");
  CHECK(refusal({"--risk-model", "single_index"}, 2) == "error: --risk-model single_index needs --benchmark\n");
  CHECK(refusal({"--turnover-max", "30%"}, 2) == "error: --turnover-max needs --current, the weights held now\n");
  CHECK(refusal({"--gross-max", "90%"}, 2).find("must be between 100% and ") != std::string::npos);
  CHECK(refusal({"--group", "tech < 25%"}, 2).find("--group \"tech < 25%\" must read like") != std::string::npos);
  CHECK(refusal({"--label", "sector:tech=AMZN", "--group", "tehc >= 5%"}, 4).find("did you mean tech?") !=
        std::string::npos);
  CHECK(refusal({"--bounds", "AMZN"}, 2).find("must read like AAPL=10%..40%") != std::string::npos);
  CHECK(refusal({"--label", "tech"}, 2).find("must read like tech=AAPL,MSFT") != std::string::npos);
  const auto gap = refusal({"--benchmark", "gap.csv", "--expected-returns", "capm"}, 4);
  CHECK_MESSAGE(gap.find("gap.csv has no price on ") != std::string::npos, gap);
  CHECK(refusal({"--benchmark", prices->string()}, 4).find("has 20 symbols, a benchmark is one") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "the answer explains itself, and becomes a book of whole shares for a sum of money") {
  if (!prices) return;
  const auto told = run({"--money", "$100,000"}, false);
  REQUIRE_MESSAGE(told.exit_code == 0, told.err);
  CAPTURE(told.out);
  for (const char* part : {"estimates: risk model sample, expected returns arithmetic, 895 days\n",
                           "effective number of positions: 3.08\n", "binds: ", " worth ", "if one expected return is",
                           "whole shares: ", "proven to be the least", "greedy rounding: $"}) {
    CAPTURE(part);
    CHECK(told.out.find(part) != std::string::npos);
  }
  const auto answer = run({"--money", "100000"});
  REQUIRE(answer.exit_code == 0);
  CHECK(at(json_of(answer), "/whole_shares/proven").as_bool());
  CHECK(at(json_of(answer), "/whole_shares/shares").as_object().size() == 20);
}

TEST_CASE(
    "a run of a configuration with every limit decides, is verified and replayed; one that wants to sell short holds") {
  const TemporaryDirectory directory;
  const std::string base = R"(mode: paper
portfolio:
  tickers: [SPY, QQQ, VTI, VXUS, BND]
  classes: {BND: bond}
  labels: {region: {SPY: us, QQQ: us, VTI: us}}
  investor: {age: 45}
  %BENCHMARK%
provider: {use: simulated, seed: 8}
store: {path: prices.db}
journal: {path: journal.db}
broker: {use: paper, cash: $100000}
)";
  const auto with = [&](std::string benchmark, const std::string& more) {
    std::string text = base;
    text.replace(text.find("%BENCHMARK%"), 11, benchmark);
    directory.write("config.yaml", text + more);
  };
  with("", R"(strategy:
  use: min_variance
  risk_model: ewma
  ewma_decay: 0.97
  trading_cost: 10bp
  trading_cost_quadratic: 0.01
  glide_path: true
  glide_path_curve: {0: 20%, 30: 90%}
  glide_path_date: 2050-01-01
constraints: {groups: ["region:us <= 60%"], position_min: 2%, positions_max: 4, gross_max: 100%}
)");
  const auto done = run_binary(directory, {"run", "--as-of", "2026-03-02", "--json"});
  REQUIRE_MESSAGE(done.exit_code == 0, done.err);
  const auto report = json_of(done);
  CHECK(text_at(report, "/outcome") == "traded");
  double us = 0, bonds = 0;
  for (const auto& [symbol, weight] : at(report, "/weights").as_object()) {
    const double fraction = weight.to_number<double>();
    if (symbol == "SPY" || symbol == "QQQ" || symbol == "VTI") us += fraction;
    if (symbol == "BND") bonds += fraction;
  }
  CHECK(us <= 0.6 + 1e-9);
  // Some 23.8 years are left: 20% + 23.8 / 30 * 70% grows, 80% of the rest is bonds.
  const double years = 8706 / 365.25;
  CHECK(std::abs(bonds - 0.8 * (1 - (0.2 + years / 30 * 0.7))) < 1e-6);
  const std::string id = text_at(report, "/decision");
  CHECK(run_binary(directory, {"replay", id.substr(0, 8)}).exit_code == 0);
  CHECK(run_binary(directory, {"verify", id.substr(0, 8)}).exit_code == 0);

  with("benchmark: SPY",
       "strategy: {use: min_variance, expected_returns: capm}\nconstraints: {tracking_error_max: 2%}\n");
  const auto follows = run_binary(directory, {"optimize", "--to", "2026-03-02", "--json"});
  REQUIRE_MESSAGE(follows.exit_code == 0, follows.err);
  CHECK(std::abs(number_at(json_of(follows), "/report/tracking_error") - 0.02) < 1e-9);

  with("benchmark: SPY", "strategy: {use: min_variance}\nconstraints: {min_weight: -20%, gross_max: 160%}\n");
  const auto sells = run_binary(directory, {"run", "--as-of", "2026-03-03", "--json"});
  CHECK(sells.exit_code == 4);
  CHECK(text_at(json_of(sells), "/outcome") == "held");
  CHECK(text_at(json_of(sells), "/reason").find("short positions are not planned") != std::string::npos);
  CHECK(at(json_of(sells), "/orders").as_array().empty());
}
