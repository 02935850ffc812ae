#include <rebalancer/plugin.hpp>

#include "core/quant/inverse_risk.hpp"
#include "plugins/support/risk_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class InverseVariance final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::solve_by_rule(asked, "inverse_variance", inverse_variance_weights, weights, report);
  }
};

}  // namespace

REBALANCER_STRATEGY(InverseVariance, "inverse_variance", "1.0.0",
                    "Weights in inverse proportion to each asset's own variance.", schema_json)
