#include "core/portfolio/trading_state.hpp"

#include <array>

namespace rebalancer {
namespace {

constexpr std::array<std::string_view, 3> state_names = {"active", "reducing", "halted"};

}  // namespace

std::string_view name_of(TradingState state) { return state_names.at(static_cast<std::size_t>(state)); }

Result<TradingState> trading_state_named(std::string_view name) {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<TradingState>(i);
  }
  return fail(ErrorCode::invalid, "\"{}\" is not a trading state, must be active, reducing or halted", name);
}

}  // namespace rebalancer
