#include "core/market/symbol.hpp"

#include <algorithm>

namespace rebalancer {

Result<Symbol> Symbol::parse(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '^' || c == '=';
  };
  if (text.empty() || text.size() > 16 || !std::all_of(text.begin(), text.end(), allowed)) {
    return fail(ErrorCode::invalid, "symbol \"{}\" must be 1 to 16 of A-Z 0-9 . - ^ =", text.substr(0, 40));
  }
  return Symbol(text);
}

}  // namespace rebalancer
