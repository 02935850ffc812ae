// Times as TWS writes them: zones under three kinds of names, stamps with and without a zone, and the hours of a
// market.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/market/time_zone.hpp"

namespace interactive_brokers {

using rebalancer::Date;
using rebalancer::Instant;
using rebalancer::Result;
using rebalancer::TimeZone;

// "US/Eastern", "Central European Standard Time", "EST (Eastern Standard Time)". Errors: not_found, unavailable.
[[nodiscard]] Result<TimeZone> zone_named(std::string_view name);

// The zone in which a server writes stamps that name none: that of the moment it was connected at.
[[nodiscard]] std::string zone_name_in(std::string_view connected_at);

// "20260413 15:27:04 US/Eastern", "20230224  12:04:56" (in `zone_name`), "20260413-19:27:04" (UTC). Errors: invalid,
// not_found when the zone is not known.
[[nodiscard]] Result<Instant> instant_from(std::string_view stamp, std::string_view zone_name);

struct MarketHours {
  enum class State { open, closed, not_told };  // not_told: the list does not reach the moment asked for
  State state = State::not_told;
  std::optional<Instant> next_open;  // when closed, and the list reaches it
};

// `hours`: "20260405:CLOSED;20260406:0930-20260406:1600". Errors: invalid for a list that cannot be read.
[[nodiscard]] Result<MarketHours> market_hours(std::string_view hours, const TimeZone& zone, Instant now);

}  // namespace interactive_brokers
