#pragma once
#include <compare>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer {

// The name an instrument trades under: [A-Z0-9.\-^=]{1,16}.
class Symbol {
 public:
  [[nodiscard]] static Result<Symbol> parse(std::string_view text);
  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const Symbol&, const Symbol&) = default;

 private:
  explicit Symbol(std::string_view text) : text_(text) {}
  std::string text_;
};

}  // namespace rebalancer

template <>
struct fmt::formatter<rebalancer::Symbol> : fmt::formatter<std::string_view> {
  auto format(const rebalancer::Symbol& symbol, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(symbol.str(), context);
  }
};
