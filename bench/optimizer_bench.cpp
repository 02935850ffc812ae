// One optimum and the whole frontier from ready estimates, on the problems that the comparison with other solvers uses:
// ten factors, T = 2N + 500 days, made by a counter so that every language makes the same numbers.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include <benchmark/benchmark.h>

#include "comparison_inputs.hpp"
#include "core/quant/covariance.hpp"
#include "core/quant/mean_variance.hpp"
#include "core/quant/returns.hpp"

namespace {

using namespace rebalancer;
using bench::returns_of;

// What the makers of the comparison publish, so that nobody times another problem by mistake.
struct Check {
  double mean_first, mean_last, trace, frobenius;
};
const std::map<Eigen::Index, Check> checks{
    {20, {0.19425497373987172, 0.36346799995711787, 1.713959213031869, 0.74704016346979318}},
    {100, {0.12338511007334062, 0.24154216947168231, 8.7828784178718795, 2.4310956969519357}},
    {500, {-0.017461239647421876, 0.12386528085856076, 42.912035113795724, 11.831021080529364}},
    {1000, {0.14531482986711092, 0.12800516871874268, 90.788158921703797, 27.435169277752273}},
    {2000, {-0.0053983255161584058, -0.046851369019244436, 181.24781946220739, 55.560000915670969}}};

const MeanVarianceProblem& problem_of(Eigen::Index count) {
  static std::map<Eigen::Index, MeanVarianceProblem> made;
  if (const auto found = made.find(count); found != made.end()) return found->second;
  const Eigen::MatrixXd returns = returns_of(2 * count + 500, count, 1000 + static_cast<std::uint64_t>(count));
  MeanVarianceProblem problem{arithmetic_mean(returns, 252),
                              sample_covariance(returns, 252),
                              Eigen::VectorXd::Zero(count),
                              Eigen::VectorXd::Ones(count),
                              {},
                              {},
                              {},
                              {},
                              {},
                              std::numeric_limits<double>::infinity()};
  const Check& check = checks.at(count);
  const auto same = [](double a, double b) { return std::abs(a - b) <= 1e-10 * (1 + std::abs(b)); };
  if (!same(problem.mean(0), check.mean_first) || !same(problem.mean(count - 1), check.mean_last) ||
      !same(problem.covariance.trace(), check.trace) || !same(problem.covariance.norm(), check.frobenius)) {
    std::fprintf(stderr, "N=%d is not the problem of the comparison\n", static_cast<int>(count));
    std::abort();
  }
  return made.emplace(count, std::move(problem)).first->second;
}

void min_variance(benchmark::State& state) {
  const MeanVarianceProblem& problem = problem_of(state.range(0));
  double check = 0;
  for (auto _ : state) check = volatility(problem, minimize_variance(problem).value().weights);
  state.counters["volatility"] = check;
}

void max_sharpe(benchmark::State& state) {
  const MeanVarianceProblem& problem = problem_of(state.range(0));
  double check = 0;
  for (auto _ : state) {
    const Eigen::VectorXd weights = maximize_sharpe(problem, 0.02).value().weights;
    check = (expected_return(problem, weights) - 0.02) / volatility(problem, weights);
  }
  state.counters["sharpe_ratio"] = check;
}

void whole_frontier(benchmark::State& state) {
  const MeanVarianceProblem& problem = problem_of(state.range(0));
  std::size_t corners = 0;
  for (auto _ : state) corners = corner_portfolios(problem).value().size();
  state.counters["corners"] = static_cast<double>(corners);
}

// As the comparison counts it: minimum variance at 49 returns spaced evenly below the highest.
void frontier_of_50(benchmark::State& state) {
  const MeanVarianceProblem& problem = problem_of(state.range(0));
  double sum = 0;
  for (auto _ : state) {
    sum = 0;
    for (const CornerPortfolio& point : points_between(corner_portfolios(problem).value(), problem, 50)) {
      sum += point.volatility;
    }
  }
  state.counters["sum_of_volatilities"] = sum;
}

// A factor model asked for directly: no matrix of N x N is ever made.
MeanVarianceProblem factor_problem_of(Eigen::Index count) {
  constexpr Eigen::Index days = 500;
  const Eigen::MatrixXd returns = returns_of(days, count, 7);
  MeanVarianceProblem problem;
  problem.mean = arithmetic_mean(returns, 252);
  // As many factors as days: the sample covariance, of fewer days than assets.
  const Eigen::MatrixXd moves = returns.rowwise() - returns.colwise().mean();
  problem.factors = FactorCovariance{moves.transpose() * std::sqrt(252.0 / (days - 1)), Eigen::VectorXd::Zero(count)};
  problem.lower = Eigen::VectorXd::Zero(count);
  problem.upper = Eigen::VectorXd::Ones(count);
  return problem;
}

void min_variance_low_rank(benchmark::State& state) {
  const MeanVarianceProblem problem = factor_problem_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(minimize_variance(problem).value());
}

void max_sharpe_low_rank(benchmark::State& state) {
  const MeanVarianceProblem problem = factor_problem_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(maximize_sharpe(problem, 0.02).value());
}

// A slider: 50 assets, the limit of one group moved, begun from the answer before.
void one_limit_moved(benchmark::State& state) {
  const Eigen::MatrixXd returns = returns_of(600, 50, 1050);
  MeanVarianceProblem problem;
  problem.mean = arithmetic_mean(returns, 252);
  problem.covariance = sample_covariance(returns, 252);
  problem.lower = Eigen::VectorXd::Zero(50);
  problem.upper = Eigen::VectorXd::Ones(50);
  LinearLimit group{"group", Eigen::VectorXd::Zero(50), 0, 0.3};
  group.coefficients.head(25).setOnes();
  problem.limits.push_back(group);
  MeanVarianceSolution before = maximize_sharpe(problem, 0.02).value();
  int step = 0;
  for (auto _ : state) {
    problem.limits[0].upper = 0.3 - 0.002 * (++step % 100);
    before = maximize_sharpe(problem, 0.02, &before).value();
  }
}

BENCHMARK(min_variance_low_rank)->Arg(1000)->Arg(2000)->Arg(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(max_sharpe_low_rank)->Arg(1000)->Arg(2000)->Arg(5000)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_limit_moved)->Unit(benchmark::kMicrosecond);
BENCHMARK(min_variance)->Arg(20)->Arg(100)->Arg(500)->Arg(1000)->Arg(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(max_sharpe)->Arg(20)->Arg(100)->Arg(500)->Arg(1000)->Arg(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(whole_frontier)->Arg(20)->Arg(100)->Arg(500)->Arg(1000)->Arg(2000)->Unit(benchmark::kMicrosecond);
BENCHMARK(frontier_of_50)->Arg(20)->Arg(100)->Arg(500)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
