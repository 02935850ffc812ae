// The values everything else is made of: what is read is written the same, and nothing else is read.
#include "core/base/canonical_json.hpp"
#include "core/base/decimal.hpp"
#include "core/base/money.hpp"
#include "core/base/time.hpp"
#include "core/market/symbol.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

// "+007.50" as "7.5": the same number as to_string writes it, found without arithmetic.
std::string plainest(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string_view whole = text.substr(0, text.find('.'));
  std::string_view places = whole.size() == text.size() ? std::string_view() : text.substr(whole.size() + 1);
  while (whole.starts_with('0')) whole.remove_prefix(1);
  while (places.ends_with('0')) places.remove_suffix(1);
  std::string plain = whole.empty() ? "0" : std::string(whole);
  if (!places.empty()) plain.append(".").append(places);
  return (negative && plain != "0" ? "-" : "") + plain;
}

void check_decimal(std::string_view text) {
  const auto decimal = Decimal::parse(text);
  if (!decimal) return expect(decimal.error().code == ErrorCode::invalid, "a decimal is refused as invalid");
  const std::string written = decimal->to_string();
  expect(text.find_first_not_of("+-.0123456789") == std::string_view::npos, "a decimal is digits", text);
  expect(written == plainest(text), "a decimal keeps every digit", written);
  expect(written.size() <= 21, "the text of a decimal is bounded", written);
  expect(Decimal::parse(written) == *decimal, "a decimal reads back as itself", written);
  const auto again = Decimal::from_double(decimal->to_double(), Rounding::half_even);
  // A double has 53 bits: below 2^53 billionths it holds the decimal exactly.
  constexpr std::int64_t exact = std::int64_t{1} << 52;
  if (decimal->billionths() < exact && decimal->billionths() > -exact) {
    expect(again == *decimal, "a decimal survives a double that can hold it", written);
  }
}

void check_two_decimals(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return;
  const auto a = Decimal::parse(text.substr(0, comma));
  const auto b = Decimal::parse(text.substr(comma + 1));
  if (!a || !b) return;
  if (const auto sum = add(*a, *b)) expect(subtract(*sum, *b) == *a, "a + b - b is a", text);
  if (const auto product = multiply(*a, *b, Rounding::floor)) {
    expect(multiply(*b, *a, Rounding::floor) == *product, "a * b is b * a", text);
    const auto above = multiply(*a, *b, Rounding::ceiling);
    expect(!above || above->billionths() - product->billionths() <= 1, "roundings differ by a billionth", text);
  }
  if (b->is_positive()) {
    const auto down = round_to(*a, *b, Rounding::floor);
    expect(!down || (*down <= *a && down->billionths() % b->billionths() == 0), "rounding down is down", text);
  }
}

void check_names(std::string_view text) {
  if (const auto date = Date::parse(text)) {
    expect(date->to_string() == text, "a date is read in one form", text);
    expect(Date::make(date->year(), date->month(), date->day()) == *date, "a date is its parts", text);
    expect(date->weekday() >= 0 && date->weekday() <= 6, "a week has seven days", text);
    expect(Date::from_days(date->days()) == *date, "a date is its day", text);
  }
  if (const auto symbol = Symbol::parse(text)) {
    expect(symbol->str() == text && !text.empty() && text.size() <= 16, "a symbol is its text", text);
  } else {
    expect_message(symbol.error().message, 100);
  }
  if (const auto currency = Currency::parse(text))
    expect(currency->to_string() == text, "a currency is its code", text);
  if (const auto number = parse_double(text)) expect(double_text(*number) == text, "a number has one text", text);
}

void check(std::string_view input) {
  check_decimal(input);
  check_two_decimals(input);
  check_names(input);
}

const Target target("values", check);

}  // namespace
}  // namespace rebalancer::fuzz
