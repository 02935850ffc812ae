// A flat JSON object as its members' texts, numbers as they were written: money never becomes a double.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "core/base/error.hpp"

namespace rebalancer::laboratory {

struct JsonField {
  enum class Kind { null, boolean, number, text, nested };
  Kind kind = Kind::null;
  std::string text = {};  // of a number its digits, of a boolean "true" or "false"
};

using JsonFields = std::map<std::string, JsonField, std::less<>>;

// Errors: invalid for what is no JSON object, and for a key that comes twice.
[[nodiscard]] Result<JsonFields> parse_fields(std::string_view text);

// Null and absent: none. Errors: invalid when it is of another kind.
[[nodiscard]] Result<std::optional<std::string>> text_field(const JsonFields& fields, std::string_view name);
[[nodiscard]] Result<std::optional<bool>> boolean_field(const JsonFields& fields, std::string_view name);
// A number as text: "12.5".
[[nodiscard]] Result<std::optional<Decimal>> text_decimal_field(const JsonFields& fields, std::string_view name);
// A number as number: 12.5.
[[nodiscard]] Result<std::optional<Decimal>> number_field(const JsonFields& fields, std::string_view name);

}  // namespace rebalancer::laboratory
