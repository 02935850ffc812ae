// A built strategy, asked through the contract with everything the contract can say.
#pragma once
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/golden.hpp"
#include "support/plugin_under_test.hpp"

namespace rebalancer::test {

struct StrategyAnswer {
  std::int32_t code = RB_OK;
  std::vector<double> weights;
  double objective = 0, kkt_residual = 0, duality_gap = 0, max_violation = 0;
  std::string report;  // or why it refused
};

struct StrategyQuestion {
  std::vector<rb_date> dates;
  std::vector<std::string> symbols;
  Eigen::MatrixXd values;
  double lower = 0, upper = 1, risk_free_rate = 0.02;
  std::vector<double> current = {}, benchmark = {};  // empty: not known
  double cost_rate = 0, cost_quadratic = 0;
  double tracking_error_max = std::numeric_limits<double>::infinity();
  double turnover_max = std::numeric_limits<double>::infinity();
  double gross_max = std::numeric_limits<double>::infinity();
  double position_min = 0;
  std::uint64_t positions_max = 0;
  PluginUnderTest::Settings settings = {};
  std::string config = "{}";  // what has a structure; scalars go into the settings
};

inline StrategyAnswer ask_strategy(const std::string& name, const StrategyQuestion& question) {
  PluginUnderTest plugin(name, question.settings);
  StrategyAnswer answer;
  void* const instance = plugin.plugin().create(&plugin.host(), {question.config.data(), question.config.size()});
  if (instance == nullptr) {
    answer.code = RB_INVALID;
    answer.report = plugin.failure;
    return answer;
  }
  std::vector<rb_str> symbols;
  for (const std::string& symbol : question.symbols) symbols.push_back({symbol.data(), symbol.size()});
  const auto rows = static_cast<std::uint64_t>(question.values.rows()), cols = symbols.size();
  const rb_frame frame{rows, cols, question.dates.data(), symbols.data(), question.values.data()};
  const std::vector<double> lower(cols, question.lower), upper(cols, question.upper);
  const auto or_null = [](const std::vector<double>& values) { return values.empty() ? nullptr : values.data(); };
  const rb_problem problem{sizeof(rb_problem),
                           &frame,
                           lower.data(),
                           upper.data(),
                           nullptr,
                           0,
                           or_null(question.current),
                           question.cost_rate,
                           question.risk_free_rate,
                           252,
                           {"sample", 6},
                           {"arithmetic", 10},
                           question.cost_quadratic,
                           0.94,
                           or_null(question.benchmark),
                           question.tracking_error_max,
                           question.turnover_max,
                           question.gross_max,
                           question.position_min,
                           question.positions_max};
  std::pair<StrategyAnswer*, std::uint64_t> out{&answer, cols};
  const auto take = [](void* ctx, const rb_allocation* allocation) {
    auto& [told, count] = *static_cast<std::pair<StrategyAnswer*, std::uint64_t>*>(ctx);
    told->weights.assign(allocation->weights, allocation->weights + count);
    told->objective = allocation->objective;
    told->kkt_residual = allocation->kkt_residual;
    told->duality_gap = allocation->duality_gap;
    told->max_violation = allocation->max_violation;
    told->report = PluginUnderTest::copy(allocation->report_json);
  };
  answer.code = plugin.api<rb_strategy>().weigh(instance, &problem, take, &out);
  if (answer.code != RB_OK) answer.report = plugin.failure;
  plugin.plugin().destroy(instance);
  return answer;
}

inline std::optional<StrategyQuestion> dev20_question() {
  const auto prices = golden_prices("golden/data/dev20_prices.csv");
  if (!prices) return std::nullopt;
  StrategyQuestion question;
  for (const Date date : prices->dates()) question.dates.push_back(date.days());
  for (const Symbol& symbol : prices->symbols()) question.symbols.push_back(symbol.str());
  question.values = prices->values();
  return question;
}

// Three symbols over 40 days: gently rising waves.
inline StrategyQuestion small_question() {
  StrategyQuestion question{{}, {"A", "B", "C"}, Eigen::MatrixXd(40, 3)};
  for (int t = 0; t < 40; ++t) {
    question.dates.push_back(20'000 + t);
    for (int i = 0; i < 3; ++i) {
      question.values(t, i) = 100 * (1 + 0.001 * (i + 1) * t + 0.02 * std::sin(t * (1 + 0.4 * i)));
    }
  }
  return question;
}

inline double largest_difference(const std::vector<double>& weights, const Eigen::VectorXd& expected) {
  double most = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    most = std::max(most, std::abs(weights[i] - expected(static_cast<Eigen::Index>(i))));
  }
  return most;
}

inline double turnover_of(const StrategyAnswer& answer, const std::vector<double>& current) {
  double out = 0;
  for (std::size_t i = 0; i < current.size(); ++i) out += std::abs(answer.weights[i] - current[i]);
  return out;
}

}  // namespace rebalancer::test
