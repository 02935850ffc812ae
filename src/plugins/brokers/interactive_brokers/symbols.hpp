// The program's "BRK-B" is "BRK B" at Interactive Brokers: one letter behind the name is a class of shares.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/market/symbol.hpp"

namespace interactive_brokers {

[[nodiscard]] inline std::string wire_symbol(std::string_view symbol) {
  std::string wire(symbol);
  if (wire.size() < 3) return wire;
  char& before_last = wire[wire.size() - 2];
  if ((before_last == '-' || before_last == '.') && wire.back() >= 'A' && wire.back() <= 'Z') before_last = ' ';
  return wire;
}

// Nothing when the program has no name for it. `separator`: what the portfolio writes before a class.
[[nodiscard]] inline std::optional<std::string> own_symbol(std::string_view wire, char separator) {
  std::string symbol(wire);
  if (symbol.size() >= 3 && symbol[symbol.size() - 2] == ' ') symbol[symbol.size() - 2] = separator;
  return rebalancer::Symbol::parse(symbol) ? std::optional(std::move(symbol)) : std::nullopt;
}

}  // namespace interactive_brokers
