// Hierarchical risk parity.
#include <rebalancer/plugin.hpp>

#include "core/quant/hierarchical_risk_parity.hpp"
#include "plugins/support/risk_report.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

class Hrp final : public sdk::Strategy {
 public:
  Hrp(sdk::Host host, std::string_view config_json)
      : Strategy(host, config_json),
        name_(host.text("linkage")),
        linkage_(plugin_support::value_of(linkage_named(name_))) {}

  void solve(const Problem& asked, std::span<double> weights, Report& report) override {
    plugin_support::refuse_settings(asked.raw(), "hrp");
    const plugin_support::Setup setup = plugin_support::setup_of(asked);
    const HierarchicalRiskParity answer =
        plugin_support::value_of(hierarchical_risk_parity(setup.estimates.covariance, linkage_, setup.problem.names));
    plugin_support::RiskReport told;
    told.members = [&](JsonText& json) { write_tree(json, answer, setup.problem.names); };
    plugin_support::deliver_risk(setup, plugin_support::within_limits(asked, setup, answer.weights), told, weights,
                                 report);
  }

 private:
  void write_tree(JsonText& json, const HierarchicalRiskParity& answer, const std::vector<std::string>& names) const {
    json.member("linkage", name_).key("leaf_order").array();
    for (const Eigen::Index leaf : answer.order) json.value(names[static_cast<std::size_t>(leaf)]);
    json.end().key("merges").array();
    for (const Merge& merge : answer.merges) {
      json.array().value(merge.left).value(merge.right).value(merge.height).end();
    }
    json.end();
  }

  std::string name_;
  Linkage linkage_;
};

}  // namespace

REBALANCER_STRATEGY(Hrp, "hrp", "1.0.0",
                    "Hierarchical risk parity: money divided between halves of a list of assets ordered by likeness.",
                    schema_json)
