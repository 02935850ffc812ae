#include <algorithm>
#include <cmath>
#include <map>

#include <boost/json/parse.hpp>

#include <rebalancer/plugin.hpp>

#include "plugins/support/kept_limits.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class Fixed final : public sdk::Strategy {
 public:
  Fixed(sdk::Host host, std::string_view config_json) : Strategy(host, config_json) {
    const auto config = boost::json::parse(boost::json::string_view(config_json.data(), config_json.size()));
    double sum = 0;
    for (const auto& entry : config.at("weights").as_object()) {
      const double weight = entry.value().to_number<double>();
      weights_.emplace(std::string(entry.key()), weight);
      sum += weight;
    }
    if (!(std::abs(sum - 1) <= 1e-9)) {
      throw sdk::Failure(RB_INVALID, fmt::format("weights sum to {:.12g}, must sum to 1", sum));
    }
  }

  void weigh(const Problem& problem, std::span<double> weights) override {
    std::fill(weights.begin(), weights.end(), 0.0);
    const auto symbols = problem.symbols();
    for (const auto& [symbol, weight] : weights_) {
      const auto found =
          std::find_if(symbols.begin(), symbols.end(), [&](rb_str name) { return sdk::view(name) == symbol; });
      if (found == symbols.end()) {
        throw sdk::Failure(RB_INVALID, fmt::format("weights names {}, which is not among the {} symbols to weigh",
                                                   symbol, symbols.size()));
      }
      weights[static_cast<std::size_t>(found - symbols.begin())] = weight;
    }
    plugin_support::require_limits(problem, weights, "the fixed weight");
  }

 private:
  std::map<std::string, double> weights_;
};

}  // namespace

REBALANCER_STRATEGY(Fixed, "fixed", "1.0.0", "The weights that the configuration gives.", schema_json)
