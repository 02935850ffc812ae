#include "core/quant/conflict.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/quant/simplex.hpp"

namespace rebalancer {
namespace {

using active_set::find_vertex;
using active_set::Form;
using active_set::SimplexEnd;
using active_set::Vertex;

constexpr double infinite = std::numeric_limits<double>::infinity();
// Stands for no bound at all: far beyond any weight, near enough for the numbers to stay exact.
constexpr double wide = 1000;
constexpr std::size_t mends_tried_max = 60;
constexpr std::size_t sets_tried_max = 2000;

enum class Kind { limit_lower, limit_upper, turnover, gross, lower, upper };
struct Item {
  Kind kind;
  Eigen::Index index = 0;
};
using Items = std::vector<Item>;

Items items_of(const MeanVarianceProblem& problem) {
  Items out;
  for (Eigen::Index i = 0; i < problem.lower.size(); ++i) {
    out.push_back({Kind::lower, i});
    out.push_back({Kind::upper, i});
  }
  if (std::isfinite(problem.gross_max)) out.push_back({Kind::gross});
  if (problem.trading && std::isfinite(problem.trading->turnover_max)) out.push_back({Kind::turnover});
  for (std::size_t g = 0; g < problem.limits.size(); ++g) {
    const auto index = static_cast<Eigen::Index>(g);
    if (std::isfinite(problem.limits[g].lower)) out.push_back({Kind::limit_lower, index});
    if (std::isfinite(problem.limits[g].upper)) out.push_back({Kind::limit_upper, index});
  }
  return out;
}

// The problem with these constraints alone. A limit without either side keeps its row, so that it can be measured.
MeanVarianceProblem only(const MeanVarianceProblem& problem, const Items& items) {
  const Eigen::Index count = problem.lower.size();
  MeanVarianceProblem out;
  out.lower = Eigen::VectorXd::Constant(count, -wide);
  out.upper = Eigen::VectorXd::Constant(count, wide);
  out.limits = problem.limits;
  for (LinearLimit& limit : out.limits) {
    limit.lower = -infinite;
    limit.upper = infinite;
  }
  if (problem.trading) {
    out.trading = Trading{problem.trading->held, {}, {}};
    if (std::isfinite(problem.trading->turnover_max)) out.trading->turnover_max = wide * static_cast<double>(count);
  }
  if (std::isfinite(problem.gross_max)) out.gross_max = wide * static_cast<double>(count);
  for (const Item& item : items) {
    const auto limit = static_cast<std::size_t>(item.index);
    switch (item.kind) {
      case Kind::limit_lower:
        out.limits[limit].lower = problem.limits[limit].lower;
        break;
      case Kind::limit_upper:
        out.limits[limit].upper = problem.limits[limit].upper;
        break;
      case Kind::turnover:
        out.trading->turnover_max = problem.trading->turnover_max;
        break;
      case Kind::gross:
        out.gross_max = problem.gross_max;
        break;
      case Kind::lower:
        out.lower(item.index) = problem.lower(item.index);
        break;
      case Kind::upper:
        out.upper(item.index) = problem.upper(item.index);
        break;
    }
  }
  return out;
}

bool is_infeasible(const MeanVarianceProblem& problem) {
  if ((problem.lower.array() > problem.upper.array()).any()) return true;
  for (const LinearLimit& limit : problem.limits) {
    if (limit.lower > limit.upper) return true;
  }
  Form form(problem);
  Vertex vertex;
  return find_vertex(form, Eigen::VectorXd::Zero(form.pieces()), vertex) == SimplexEnd::infeasible;
}

Items joined(const Items& a, const Items& b) {
  Items out = a;
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

// Leaves out whatever can be left out beside `kept`, many at a time while that works.
Items reduced(const MeanVarianceProblem& problem, Items items, const Items& kept) {
  if (items.empty()) return items;
  for (std::size_t chunk = std::max<std::size_t>(1, items.size() / 2);; chunk /= 2) {
    for (std::size_t i = 0; i < items.size();) {
      Items rest = items;
      const auto from = rest.begin() + static_cast<std::ptrdiff_t>(i);
      rest.erase(from, from + static_cast<std::ptrdiff_t>(std::min(chunk, items.size() - i)));
      if (is_infeasible(only(problem, joined(rest, kept)))) {
        items = std::move(rest);
      } else {
        i += chunk;
      }
    }
    if (chunk == 1) return items;
  }
}

// Of the sets with fewer than `count` items the first infeasible one, smallest first; none when there is none among the
// first so many.
std::optional<Items> smaller(const MeanVarianceProblem& problem, const Items& written, const Items& unwritten,
                             std::size_t count) {
  // Where no weight can be negative, none can be above one either: such a bound has a part in nothing.
  const bool long_only = problem.lower.minCoeff() >= 0;
  Items candidates;
  for (const Item& item : written) {
    if (!long_only || item.kind != Kind::upper || problem.upper(item.index) < 1) candidates.push_back(item);
  }
  std::size_t tried = 0;
  for (std::size_t size = 1; size < count && size <= candidates.size(); ++size) {
    double sets = 1;
    for (std::size_t k = 0; k < size; ++k)
      sets *= static_cast<double>(candidates.size() - k) / static_cast<double>(k + 1);
    if (sets > static_cast<double>(sets_tried_max - tried)) return {};
    tried += static_cast<std::size_t>(sets);
    std::vector<std::size_t> chosen(size);
    for (std::size_t k = 0; k < size; ++k) chosen[k] = k;
    for (;;) {
      Items set;
      for (const std::size_t k : chosen) set.push_back(candidates[k]);
      if (is_infeasible(only(problem, joined(set, unwritten)))) return set;
      std::size_t k = size;
      while (k > 0 && chosen[k - 1] == candidates.size() - size + k - 1) --k;
      if (k == 0) break;
      ++chosen[k - 1];
      for (; k < size; ++k) chosen[k] = chosen[k - 1] + 1;
    }
  }
  return {};
}

std::string name_of(const MeanVarianceProblem& problem, Eigen::Index asset) {
  const auto index = static_cast<std::size_t>(asset);
  return index < problem.names.size() ? problem.names[index] : fmt::format("asset {}", asset + 1);
}

std::string text_of(const MeanVarianceProblem& problem, const Item& item, double value) {
  switch (item.kind) {
    case Kind::turnover:
      return fmt::format("turnover_max {:.6g}", value);
    case Kind::gross:
      return fmt::format("gross_max {:.6g}", value);
    case Kind::lower:
      return fmt::format("{} >= {:.6g}", name_of(problem, item.index), value);
    case Kind::upper:
      return fmt::format("{} <= {:.6g}", name_of(problem, item.index), value);
    default:
      return problem.limits[static_cast<std::size_t>(item.index)].name;
  }
}

double value_of(const MeanVarianceProblem& problem, const Item& item) {
  const auto limit = static_cast<std::size_t>(item.index);
  switch (item.kind) {
    case Kind::limit_lower:
      return problem.limits[limit].lower;
    case Kind::limit_upper:
      return problem.limits[limit].upper;
    case Kind::turnover:
      return problem.trading->turnover_max;
    case Kind::gross:
      return problem.gross_max;
    case Kind::lower:
      return problem.lower(item.index);
    default:
      return problem.upper(item.index);
  }
}

bool is_floor(const Item& item) { return item.kind == Kind::limit_lower || item.kind == Kind::lower; }

// The value nearest to the constraint's own at which all the others can be met; none when nothing helps.
std::optional<double> mended(const MeanVarianceProblem& problem, const Items& all, const Item& item) {
  Items others;
  for (const Item& other : all) {
    if (other.kind != item.kind || other.index != item.index) others.push_back(other);
  }
  const MeanVarianceProblem rest = only(problem, others);
  if ((rest.lower.array() > rest.upper.array()).any()) return {};
  Form form(rest);
  Eigen::VectorXd cost = Eigen::VectorXd::Zero(form.pieces());
  switch (item.kind) {
    case Kind::limit_lower:
    case Kind::limit_upper:
      cost = form.coefficients.col(1 + item.index);
      break;
    case Kind::turnover:
      cost = form.coefficients.col(form.turnover_row);
      break;
    case Kind::gross:
      cost = form.coefficients.col(form.gross_row);
      break;
    default:
      for (Eigen::Index j = 0; j < form.pieces(); ++j) cost(j) = form.asset_of(j) == item.index ? 1.0 : 0.0;
  }
  if (is_floor(item)) cost = -cost;
  Vertex vertex;
  if (find_vertex(form, cost, vertex) != SimplexEnd::optimal) return {};
  const Eigen::VectorXd weights = form.weights_of(vertex.x);
  switch (item.kind) {
    case Kind::limit_lower:
    case Kind::limit_upper:
      return problem.limits[static_cast<std::size_t>(item.index)].coefficients.dot(weights);
    case Kind::turnover:
      return (weights - problem.trading->held).cwiseAbs().sum();
    case Kind::gross:
      return weights.cwiseAbs().sum();
    default:
      return weights(item.index);
  }
}

// Six digits, rounded to the side that mends.
double rounded(double value, bool down) {
  if (value == 0) return 0;
  const double scale = std::pow(10, 5 - std::floor(std::log10(std::abs(value))));
  constexpr double exact_within = 1e-7;  // of the last digit: no need to go one further
  const double digits = value * scale;
  return (down ? std::floor(digits + exact_within) : std::ceil(digits - exact_within)) / scale;
}

// "tech" of "tech <= 15%": what stands before the comparison.
std::string mend_text(const MeanVarianceProblem& problem, const Item& item, double value) {
  if (item.kind != Kind::limit_lower && item.kind != Kind::limit_upper) return text_of(problem, item, value);
  std::string name = problem.limits[static_cast<std::size_t>(item.index)].name;
  const auto sign = name.find_first_of("<>=");
  if (sign != std::string::npos && sign > 1 && name.find_first_of("<>=", sign + 2) == std::string::npos) {
    name = name.substr(0, name.find_last_not_of(' ', sign - 1) + 1);
    return fmt::format("{} {} {:.6g}", name, is_floor(item) ? ">=" : "<=", value);
  }
  return fmt::format("{} with {:.6g} as its {} end", name, value, is_floor(item) ? "lower" : "upper");
}

}  // namespace

std::optional<Conflict> find_conflict(const MeanVarianceProblem& problem) {
  const Items all = items_of(problem);
  if (!is_infeasible(only(problem, all))) return {};
  // What nobody wrote down, that weights are not negative, is blamed last.
  Items written, unwritten;
  for (const Item& item : all) {
    (item.kind == Kind::lower && problem.lower(item.index) == 0 ? unwritten : written).push_back(item);
  }
  Items core = reduced(problem, written, unwritten);
  const Items other = reduced(problem, Items(written.rbegin(), written.rend()), unwritten);
  if (other.size() < core.size()) core = other;
  if (auto least = smaller(problem, written, unwritten, core.size())) core = *std::move(least);
  core = joined(core, reduced(problem, unwritten, core));
  std::stable_sort(core.begin(), core.end(),
                   [](const Item& a, const Item& b) { return a.kind != b.kind ? a.kind < b.kind : a.index < b.index; });

  Conflict conflict;
  double least = infinite;
  std::size_t tried = 0;
  for (const Item& item : core) {
    const double value = value_of(problem, item);
    if (item.kind == Kind::lower && value == 0) {
      conflict.long_only = true;
      continue;
    }
    conflict.constraints.push_back(text_of(problem, item, value));
    if (++tried > mends_tried_max) continue;
    const std::optional<double> mend = mended(problem, all, item);
    if (!mend || std::abs(*mend - value) >= least) continue;
    least = std::abs(*mend - value);
    conflict.mend = mend_text(problem, item, rounded(*mend, is_floor(item)));
    conflict.mend_size = least;
  }
  return conflict;
}

}  // namespace rebalancer
