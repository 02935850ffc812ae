#include "app/optimize_text.hpp"

#include <algorithm>
#include <cmath>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "app/report_text.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

using Object = boost::json::object;

std::optional<double> number(const Object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

std::optional<std::string> word(const Object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string(found->get_string());
}

std::string estimates_text(const Object& estimates) {
  std::string out =
      fmt::format("estimates: risk model {}, expected returns {}", word(estimates, "risk_model").value_or("none"),
                  word(estimates, "expected_returns").value_or("none"));
  if (const auto days = number(estimates, "days")) out += fmt::format(", {:.0f} days", *days);
  if (const auto dropped = number(estimates, "days_dropped"); dropped && *dropped > 0) {
    out += fmt::format(" ({:.0f} left out)", *dropped);
  }
  if (const auto shrinkage = number(estimates, "shrinkage")) {
    out += fmt::format(", shrunk by {:.1f}%", 100 * *shrinkage);
  }
  return out + "\n";
}

// The dearest first, as the strategies sort them.
std::string binding_text(const boost::json::array& binding) {
  constexpr std::size_t shown_max = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(binding.size(), shown_max); ++i) {
    if (!binding[i].is_object()) continue;
    const auto name = word(binding[i].get_object(), "constraint");
    const auto price = number(binding[i].get_object(), "price");
    if (!name || !price) continue;
    out += fmt::format("{}{:<28} worth {:.3g} per 1.00 of it\n", out.empty() ? "binds: " : "       ", *name, *price);
  }
  if (binding.size() > shown_max) out += fmt::format("       and {} more\n", binding.size() - shown_max);
  return out;
}

std::string sensitivity_text(const Object& sensitivity) {
  const auto typical = number(sensitivity, "moved"), largest = number(sensitivity, "most_moved");
  const auto symbol = word(sensitivity, "most_symbol");
  if (!typical || !largest || !symbol) return {};
  return fmt::format(
      "if one expected return is a standard error higher, {:.1f}% of the portfolio moves\n"
      "  (root mean square of {:.0f} symbols); {:.1f}% if it is that of {}\n",
      100 * *typical, number(sensitivity, "symbols_tried").value_or(0), 100 * *largest, *symbol);
}

}  // namespace

Result<ShareBook> read_shares(const Decimal& money, const PriceFrame& prices, const Weights& weights) {
  std::vector<ShareTarget> targets;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    const Symbol& symbol = prices.symbols()[i];
    const double fraction = weights.of(symbol);
    // Weights this small are rounding, and no share.
    const double wanted = std::abs(fraction) < 1e-10 ? 0.0 : fraction * money.to_double();
    const auto value = Decimal::from_double(wanted, Rounding::half_even);
    const auto price = Decimal::from_double(
        prices.values()(static_cast<Eigen::Index>(prices.rows() - 1), static_cast<Eigen::Index>(i)),
        Rounding::half_even);
    if (!value) return fail(value.error());
    if (!price) return fail(ErrorCode::invalid, "the last price of {} is no price", symbol);
    if (value->is_negative()) {
      return fail(ErrorCode::invalid, "{} has a weight of {:.6g}: a book of whole shares is long only", symbol,
                  fraction);
    }
    targets.push_back({*value, *price});
  }
  return allocate_shares(targets);
}

std::string shares_json(const PriceFrame& prices, const ShareBook& book) {
  JsonText json;
  json.object().key("shares").object();
  for (std::size_t i = 0; i < prices.cols(); ++i) json.member(prices.symbols()[i].str(), book.shares[i]);
  json.end().member("leftover", book.leftover.to_string()).member("objective", book.objective.to_string());
  json.member("bound", book.bound.to_string()).member("proven", book.is_proven());
  return json.member("greedy_objective", book.greedy_objective.to_string()).end().str();
}

std::string shares_text(const PriceFrame& prices, const ShareBook& book) {
  constexpr std::size_t width = 80;
  std::string out, line = "whole shares:";
  bool any = false;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    if (book.shares[i] == 0) continue;
    const std::string entry = fmt::format("{} {} {}", any ? "," : "", book.shares[i], prices.symbols()[i]);
    if (line.size() + entry.size() >= width) {
      out += line + (any ? ",\n" : "\n");
      line = " " + entry.substr(any ? 1 : 0);
    } else {
      line += entry;
    }
    any = true;
  }
  out += line + (any ? "\n" : " none\n");
  out += fmt::format("  ${} left over; off the targets by ${} in all, ", amount_text(book.leftover),
                     amount_text(book.objective));
  out += book.is_proven() ? std::string("proven to be the least\n")
                          : fmt::format("proven to be at least ${}\n", amount_text(book.bound));
  return out + fmt::format("  (greedy rounding: ${})\n", amount_text(book.greedy_objective));
}

std::string explained(const std::string& report_json) {
  boost::system::error_code broken;
  const boost::json::value report = boost::json::parse(report_json, broken);
  if (broken || !report.is_object()) return {};
  const Object& all = report.get_object();
  std::string out;
  if (const auto* estimates = all.if_contains("estimates"); estimates != nullptr && estimates->is_object()) {
    out += estimates_text(estimates->get_object());
  }
  if (const auto positions = number(all, "effective_positions")) {
    out += fmt::format("effective number of positions: {:.2f}\n", *positions);
  }
  if (const auto* binding = all.if_contains("binding"); binding != nullptr && binding->is_array()) {
    out += binding_text(binding->get_array());
  }
  if (const auto* sensitivity = all.if_contains("sensitivity"); sensitivity != nullptr && sensitivity->is_object()) {
    out += sensitivity_text(sensitivity->get_object());
  }
  return out;
}

}  // namespace rebalancer::app
