// The three states of the kill switch.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace rebalancer {

enum class TradingState {
  active,    // orders may be sent
  reducing,  // only sells may be sent, open buys are cancelled
  halted,    // no order may be sent, open ones are cancelled
};
[[nodiscard]] std::string_view name_of(TradingState state);
[[nodiscard]] Result<TradingState> trading_state_named(std::string_view name);

struct TradingStateRecord {
  TradingState state = TradingState::active;
  std::string reason;             // what the person said; may be empty
  std::string by;                 // "command", "file", "signal"; empty while it was never changed
  std::optional<Instant> set_at;  // none when it was never changed, or by a file somebody made by hand
};

}  // namespace rebalancer
