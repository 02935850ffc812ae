#include <algorithm>

#include <rebalancer/plugin.hpp>

#include "plugins/support/kept_limits.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class EqualWeight final : public sdk::Strategy {
 public:
  using Strategy::Strategy;
  void weigh(const Problem& problem, std::span<double> weights) override {
    if (weights.empty()) throw sdk::Failure(RB_INVALID, "there are no symbols to weigh");
    std::fill(weights.begin(), weights.end(), 1.0 / static_cast<double>(weights.size()));
    plugin_support::require_limits(problem, weights, "the equal weight");
  }
};

}  // namespace

REBALANCER_STRATEGY(EqualWeight, "equal_weight", "1.0.0", "The same weight for every symbol.", schema_json)
