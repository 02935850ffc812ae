// Every asset contributes its budget to the risk.
#include "core/quant/risk_parity.hpp"

#include <map>

#include <boost/json/parse.hpp>

#include <rebalancer/plugin.hpp>

#include "plugins/support/risk_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class EqualRisk final : public sdk::Strategy {
 public:
  EqualRisk(sdk::Host host, std::string_view config_json) : Strategy(host, config_json) {
    const auto config = boost::json::parse(boost::json::string_view(config_json.data(), config_json.size()));
    const boost::json::value* const given = config.as_object().if_contains("budget");
    if (given == nullptr) return;
    for (const auto& entry : given->as_object()) {
      budget_.emplace(std::string(entry.key()), entry.value().to_number<double>());
    }
    if (budget_.empty()) throw sdk::Failure(RB_INVALID, "budget is empty, must name every symbol or be left out");
  }

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::refuse_settings(asked.raw(), "risk_parity");
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const Eigen::MatrixXd& covariance = setup.estimates.covariance;
    const RiskParity answer =
        plugin_support::value_of(risk_parity(covariance, budgets_of(setup.problem.names), setup.problem.names));
    const RiskParityProof proof = prove_risk_parity(covariance, answer.budgets, answer.weights);
    const NearestWeights nearest = plugin_support::within_limits(asked, setup, answer.weights);
    plugin_support::RiskReport told;
    told.objective = std::sqrt(nearest.weights.dot(covariance * nearest.weights));
    told.proof = OptimalityProof{proof.kkt_residual, proof.duality_gap, proof.max_violation};
    told.budgets = &answer.budgets;
    plugin_support::deliver_risk(setup, nearest, told, weights, report);
  }

 private:
  // Equal ones unless given; given ones name exactly the symbols.
  Eigen::VectorXd budgets_of(const std::vector<std::string>& names) const {
    Eigen::VectorXd out = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(names.size()));
    if (budget_.empty()) return out;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = budget_.find(names[i]);
      if (found == budget_.end()) {
        throw sdk::Failure(RB_INVALID, fmt::format("budget lacks {}, must name every symbol to weigh", names[i]));
      }
      out(static_cast<Eigen::Index>(i)) = found->second;
    }
    for (const auto& [symbol, share] : budget_) {
      if (std::find(names.begin(), names.end(), symbol) == names.end()) {
        throw sdk::Failure(RB_INVALID, fmt::format("budget names {}, which is not among the {} symbols to weigh",
                                                   symbol, names.size()));
      }
    }
    return out;
  }

  std::map<std::string, double> budget_;
};

}  // namespace

REBALANCER_STRATEGY(EqualRisk, "risk_parity", "1.0.0",
                    "Long-only weights of which each contributes its budget to the volatility.", schema_json)
