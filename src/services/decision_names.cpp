#include "services/decision_names.hpp"

namespace rebalancer {

std::string_view name_of(PriceBasis basis) { return basis == PriceBasis::raw ? "raw" : "adjusted"; }

std::string_view name_of(RebalanceRules::TradeTo trade_to) {
  switch (trade_to) {
    case RebalanceRules::TradeTo::target:
      return "target";
    case RebalanceRules::TradeTo::band_edge:
      return "band_edge";
    case RebalanceRules::TradeTo::only_drifted:
      return "only_drifted";
  }
  return "target";
}

std::string_view name_of(BrokerCapabilities::Dedupe dedupe) {
  switch (dedupe) {
    case BrokerCapabilities::Dedupe::none:
      return "none";
    case BrokerCapabilities::Dedupe::window:
      return "window";
    case BrokerCapabilities::Dedupe::permanent:
      return "permanent";
  }
  return "none";
}

std::string_view name_of(BrokerCapabilities::Lookup lookup) {
  switch (lookup) {
    case BrokerCapabilities::Lookup::none:
      return "none";
    case BrokerCapabilities::Lookup::by_tag:
      return "by_tag";
    case BrokerCapabilities::Lookup::by_client_id:
      return "by_client_id";
  }
  return "none";
}

}  // namespace rebalancer
