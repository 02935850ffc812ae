// The names that the values of an enum have in a decision.
#pragma once
#include <array>

#include "services/decision_body.hpp"

namespace rebalancer {

[[nodiscard]] std::string_view name_of(PriceBasis basis);
[[nodiscard]] std::string_view name_of(RebalanceRules::TradeTo trade_to);
[[nodiscard]] std::string_view name_of(BrokerCapabilities::Dedupe dedupe);
[[nodiscard]] std::string_view name_of(BrokerCapabilities::Lookup lookup);

// Every value of an enum; name_of gives the texts.
template <class E>
inline constexpr std::array<E, 0> values_of{};
template <>
inline constexpr std::array values_of<Severity>{Severity::ignore, Severity::warning, Severity::stop};
template <>
inline constexpr std::array values_of<Side>{Side::buy, Side::sell};
template <>
inline constexpr std::array values_of<OrderState>{OrderState::intent,    OrderState::sending,  OrderState::acknowledged,
                                                  OrderState::unknown,   OrderState::partial,  OrderState::filled,
                                                  OrderState::cancelled, OrderState::rejected, OrderState::parked};
template <>
inline constexpr std::array values_of<TradingState>{TradingState::active, TradingState::reducing, TradingState::halted};
template <>
inline constexpr std::array values_of<Stage>{Stage::fetch, Stage::optimize, Stage::plan,
                                             Stage::check, Stage::execute,  Stage::analyze};
template <>
inline constexpr std::array values_of<ErrorCode>{ErrorCode::invalid,     ErrorCode::not_found, ErrorCode::conflict,
                                                 ErrorCode::unavailable, ErrorCode::rejected,  ErrorCode::timeout,
                                                 ErrorCode::exhausted,   ErrorCode::internal};
template <>
inline constexpr std::array values_of<PriceBasis>{PriceBasis::raw, PriceBasis::adjusted};
template <>
inline constexpr std::array values_of<RebalanceRules::TradeTo>{
    RebalanceRules::TradeTo::target, RebalanceRules::TradeTo::band_edge, RebalanceRules::TradeTo::only_drifted};
template <>
inline constexpr std::array values_of<BrokerCapabilities::Dedupe>{
    BrokerCapabilities::Dedupe::none, BrokerCapabilities::Dedupe::window, BrokerCapabilities::Dedupe::permanent};
template <>
inline constexpr std::array values_of<BrokerCapabilities::Lookup>{
    BrokerCapabilities::Lookup::none, BrokerCapabilities::Lookup::by_tag, BrokerCapabilities::Lookup::by_client_id};

// The value with this name; none when there is no such name.
template <class E>
[[nodiscard]] std::optional<E> value_named(std::string_view name) {
  for (const E value : values_of<E>) {
    if (name_of(value) == name) return value;
  }
  return std::nullopt;
}

}  // namespace rebalancer
