// What people write into the configuration, the command line and a plugin's settings.
#include <algorithm>
#include <cmath>

#include "adapters/plugin_host/schema_node.hpp"
#include "app/units.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

void check_numbers(std::string_view text) {
  if (const auto number = app::parse_integer(text, -1'000'000, 1'000'000)) {
    expect(*number >= -1'000'000 && *number <= 1'000'000, "a whole number keeps its range", text);
    expect(fmt::format("{}", *number) == text || text == "-0", "a whole number has one text", text);
  }
  if (const auto number = app::parse_number(text, -1e9, 1e9)) {
    expect(*number >= -1e9 && *number <= 1e9, "a number keeps its range", text);
    const auto again = app::parse_number(fmt::format("{}", *number), -1e9, 1e9);
    expect(again && *again == *number, "a number reads back as itself", text);
  }
}

void check_fraction(std::string_view text) {
  for (const double maximum : {1.0, 2.0}) {
    const auto fraction = app::parse_fraction(text, 0, maximum);
    if (!fraction) {
      expect_message(fraction.error().message, 200);
      continue;
    }
    expect(*fraction >= 0 && *fraction <= maximum, "a fraction keeps its range", text);
    const std::string written = app::fraction_text(*fraction);
    const auto again = app::parse_fraction(written, 0, maximum);
    expect(again && *again == *fraction, "a fraction reads back as itself", written);
  }
  if (const auto fraction = parse_fraction(text)) {
    expect(std::isfinite(*fraction), "a plugin's fraction is a number", text);
    if (text.find_first_of("%b") == std::string_view::npos) {
      expect(std::abs(*fraction) <= 1, "a bare fraction is at most 1", text);
    }
  }
}

void check_money(std::string_view text) {
  if (const auto amount = app::parse_money(text)) {
    expect(!amount->is_negative(), "an amount is not negative", text);
    expect(app::parse_money(amount->to_string()) == *amount, "an amount reads back as itself", text);
    expect(app::parse_money("$" + amount->to_string()) == *amount, "with its sign too", text);
  }
  if (const auto amount = parse_money(text)) {
    expect(parse_money(*amount) == *amount, "a plugin's amount is written in one form", *amount);
    expect(Decimal::parse(*amount).has_value(), "a plugin's amount is a decimal", *amount);
  }
}

void check_times(std::string_view text) {
  using app::parse_day_time;  // found wherever the type lives
  if (const auto time = parse_day_time(text)) {
    const std::string written = to_string(*time);
    expect(parse_day_time(written) == *time, "a time of the schedule reads back as itself", written);
    expect(std::abs(time->minutes) < 24 * 60, "a time of the schedule is within a day", written);
  }
  if (const auto milliseconds = parse_duration_ms(text)) {
    const auto again = parse_duration_ms(fmt::format("{}ms", *milliseconds));
    expect(again == *milliseconds, "a duration reads back as itself", text);
  }
}

void check_lists(std::string_view text) {
  if (const auto assignments = app::parse_assignments(text)) {
    std::string written;
    for (const auto& [name, value] : *assignments) written += (written.empty() ? "" : ",") + name + "=" + value;
    expect(!assignments->empty(), "assignments are at least one", text);
    expect(app::parse_assignments(written) == *assignments, "assignments read back as themselves", written);
    for (auto one = assignments->begin(); one != assignments->end(); ++one) {
      const bool twice =
          std::any_of(assignments->begin(), one, [&](const auto& earlier) { return earlier.first == one->first; });
      expect(!one->first.empty() && !twice, "every name is there once", text);
    }
  }
  const auto pieces = app::split(text, ',');
  const auto separators = static_cast<std::size_t>(std::count(text.begin(), text.end(), ','));
  expect(pieces.empty() || pieces.size() == separators + 1, "a list has a piece on each side of a comma", text);
  for (const std::string& piece : pieces) expect(app::trimmed(piece) == piece, "a piece is trimmed", piece);
  expect(app::lower_case(app::upper_case(text)) == app::lower_case(text), "case goes both ways", text);
}

void check(std::string_view input) {
  const auto flag = app::parse_boolean(input);
  expect(!flag || input.size() <= 5, "a truth value is a short word", input);
  check_numbers(input);
  check_fraction(input);
  check_money(input);
  check_times(input);
  check_lists(input);
}

const Target target("units", check);

}  // namespace
}  // namespace rebalancer::fuzz
