#include <algorithm>
#include <cmath>
#include <cstddef>

#include "adapters/plugin_host/instance.hpp"
#include "adapters/plugin_host/json_text.hpp"

namespace rebalancer {
namespace {

constexpr double tolerance = 1e-9;
constexpr std::size_t report_size_max = 16 * 1024 * 1024;

rb_str str(const std::string& text) { return {text.data(), text.size()}; }

class StrategyProxy final : public Strategy {
 public:
  explicit StrategyProxy(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<Allocation> weigh(const AllocationProblem& problem) override {
    if (auto fits = check(problem); !fits) return fail(fits.error());
    const auto lock = instance_->enter();
    const rb_frame frame = lend(*problem.prices);
    lend(problem.groups);
    const rb_problem lent{sizeof(rb_problem),
                          &frame,
                          problem.lower.data(),
                          problem.upper.data(),
                          groups_.data(),
                          groups_.size(),
                          problem.current.empty() ? nullptr : problem.current.data(),
                          problem.cost_rate,
                          problem.risk_free_rate,
                          problem.periods_per_year,
                          str(problem.risk_model),
                          str(problem.expected_returns),
                          problem.cost_quadratic,
                          problem.ewma_decay,
                          problem.benchmark.empty() ? nullptr : problem.benchmark.data(),
                          problem.tracking_error_max,
                          problem.turnover_max,
                          problem.gross_max,
                          problem.position_min,
                          static_cast<std::uint64_t>(std::max(0, problem.positions_max))};
    Answer answer{instance_.get(), problem.prices->cols(), 0, {}, {}};
    const auto take = [](void* ctx, const rb_allocation* allocation) noexcept {
      static_cast<Answer*>(ctx)->take(allocation);
    };
    auto called = instance_->run(
        "weigh", [&] { return instance_->api<rb_strategy>().weigh(instance_->self(), &lent, take, &answer); });
    if (!called) return fail(called.error());
    if (answer.count == 0) return instance_->returned("no weights: it never called on_allocation");
    if (answer.count > 1) return instance_->returned("weights {} times, must be once", answer.count);
    if (!answer.broken.empty()) return instance_->returned("{}", answer.broken);
    if (auto kept = check(answer.allocation, problem); !kept) return fail(kept.error());
    return std::move(answer.allocation);
  }

 private:
  struct Answer {
    const Instance* instance;
    std::size_t cols;
    int count;
    std::string broken;  // what is wrong with its form
    Allocation allocation;

    // Only copies: the borrowed memory is gone afterwards, the judgement can wait.
    void take(const rb_allocation* out) {
      if (++count > 1) return;
      if (out == nullptr || !REBALANCER_COVERS(*out, rb_allocation, weights) || out->weights == nullptr) {
        broken = "an allocation without weights";
        return;
      }
      allocation.weights.assign(out->weights, out->weights + cols);
      allocation.objective = REBALANCER_COVERS(*out, rb_allocation, objective) ? out->objective : std::nan("");
      if (REBALANCER_COVERS(*out, rb_allocation, max_violation)) take_certificate(*out);
      if (REBALANCER_COVERS(*out, rb_allocation, report_json)) take_report(out->report_json);
    }
    void take_certificate(const rb_allocation& out) {
      if (std::isnan(out.kkt_residual) && std::isnan(out.duality_gap) && std::isnan(out.max_violation)) return;
      allocation.certificate = Certificate{out.kkt_residual, out.duality_gap, out.max_violation};
    }
    void take_report(rb_str text) {
      auto report = exact_text(text, report_size_max);
      if (report) {
        allocation.report_json = *std::move(report);
      } else {
        broken = "a report that is " + report.error().message;
      }
    }
  };

  static Result<void> check(const AllocationProblem& problem) {
    if (problem.prices == nullptr) return fail(ErrorCode::invalid, "an allocation problem has no prices");
    const std::size_t cols = problem.prices->cols();
    bool fits = problem.lower.size() == cols && problem.upper.size() == cols &&
                (problem.current.empty() || problem.current.size() == cols) &&
                (problem.benchmark.empty() || problem.benchmark.size() == problem.prices->rows());
    for (const GroupConstraint& group : problem.groups) fits = fits && group.coefficients.size() == cols;
    if (!fits)
      return fail(ErrorCode::invalid, "an allocation problem of {} symbols has bounds of another number", cols);
    if (std::isfinite(problem.turnover_max) && problem.current.empty()) {
      return fail(ErrorCode::invalid, "turnover_max is {:.6g}, which needs the weights held now: they are not known",
                  problem.turnover_max);
    }
    return {};
  }

  // Kept between calls, so that lending allocates nothing the second time.
  rb_frame lend(const PriceFrame& prices) {
    dates_.resize(prices.rows());
    for (std::size_t row = 0; row < prices.rows(); ++row) dates_[row] = prices.dates()[row].days();
    symbols_.resize(prices.cols());
    for (std::size_t col = 0; col < prices.cols(); ++col) symbols_[col] = str(prices.symbols()[col].str());
    return {prices.rows(), prices.cols(), dates_.data(), symbols_.data(), prices.values().data()};
  }
  void lend(const std::vector<GroupConstraint>& groups) {
    groups_.clear();
    for (const GroupConstraint& group : groups) {
      groups_.push_back({str(group.name), group.coefficients.data(), group.lower, group.upper});
    }
  }

  Result<void> check(Allocation& allocation, const AllocationProblem& problem) const {
    const std::vector<double>& weights = allocation.weights;
    const auto& symbols = problem.prices->symbols();
    double sum = 0;
    for (std::size_t col = 0; col < weights.size(); ++col) {
      if (!std::isfinite(weights[col])) {
        return instance_->returned("weight {} for {}, must be a finite number", weights[col], symbols[col]);
      }
      sum += weights[col];
    }
    if (std::abs(sum - 1) > tolerance) {
      return instance_->returned("weights that sum to {:.12g}, must sum to 1 within 1e-9", sum);
    }
    for (std::size_t col = 0; col < weights.size(); ++col) {
      if (weights[col] < problem.lower[col] - tolerance) {
        return instance_->returned("weight {:.12g} for {}, must be at least {:.12g}", weights[col], symbols[col],
                                   problem.lower[col]);
      }
      if (weights[col] > problem.upper[col] + tolerance) {
        return instance_->returned("weight {:.12g} for {}, must be at most {:.12g}", weights[col], symbols[col],
                                   problem.upper[col]);
      }
    }
    for (const GroupConstraint& group : problem.groups) {
      if (auto kept = check(group, weights); !kept) return kept;
    }
    if (auto kept = check_book(weights, problem); !kept) return kept;
    return check_rest(allocation);
  }

  // Limits on the weights together. tracking_error_max rests on estimates, which are the strategy's: its certificate is
  // the judge of it.
  Result<void> check_book(const std::vector<double>& weights, const AllocationProblem& problem) const {
    double gross = 0, traded = 0;
    int held = 0;
    for (std::size_t col = 0; col < weights.size(); ++col) {
      const double size = std::abs(weights[col]);
      gross += size;
      if (!problem.current.empty()) traded += std::abs(weights[col] - problem.current[col]);
      if (size <= tolerance) continue;
      ++held;
      if (size < problem.position_min - tolerance) {
        return instance_->returned("weight {:.12g} for {}, must be 0 or at least position_min {:.12g}", weights[col],
                                   problem.prices->symbols()[col], problem.position_min);
      }
    }
    if (gross > problem.gross_max + tolerance) {
      return instance_->returned("weights whose sizes sum to {:.12g}, must be at most gross_max {:.12g}", gross,
                                 problem.gross_max);
    }
    if (traded > problem.turnover_max + tolerance) {
      return instance_->returned("weights that trade {:.12g} of the portfolio, must be at most turnover_max {:.12g}",
                                 traded, problem.turnover_max);
    }
    if (problem.positions_max > 0 && held > problem.positions_max) {
      return instance_->returned("{} positions, must be at most positions_max {}", held, problem.positions_max);
    }
    return {};
  }

  Result<void> check(const GroupConstraint& group, const std::vector<double>& weights) const {
    double sum = 0;
    for (std::size_t col = 0; col < weights.size(); ++col) sum += group.coefficients[col] * weights[col];
    if (sum < group.lower - tolerance) {
      return instance_->returned("weights whose {} is {:.12g}, must be at least {:.12g}", group.name, sum, group.lower);
    }
    if (sum > group.upper + tolerance) {
      return instance_->returned("weights whose {} is {:.12g}, must be at most {:.12g}", group.name, sum, group.upper);
    }
    return {};
  }

  Result<void> check_rest(Allocation& allocation) const {
    if (std::isinf(allocation.objective)) return instance_->returned("objective {}", allocation.objective);
    if (const auto& certificate = allocation.certificate) {
      for (const double figure : {certificate->kkt_residual, certificate->duality_gap, certificate->max_violation}) {
        if (std::isinf(figure)) return instance_->returned("a certificate with an infinite figure");
      }
    }
    if (allocation.report_json.empty()) {
      allocation.report_json = "{}";
      return {};
    }
    const auto report = parse_json(allocation.report_json);
    if (!report) return instance_->returned("a report that is {}", report.error().message);
    if (!report->is_object()) return instance_->returned("a report that is no JSON object");
    return {};
  }

  std::unique_ptr<Instance> instance_;
  std::vector<rb_date> dates_;
  std::vector<rb_str> symbols_;
  std::vector<rb_group> groups_;
};

}  // namespace

std::unique_ptr<Strategy> make_strategy_proxy(std::unique_ptr<Instance> instance) {
  return std::make_unique<StrategyProxy>(std::move(instance));
}

}  // namespace rebalancer
