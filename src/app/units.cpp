#include "app/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace rebalancer::app {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The whole of `text` as a finite number in plain or scientific notation; NaN when it is not one.
double number_or_nan(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty() || (!is_digit(text.front()) && text.front() != '-' && text.front() != '.')) return NAN;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return NAN;
  return value;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text = trimmed(text.substr(0, text.size() - suffix.size()));
  return true;
}

// "1,000,000.50" without its commas; empty when they do not separate groups of three.
std::string without_separators(std::string_view text) {
  const std::string_view whole = text.substr(0, text.find('.'));
  if (whole.find(',') == std::string_view::npos) return std::string(text);
  std::string result;
  std::size_t since_comma = 0;
  bool seen_comma = false;
  for (const char c : whole) {
    if (c == ',') {
      if (seen_comma ? since_comma != 3 : (since_comma == 0 || since_comma > 3)) return {};
      seen_comma = true;
      since_comma = 0;
    } else {
      result += c;
      ++since_comma;
    }
  }
  if (since_comma != 3) return {};
  return result.append(text.substr(whole.size()));
}

}  // namespace

Result<bool> parse_boolean(std::string_view text) {
  const std::string word = lower_case(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return fail(ErrorCode::invalid, "must be true or false");
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t minimum, std::int64_t maximum) {
  std::int64_t value = 0;
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool padded = digits.size() > 1 && digits.front() == '0';
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || padded || end != text.data() + text.size() || problem == std::errc::invalid_argument) {
    return fail(ErrorCode::invalid, "must be a whole number");
  }
  if (problem == std::errc::result_out_of_range || value < minimum || value > maximum) {
    return fail(ErrorCode::invalid, "must be between {} and {}", minimum, maximum);
  }
  return value;
}

Result<double> parse_number(std::string_view text, double minimum, double maximum) {
  const double value = number_or_nan(text);
  if (std::isnan(value)) return fail(ErrorCode::invalid, "must be a number");
  if (value < minimum || value > maximum) {
    return fail(ErrorCode::invalid, "must be between {} and {}", minimum, maximum);
  }
  return value;
}

Result<double> parse_fraction(std::string_view text, double minimum, double maximum) {
  std::string_view digits = text;
  double divisor = 1;
  if (take_suffix(digits, "%")) {
    divisor = 100;
  } else if (take_suffix(digits, "bps") || take_suffix(digits, "bp")) {
    divisor = 10'000;
  }
  const double written = number_or_nan(digits);
  if (std::isnan(written)) return fail(ErrorCode::invalid, "must be a fraction such as 5%, 25bp or 0.05");
  const double value = written / divisor;
  // Where percent of it would be too little, such as for a gross limit, a number above 1 is meant as it stands.
  if (divisor == 1 && value > 1 && value <= maximum * 100 && value / 100 >= minimum) {
    return fail(ErrorCode::invalid, "must be a fraction: did you mean {}%?", written);
  }
  if (value < minimum || value > maximum) {
    return fail(ErrorCode::invalid, "must be between {} and {}", fraction_text(minimum), fraction_text(maximum));
  }
  return value;
}

Result<Decimal> parse_money(std::string_view text) {
  std::string_view digits = trimmed(text);
  if (digits.starts_with('$')) {
    digits = trimmed(digits.substr(1));
  } else if (digits.size() > 3 && std::all_of(digits.end() - 3, digits.end(), [](char c) { return std::isalpha(c); })) {
    if (!take_suffix(digits, "USD")) return fail(ErrorCode::invalid, "must be in dollars, such as $250 or 250 USD");
  }
  const std::string plain = without_separators(digits);
  if (!plain.empty() && plain.front() == '-') return fail(ErrorCode::invalid, "must not be negative");
  auto amount = Decimal::parse(plain);
  if (!amount) return fail(ErrorCode::invalid, "must be an amount such as $250 or 1000.50, with at most nine places");
  return *amount;
}

Result<std::chrono::minutes> parse_duration(std::string_view text, std::chrono::minutes maximum) {
  const std::int64_t most = maximum.count();
  const auto rule = [most] {
    return most % 1440 == 0 ? fmt::format("must be a time of at most {}d, as in 45m, 24h or 7d", most / 1440)
                            : fmt::format("must be a time of at most {}m, as in 45m, 24h or 7d", most);
  };
  std::int64_t unit = 0;
  if (take_suffix(text, "m")) unit = 1;
  if (unit == 0 && take_suffix(text, "h")) unit = 60;
  if (unit == 0 && take_suffix(text, "d")) unit = 1440;
  if (unit == 0) return fail(ErrorCode::invalid, "{}", rule());
  const auto count = parse_integer(text, 1, most / unit);
  if (!count) return fail(ErrorCode::invalid, "{}", rule());
  return std::chrono::minutes(*count * unit);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_assignments(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string& piece : split(text, ',')) {
    const std::size_t equals = piece.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == piece.size()) {
      return fail(ErrorCode::invalid, "must be NAME=value,NAME=value");
    }
    std::string name(trimmed(std::string_view(piece).substr(0, equals)));
    for (const auto& [earlier, value] : result) {
      if (earlier == name) return fail(ErrorCode::invalid, "names {} twice", name);
    }
    result.emplace_back(std::move(name), trimmed(std::string_view(piece).substr(equals + 1)));
  }
  if (result.empty()) return fail(ErrorCode::invalid, "must be NAME=value,NAME=value");
  return result;
}

std::string fraction_text(double fraction) {
  const std::string percent = fmt::format("{:.10g}", fraction * 100);
  if (number_or_nan(percent) / 100 == fraction) return percent + "%";
  if (fraction <= 1) return fmt::format("{}", fraction);
  // A bare number above 1 is not read as a fraction; one of the numbers next to the product divides back to it.
  for (const auto& [factor, unit] : {std::pair(100.0, "%"), std::pair(10'000.0, "bp")}) {
    const double product = fraction * factor;
    for (const double near : {product, std::nextafter(product, INFINITY), std::nextafter(product, -INFINITY)}) {
      if (near / factor == fraction) return fmt::format("{}{}", near, unit);
    }
  }
  return fmt::format("{}", fraction);
}

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  if (trimmed(text).empty()) return pieces;
  while (true) {
    const std::size_t end = text.find(separator);
    pieces.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

}  // namespace rebalancer::app
