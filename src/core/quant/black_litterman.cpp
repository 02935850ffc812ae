#include "core/quant/black_litterman.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <Eigen/QR>

namespace rebalancer {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "12%" or "0.12".
std::optional<double> fraction_of(std::string_view text) {
  text = trimmed(text);
  const bool percent = !text.empty() && text.back() == '%';
  if (percent) text = trimmed(text.substr(0, text.size() - 1));
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return percent ? value / 100 : value;
}

bool is_symbol(std::string_view text) { return !text.empty() && text.find(' ') == std::string_view::npos; }

Result<Eigen::Index> row_of(const std::vector<std::string>& names, const std::string& asset) {
  const auto found = std::find(names.begin(), names.end(), asset);
  if (found == names.end()) {
    return fail(ErrorCode::invalid, "a view is about {}, which is not among the {} symbols to weigh", asset,
                names.size());
  }
  return found - names.begin();
}

}  // namespace

Result<View> parse_view(std::string_view text) {
  const auto refuse = [&]() -> Result<View> {
    return fail(ErrorCode::invalid, "view \"{}\" must read as \"GOOG = 12%\", \"AAPL - T = 3%\" or \"AAPL > T by 3%\"",
                text);
  };
  View view;
  std::string_view left, right, value;
  bool reversed = false;
  if (const auto equals = text.find('='); equals != std::string_view::npos) {
    left = trimmed(text.substr(0, equals));
    value = text.substr(equals + 1);
    if (const auto minus = left.find(" - "); minus != std::string_view::npos) {
      right = trimmed(left.substr(minus + 3));
      left = trimmed(left.substr(0, minus));
      if (!is_symbol(right)) return refuse();
    }
  } else {
    const auto sign = text.find_first_of("<>");
    const auto by = text.rfind(" by ");
    if (sign == std::string_view::npos || by == std::string_view::npos || by < sign) return refuse();
    left = trimmed(text.substr(0, sign));
    right = trimmed(text.substr(sign + 1, by - sign - 1));
    value = text.substr(by + 4);
    reversed = text[sign] == '<';
    if (!is_symbol(right)) return refuse();
  }
  const std::optional<double> number = fraction_of(value);
  if (!is_symbol(left) || !number) return refuse();
  if (left == right) return fail(ErrorCode::invalid, "view \"{}\" compares {} with itself", text, left);
  view.asset = reversed ? right : left;
  view.other = reversed ? left : right;
  view.value = *number;
  return view;
}

Result<Eigen::VectorXd> equilibrium_returns(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& market_weights,
                                            double risk_aversion) {
  if (covariance.cols() != market_weights.size() || !market_weights.allFinite()) {
    return fail(ErrorCode::invalid, "the market has {} weights for {} assets, must be as many finite numbers",
                market_weights.size(), covariance.cols());
  }
  if (!std::isfinite(risk_aversion)) return fail(ErrorCode::invalid, "risk_aversion is {}", risk_aversion);
  return Eigen::VectorXd(risk_aversion * (covariance * market_weights));
}

Result<Posterior> black_litterman(const Eigen::MatrixXd& covariance, const Eigen::VectorXd& prior,
                                  const std::vector<View>& views, double tau, const std::vector<std::string>& names) {
  if (!(tau > 0) || !std::isfinite(tau)) return fail(ErrorCode::invalid, "tau is {}, must be above 0", tau);
  const Eigen::Index count = covariance.cols();
  if (prior.size() != count || static_cast<Eigen::Index>(names.size()) != count || !prior.allFinite()) {
    return fail(ErrorCode::invalid, "the prior has {} returns for {} assets, must be as many finite numbers",
                prior.size(), count);
  }
  const auto view_count = static_cast<Eigen::Index>(views.size());
  Posterior out{prior, prior, (1 + tau) * covariance, Eigen::VectorXd::Zero(view_count)};
  Eigen::MatrixXd picks = Eigen::MatrixXd::Zero(count, view_count);  // P', of the views that weigh anything
  Eigen::VectorXd surprise(view_count), uncertainty(view_count);
  Eigen::Index kept = 0;
  for (Eigen::Index k = 0; k < view_count; ++k) {
    const View& view = views[static_cast<std::size_t>(k)];
    const double confidence = view.confidence.value_or(0.5);
    if (!(confidence >= 0 && confidence <= 1)) {
      return fail(ErrorCode::invalid, "the confidence in the view on {} is {}, must be between 0 and 1", view.asset,
                  confidence);
    }
    if (!std::isfinite(view.value)) {
      return fail(ErrorCode::invalid, "the view on {} is {}, must be finite", view.asset, view.value);
    }
    Eigen::VectorXd pick = Eigen::VectorXd::Zero(count);
    const Result<Eigen::Index> asset = row_of(names, view.asset);
    if (!asset) return fail(asset.error());
    pick(*asset) += 1;
    if (!view.other.empty()) {
      const Result<Eigen::Index> other = row_of(names, view.other);
      if (!other) return fail(other.error());
      pick(*other) -= 1;
    }
    const double variance = tau * pick.dot(covariance * pick);
    if (confidence == 0) {
      out.uncertainty(k) = std::numeric_limits<double>::infinity();
      continue;
    }
    out.uncertainty(k) = view.confidence ? variance * (1 - confidence) / confidence : variance;
    picks.col(kept) = pick;
    surprise(kept) = view.value - pick.dot(prior);
    uncertainty(kept++) = out.uncertainty(k);
  }
  if (kept == 0) return out;
  picks.conservativeResize(Eigen::NoChange, kept);
  const Eigen::MatrixXd moved = tau * (covariance * picks);  // tau S P'
  Eigen::MatrixXd inner = picks.transpose() * moved;
  inner.diagonal() += uncertainty.head(kept);
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> solver(inner);
  if (!solver.isInvertible()) {
    return fail(ErrorCode::conflict,
                "the views contradict or repeat each other, or are about what never moves: give one of them a lower "
                "confidence");
  }
  out.mean += moved * solver.solve(surprise.head(kept));
  const Eigen::MatrixXd learned = moved * solver.solve(moved.transpose());
  out.covariance -= 0.5 * (learned + learned.transpose());
  return out;
}

}  // namespace rebalancer
