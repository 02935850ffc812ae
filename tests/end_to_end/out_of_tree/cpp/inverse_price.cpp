// Built against the installed SDK alone: what stands in the tree is out of its reach.
#include <cmath>

#include <rebalancer/plugin.hpp>

#include "schema_json.hpp"

using namespace rebalancer::sdk;

class InversePrice final : public Strategy {
 public:
  InversePrice(Host host, std::string_view config_json) : Strategy(host, config_json), power_(host.number("power")) {}

  void weigh(const Problem& problem, std::span<double> weights) override {
    const rb_frame& prices = problem.prices();
    if (prices.rows == 0) throw Failure(RB_INVALID, "there is no price yet");
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double last = prices.values[(i + 1) * prices.rows - 1];
      if (std::isnan(last)) throw Failure(RB_INVALID, std::string(view(prices.symbols[i])) + " has no price");
      weights[i] = std::pow(last, -power_);
      sum += weights[i];
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] /= sum;
      const bool inside = weights[i] >= problem.lower()[i] && weights[i] <= problem.upper()[i];
      if (!inside) throw Failure(RB_CONFLICT, "a weight would be outside its bounds");
    }
    if (!problem.groups().empty()) throw Failure(RB_CONFLICT, "this strategy knows no group limits");
  }

 private:
  double power_;
};

REBALANCER_STRATEGY(InversePrice, "inverse_price", "1.2.3", "Cheap shares get more.", schema_json)
