// Holds what rose most.
#include "core/quant/momentum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <rebalancer/plugin.hpp>

#include "plugins/support/risk_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class MomentumStrategy final : public sdk::Strategy {
 public:
  MomentumStrategy(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json),
        rule_{whole(host, "lookback_days"), whole(host, "skip_days"), whole(host, "count")},
        weighting_(host.text("weighting")),
        refuge_(host.setting("refuge").value_or("")) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::refuse_settings(asked.raw(), "momentum");
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const rb_frame& prices = asked.prices();
    PriceView view{{prices.values, static_cast<Eigen::Index>(prices.rows), static_cast<Eigen::Index>(prices.cols)}, {}};
    for (const rb_str& symbol : asked.symbols()) view.symbols.push_back(sdk::view(symbol));
    const Momentum found = plugin_support::value_of(momentum(view, rule_));
    plugin_support::RiskReport told;
    told.members = [&](JsonText& json) {
      json.key("momentum").object();
      for (std::size_t i = 0; i < view.symbols.size(); ++i) {
        json.member(view.symbols[i], found.returns(static_cast<Eigen::Index>(i)));
      }
      json.end();
    };
    const NearestWeights nearest = plugin_support::within_limits(asked, setup, wanted(setup, found));
    plugin_support::deliver_risk(setup, nearest, told, weights, report);
  }

 private:
  static Eigen::Index whole(const sdk::Host& host, std::string_view name) {
    const double value = host.number(name);
    constexpr double most = 1e6;
    if (!(value >= 0 && value <= most) || value != std::floor(value)) {
      throw sdk::Failure(RB_INVALID, fmt::format("{} is {}, must be a whole number from 0 to {}", name, value, most));
    }
    return static_cast<Eigen::Index>(value);
  }

  // Of `count` slots each chosen symbol fills one; the refuge, when there is one, fills those left.
  [[nodiscard]] Eigen::VectorXd wanted(const plugin_support::Setup& setup, const Momentum& found) const {
    const std::vector<std::string>& names = setup.problem.names;
    Eigen::VectorXd out = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(names.size()));
    const auto slots = static_cast<double>(std::min(rule_.count, out.size()));
    double invested = 1;
    if (!refuge_.empty()) {
      const auto place = std::find(names.begin(), names.end(), refuge_);
      if (place == names.end()) {
        throw sdk::Failure(
            RB_INVALID, fmt::format("refuge is {}, which is not among the {} symbols to weigh", refuge_, names.size()));
      }
      invested = static_cast<double>(found.chosen.size()) / slots;
      out(place - names.begin()) += 1 - invested;
    } else if (found.chosen.empty()) {
      throw sdk::Failure(
          RB_CONFLICT, fmt::format("no symbol rose over the time looked at, the best changed by {:.4g}: name a refuge "
                                   "to hold then",
                                   found.returns.maxCoeff()));
    }
    double sum = 0;
    for (const Eigen::Index i : found.chosen) sum += share_of(setup, i);
    for (const Eigen::Index i : found.chosen) out(i) += invested * share_of(setup, i) / sum;
    return out;
  }

  [[nodiscard]] double share_of(const plugin_support::Setup& setup, Eigen::Index i) const {
    if (weighting_ == "equal") return 1;
    const double variance = setup.estimates.covariance(i, i);
    if (!(variance > 0)) {
      throw sdk::Failure(RB_INVALID, fmt::format("the variance of {} is {}, must be above 0 to weigh by its inverse",
                                                 setup.problem.names[static_cast<std::size_t>(i)], variance));
    }
    return 1 / std::sqrt(variance);
  }

  MomentumRule rule_;
  std::string weighting_, refuge_;
};

}  // namespace

REBALANCER_STRATEGY(MomentumStrategy, "momentum", "1.0.0", "The symbols that rose most, last month left out.",
                    schema_json)
