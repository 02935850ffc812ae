// The highest Sharpe ratio on the expected returns of Black and Litterman.
#include "core/quant/black_litterman.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/json/parse.hpp>

#include <rebalancer/plugin.hpp>

#include "plugins/support/mean_variance_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class BlackLitterman final : public sdk::Strategy {
 public:
  BlackLitterman(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json), tau_(host.number("tau")), risk_aversion_(host.number("risk_aversion")) {
    const auto parsed = boost::json::parse(boost::json::string_view(config_json.data(), config_json.size()));
    const boost::json::object& config = parsed.as_object();
    const auto* caps = config.if_contains("market_caps");
    const auto* weights = config.if_contains("prior_weights");
    const auto* returns = config.if_contains("prior_returns");
    if ((caps != nullptr) + (weights != nullptr) + (returns != nullptr) != 1) {
      throw sdk::Failure(RB_INVALID, "give exactly one of market_caps, prior_weights and prior_returns");
    }
    prior_name_ = caps != nullptr ? "market_caps" : weights != nullptr ? "prior_weights" : "prior_returns";
    for (const auto& entry : config.at(prior_name_).as_object()) {
      prior_.emplace(std::string(entry.key()), entry.value().to_number<double>());
    }
    if (const auto* views = config.if_contains("views")) {
      for (const auto& view : views->as_array()) {
        views_.push_back(plugin_support::value_of(parse_view(std::string_view(view.as_string()))));
      }
    }
    if (const auto* confidences = config.if_contains("confidences")) read_confidences(confidences->as_array());
    use_posterior_covariance_ = host.setting("covariance").value_or("prior") == "posterior";
  }

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::Setup setup = plugin_support::setup_of(asked);
    const Posterior posterior = plugin_support::value_of(
        black_litterman(setup.estimates.covariance, prior_of(setup), views_, tau_, setup.problem.names));
    setup.estimates.expected_returns = "black_litterman";
    setup.estimates.mean = posterior.mean.array() + setup.risk_free_rate;
    setup.problem.mean = setup.estimates.mean;
    if (use_posterior_covariance_) {
      if (setup.layers.tracking) {
        throw sdk::Failure(RB_CONFLICT,
                           "covariance is \"posterior\", which has no counterpart for the benchmark: a tracking error "
                           "needs covariance \"prior\"");
      }
      setup.estimates.covariance = setup.problem.covariance = posterior.covariance;
    }
    const auto best_of = [&](const MeanVarianceProblem& problem) {
      return maximize_sharpe(problem, setup.layers, setup.risk_free_rate);
    };
    plugin_support::PositionSearch positions;
    const auto reached = [&](const LayeredSolution& answer) {
      return -(expected_return(setup.problem, setup.layers, answer.solution.weights) - setup.risk_free_rate) /
             volatility(setup.problem, answer.solution.weights);
    };
    const LayeredSolution best = plugin_support::solve_with_positions(setup, asked.raw(), best_of, reached, positions);
    const double risk = volatility(setup.problem, best.solution.weights);
    const double earned = expected_return(setup.problem, setup.layers, best.solution.weights);
    plugin_support::MeanVarianceReport told{.objective = (earned - setup.risk_free_rate) / risk,
                                            .price_factor = 1 / (risk * best.solution.lambda),
                                            .resolve = best_of,
                                            .positions = positions};
    told.members = [&](JsonText& json) { write_posterior(json, setup, posterior); };
    plugin_support::deliver(setup, best, told, weights, report);
  }

 private:
  void read_confidences(const boost::json::array& confidences) {
    if (confidences.size() != views_.size()) {
      throw sdk::Failure(RB_INVALID, fmt::format("confidences has {} numbers for {} views, must be one for each",
                                                 confidences.size(), views_.size()));
    }
    for (std::size_t k = 0; k < views_.size(); ++k) views_[k].confidence = confidences[k].to_number<double>();
  }

  // Above the risk-free rate. What is given names every symbol; more than these only where the rest means nothing to
  // them: a market is larger than what is held of it, and with a glide path the bonds are not weighed here.
  [[nodiscard]] Eigen::VectorXd prior_of(const plugin_support::Setup& setup) const {
    const std::vector<std::string>& names = setup.problem.names;
    Eigen::VectorXd given(static_cast<Eigen::Index>(names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto found = prior_.find(names[i]);
      if (found == prior_.end()) {
        throw sdk::Failure(RB_INVALID,
                           fmt::format("{} lacks {}, must name every symbol to weigh", prior_name_, names[i]));
      }
      given(static_cast<Eigen::Index>(i)) = found->second;
    }
    for (const auto& [symbol, value] : prior_) {
      if (prior_name_ == "prior_weights" && std::find(names.begin(), names.end(), symbol) == names.end()) {
        throw sdk::Failure(RB_INVALID, fmt::format("{} names {}, which is not among the {} symbols to weigh",
                                                   prior_name_, symbol, names.size()));
      }
      if (prior_name_ == "market_caps" && !(value >= 0)) {
        throw sdk::Failure(RB_INVALID, fmt::format("market_caps of {} is {}, must be at least 0", symbol, value));
      }
    }
    if (prior_name_ == "prior_returns") return given;
    const double sum = given.sum();
    if (prior_name_ == "market_caps") {
      if (!(sum > 0)) throw sdk::Failure(RB_INVALID, fmt::format("market_caps sum to {}, must be above 0", sum));
      given /= sum;
    } else if (!(std::abs(sum - 1) <= 1e-9)) {
      throw sdk::Failure(RB_INVALID, fmt::format("prior_weights sum to {:.12g}, must sum to 1", sum));
    }
    return plugin_support::value_of(equilibrium_returns(setup.estimates.covariance, given, risk_aversion_));
  }

  void write_posterior(JsonText& json, const plugin_support::Setup& setup, const Posterior& posterior) const {
    json.key("black_litterman").object().member("tau", tau_).member("prior", prior_name_);
    json.key("views").array();
    for (std::size_t k = 0; k < views_.size(); ++k) {
      const View& view = views_[k];
      json.object().member("asset", view.asset);
      if (!view.other.empty()) json.member("other", view.other);
      json.member("value", view.value).member("confidence", view.confidence);
      json.member("uncertainty", posterior.uncertainty(static_cast<Eigen::Index>(k))).end();
    }
    json.end().key("prior_returns").object();
    for (std::size_t i = 0; i < setup.problem.names.size(); ++i) {
      json.member(setup.problem.names[i], posterior.prior(static_cast<Eigen::Index>(i)) + setup.risk_free_rate);
    }
    json.end().end();
  }

  double tau_, risk_aversion_;
  std::string prior_name_;
  std::map<std::string, double> prior_;
  std::vector<View> views_;
  bool use_posterior_covariance_ = false;
};

}  // namespace

REBALANCER_STRATEGY(BlackLitterman, "black_litterman", "1.0.0",
                    "The highest Sharpe ratio on what the market expects, moved by views of one's own.", schema_json)
