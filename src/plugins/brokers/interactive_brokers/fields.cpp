#include "fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

using rebalancer::ErrorCode;
using rebalancer::Result;

constexpr int places = 9;
constexpr std::size_t number_size_max = 64;
constexpr std::size_t shown_max = 60;
constexpr int groups_max = 10'000;
constexpr std::array unset_numbers{
    std::string_view("1.7976931348623157E308"),  std::string_view("1.7976931348623157e+308"),
    std::string_view("1.7976931348623157E+308"), std::string_view("2147483647"),
    std::string_view("9223372036854775807"),     std::string_view("-9223372036854775808")};

std::string shown(std::string_view value) {
  std::string text;
  for (const char c : value.substr(0, shown_max)) text += c >= ' ' && c <= '~' ? c : '?';
  if (value.size() > shown_max) text += "...";
  return text;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "-12.50E3": sign, digits, and where the point is among them.
struct Number {
  bool negative = false;
  std::string digits;
  int point = 0;  // digits before it; may lie outside
};

std::optional<Number> parts_of(std::string_view text) {
  if (text.empty() || text.size() > number_size_max) return std::nullopt;
  Number number;
  if (text.front() == '-' || text.front() == '+') {
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t exponent_at = text.find_first_of("Ee");
  int exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view digits = text.substr(exponent_at + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
    if (!whole || exponent < -400 || exponent > 400) return std::nullopt;
    text = text.substr(0, exponent_at);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    if (!is_digit(text[i])) return std::nullopt;
    number.digits += text[i];
  }
  if (number.digits.empty()) return std::nullopt;
  number.point = static_cast<int>(point) + exponent;
  return number;
}

Result<Decimal> number_from(std::string_view text, bool nearest) {
  const auto number = parts_of(text);
  if (!number) return rebalancer::fail(ErrorCode::invalid, "\"{}\" is no number", shown(text));
  std::int64_t billionths = 0;
  const auto too_large = [&] {
    return rebalancer::fail(ErrorCode::invalid, "\"{}\" is too large a number", shown(text));
  };
  const auto size = static_cast<int>(number->digits.size());
  const int kept = number->point + places;  // digits that lie at or above the last place
  for (int i = 0; i < std::max(kept, 0); ++i) {
    const std::int64_t digit = i < size ? number->digits[static_cast<std::size_t>(i)] - '0' : 0;
    if (billionths == 0 && digit == 0 && i >= size) break;
    if (__builtin_mul_overflow(billionths, std::int64_t{10}, &billionths) ||
        __builtin_add_overflow(billionths, digit, &billionths)) {
      return too_large();
    }
  }
  int first_dropped = 0;
  bool more_dropped = false;
  for (int i = std::max(kept, 0); i < size; ++i) {
    const int digit = number->digits[static_cast<std::size_t>(i)] - '0';
    if (i == kept) {
      first_dropped = digit;
    } else {
      more_dropped = more_dropped || digit != 0;
    }
  }
  if (first_dropped != 0 || more_dropped) {
    if (!nearest) {
      return rebalancer::fail(ErrorCode::invalid, "\"{}\" has more than {} places", shown(text), places);
    }
    const bool up = first_dropped > 5 || (first_dropped == 5 && (more_dropped || billionths % 2 != 0));
    if (up && __builtin_add_overflow(billionths, std::int64_t{1}, &billionths)) return too_large();
  }
  return Decimal::from_billionths(number->negative ? -billionths : billionths);
}

bool is_unset(std::string_view text) {
  return text.empty() || std::ranges::find(unset_numbers, text) != unset_numbers.end();
}

}  // namespace

std::string_view message_name(int id) {
  switch (id) {
    case 3:
      return "orderStatus";
    case 4:
      return "error";
    case 5:
      return "openOrder";
    case 9:
      return "nextValidId";
    case 10:
      return "contractData";
    case 11:
      return "execDetails";
    case 15:
      return "managedAccounts";
    case 52:
      return "contractDataEnd";
    case 53:
      return "openOrderEnd";
    case 55:
      return "execDetailsEnd";
    case 59:
      return "commissionReport";
    case 61:
      return "position";
    case 62:
      return "positionEnd";
    case 63:
      return "accountSummary";
    case 64:
      return "accountSummaryEnd";
    case 101:
      return "completedOrder";
    case 102:
      return "completedOrdersEnd";
    default:
      return "";
  }
}

Result<Decimal> exact_number(std::string_view text) { return number_from(text, false); }
Result<Decimal> nearest_number(std::string_view text) { return number_from(text, true); }

FieldReader::FieldReader(std::string_view payload) : rest_(payload) {
  if (payload.empty() || payload.back() != '\0') {
    throw WireError(fmt::format("a message of {} bytes that does not end with a NUL", payload.size()));
  }
  id_ = small_integer();
}

std::string FieldReader::name() const {
  const std::string_view known = message_name(id_);
  return known.empty() ? fmt::format("message {}", id_) : fmt::format("message {} ({})", id_, known);
}

void FieldReader::wrong(std::string_view value, std::string_view rule) const {
  throw WireError(fmt::format("{}, field {}: \"{}\" {}", name(), index_, shown(value), rule));
}

std::string_view FieldReader::text() {
  ++index_;
  if (rest_.empty()) throw WireError(fmt::format("{} ends before its field {}", name(), index_));
  const std::size_t end = rest_.find('\0');
  const std::string_view field = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return field;
}

void FieldReader::skip(int count) {
  for (int i = 0; i < count; ++i) static_cast<void>(text());
}

std::int64_t FieldReader::integer() {
  const std::string_view field = text();
  std::int64_t number = 0;
  const auto read = std::from_chars(field.data(), field.data() + field.size(), number);
  if (field.empty() || read.ec != std::errc() || read.ptr != field.data() + field.size()) {
    wrong(field, "is no whole number");
  }
  return number;
}

std::int32_t FieldReader::small_integer() {
  const std::int64_t number = integer();
  if (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max()) {
    wrong(std::to_string(number), "does not fit into 32 bits");
  }
  return static_cast<std::int32_t>(number);
}

int FieldReader::count() {
  if (!rest_.empty() && rest_.front() == '\0') {
    skip(1);
    return 0;
  }
  const std::int64_t number = integer();
  if (number < 0 || number > groups_max) {
    wrong(std::to_string(number), fmt::format("is no count, must be 0 to {}", groups_max));
  }
  return static_cast<int>(number);
}

bool FieldReader::boolean() {
  const std::string_view field = text();
  if (field != "0" && field != "1") wrong(field, "is neither 0 nor 1");
  return field == "1";
}

Decimal FieldReader::decimal() {
  const std::string_view field = text();
  const auto number = exact_number(field);
  if (is_unset(field) || !number) wrong(field, "is no number with at most nine places");
  return *number;
}

std::optional<Decimal> FieldReader::optional_decimal() {
  const std::string_view field = text();
  if (is_unset(field)) return std::nullopt;
  const auto number = exact_number(field);
  if (!number) wrong(field, "is no number with at most nine places");
  return *number;
}

std::optional<Decimal> FieldReader::nearest_decimal() {
  const std::string_view field = text();
  if (is_unset(field)) return std::nullopt;
  const auto number = nearest_number(field);
  if (!number) wrong(field, "is no number");
  return *number;
}

void FieldReader::finish() {
  while (!rest_.empty()) {
    // An empty field more was seen from real servers, at the end of short messages.
    const std::string_view field = text();
    if (!field.empty()) wrong(field, "is one field too many");
  }
}

FieldWriter& FieldWriter::add(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) {
    throw WireError(fmt::format("\"{}\" has control characters and cannot be sent", shown(text)));
  }
  payload_ += text;
  payload_ += '\0';
  return *this;
}

FieldWriter& FieldWriter::add(std::int64_t number) { return add(std::to_string(number)); }

FieldWriter& FieldWriter::repeat(int count, std::string_view text) {
  for (int i = 0; i < count; ++i) add(text);
  return *this;
}

}  // namespace interactive_brokers
