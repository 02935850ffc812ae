// How people write fractions, money and durations.
#include <charconv>
#include <cmath>

#include "adapters/plugin_host/schema_node.hpp"
#include "core/base/decimal.hpp"

namespace rebalancer {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text = trimmed(text.substr(0, text.size() - suffix.size()));
  return true;
}

bool is_plain_number(std::string_view text) {
  return !text.empty() && text.size() <= 40 && text.find_first_not_of("+-.0123456789") == std::string_view::npos;
}

}  // namespace

Result<double> parse_fraction(std::string_view text) {
  std::string_view digits = trimmed(text);
  // The exponent is appended, so that 0.1% is the double nearest to 0.001.
  const char* exponent = take_suffix(digits, "%") ? "e-2" : take_suffix(digits, "bp") ? "e-4" : "";
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const std::string number = std::string(digits) + exponent;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (!is_plain_number(digits) || error != std::errc() || end != number.data() + number.size()) {
    return fail(ErrorCode::invalid, "must be a fraction such as 5%, 25bp or 0.05");
  }
  if (*exponent == '\0' && std::abs(value) > 1) {
    return fail(ErrorCode::invalid, "a bare fraction must be at most 1; did you mean {}%?", digits);
  }
  return value;
}

Result<std::string> parse_money(std::string_view text) {
  std::string_view digits = trimmed(text);
  const bool negative = digits.starts_with("-$");
  if (negative) digits.remove_prefix(1);
  if (digits.starts_with('$')) {
    digits = trimmed(digits.substr(1));
  } else {
    take_suffix(digits, "USD");
  }
  const auto amount = is_plain_number(digits) ? Decimal::parse(digits)
                                              : fail(ErrorCode::invalid,
                                                     "must be an amount such as $100000 or "
                                                     "\"100000 USD\", without thousands separators");
  if (!amount) return fail(amount.error());
  if (negative && amount->is_negative()) return fail(ErrorCode::invalid, "must have one sign");
  // There is no negative zero.
  return (negative && amount->is_positive() ? "-" : "") + amount->to_string();
}

Result<std::int64_t> parse_duration_ms(std::string_view text) {
  std::string_view digits = trimmed(text);
  const std::int64_t unit_ms = take_suffix(digits, "ms")  ? 1
                               : take_suffix(digits, "s") ? 1000
                               : take_suffix(digits, "m") ? 60'000
                               : take_suffix(digits, "h") ? 3'600'000
                               : take_suffix(digits, "d") ? 86'400'000
                                                          : 0;
  const auto count = Decimal::parse(digits);
  if (unit_ms == 0 || !count) {
    return fail(ErrorCode::invalid, "must be a number with its unit, such as 250ms, 30s, 15m, 2h or 1d");
  }
  const auto milliseconds = multiply(*count, Decimal::whole(unit_ms), Rounding::half_even);
  if (!milliseconds) return fail(ErrorCode::invalid, "must be at most 100d");
  if (milliseconds->billionths() % Decimal::scale != 0) {
    return fail(ErrorCode::invalid, "must be a whole number of milliseconds");
  }
  return milliseconds->billionths() / Decimal::scale;
}

}  // namespace rebalancer
