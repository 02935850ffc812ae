#include "app/optimize_text.hpp"

#include <algorithm>
#include <cmath>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/json_text.hpp"

namespace rebalancer::app {

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
  std::string out = "whole shares: ";
  bool any = false;
  for (std::size_t i = 0; i < prices.cols(); ++i) {
    if (book.shares[i] == 0) continue;
    out += fmt::format("{}{} {}", any ? ", " : "", book.shares[i], prices.symbols()[i]);
    any = true;
  }
  out += fmt::format("{}; ${} left over; off the targets by ${} in all, ", any ? "" : "none", book.leftover.to_string(),
                     book.objective.to_string());
  return out +
         (book.is_proven() ? "proven to be the least"
                           : fmt::format("proven to be at least ${}", book.bound.to_string())) +
         fmt::format(" (greedy rounding: ${})\n", book.greedy_objective.to_string());
}

std::string explained(const std::string& report_json) {
  boost::system::error_code broken;
  const boost::json::value report = boost::json::parse(report_json, broken);
  if (broken || !report.is_object()) return {};
  const boost::json::object& all = report.get_object();
  const auto number = [](const boost::json::object& from, std::string_view name) -> std::optional<double> {
    const auto* found = from.if_contains(name);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    return found->to_number<double>();
  };
  std::string out;
  if (const auto* estimates = all.if_contains("estimates"); estimates != nullptr && estimates->is_object()) {
    const auto word = [&](std::string_view name) {
      const auto* found = estimates->get_object().if_contains(name);
      return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string("none");
    };
    out += fmt::format("estimates: risk model {}, expected returns {}", word("risk_model"), word("expected_returns"));
    if (const auto days = number(estimates->get_object(), "days")) out += fmt::format(", {:.0f} days", *days);
    if (const auto dropped = number(estimates->get_object(), "days_dropped"); dropped && *dropped > 0) {
      out += fmt::format(" ({:.0f} left out)", *dropped);
    }
    if (const auto shrinkage = number(estimates->get_object(), "shrinkage")) {
      out += fmt::format(", shrunk by {:.1f}%", 100 * *shrinkage);
    }
    out += "\n";
  }
  if (const auto positions = number(all, "effective_positions")) {
    out += fmt::format("effective number of positions: {:.2f}\n", *positions);
  }
  if (const auto* binding = all.if_contains("binding"); binding != nullptr && binding->is_array()) {
    constexpr std::size_t shown_max = 8;
    const auto& list = binding->get_array();
    for (std::size_t i = 0; i < std::min(list.size(), shown_max); ++i) {
      if (!list[i].is_object()) continue;
      const auto* name = list[i].get_object().if_contains("constraint");
      const auto price = number(list[i].get_object(), "price");
      if (name == nullptr || !name->is_string() || !price) continue;
      out += fmt::format("{}{:<28} worth {:.3g} per 1.00 of it\n", i == 0 ? "binds: " : "       ",
                         std::string_view(name->get_string()), *price);
    }
    if (list.size() > shown_max) out += fmt::format("       and {} more\n", list.size() - shown_max);
  }
  if (const auto* sensitivity = all.if_contains("sensitivity"); sensitivity != nullptr && sensitivity->is_object()) {
    const boost::json::object& told = sensitivity->get_object();
    const auto typical = number(told, "root_mean_square"), largest = number(told, "largest");
    const auto* symbol = told.if_contains("symbol");
    if (typical && largest && symbol != nullptr && symbol->is_string()) {
      out += fmt::format(
          "one standard error in an expected return moves {:.1f}% of the portfolio; that of {} moves "
          "{:.1f}%\n",
          100 * *typical, std::string_view(symbol->get_string()), 100 * *largest);
    }
  }
  return out;
}

}  // namespace rebalancer::app
