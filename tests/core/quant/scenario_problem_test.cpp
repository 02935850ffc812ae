// Programs over scenarios where the answer is known: by hand, from the reference, or because there is none.
#include "core/quant/scenario_problem.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "core/quant/conditional_value_at_risk.hpp"
#include "core/quant/drawdown_programs.hpp"
#include "core/quant/returns.hpp"
#include "core/quant/scenario_certificate.hpp"
#include "core/quant/semivariance_program.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

ScenarioProblem long_only(const Eigen::MatrixXd& returns) {
  const Eigen::Index count = returns.cols();
  ScenarioProblem problem{returns, Eigen::VectorXd::Zero(count), Eigen::VectorXd::Ones(count), {}, {}};
  for (Eigen::Index i = 0; i < count; ++i) problem.names.push_back(std::string(1, static_cast<char>('A' + i)));
  return problem;
}

// Two assets of which one loses when the other does not.
ScenarioProblem two_assets() {
  Eigen::MatrixXd returns(4, 2);
  returns << 0.02, 0.01, -0.04, 0.01, 0.02, -0.02, 0.01, 0.03;
  return long_only(returns);
}

std::optional<ScenarioProblem> dev20() {
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!prices) return std::nullopt;
  return long_only(simple_returns(view_of(*prices)).value());
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

void check_proven(const ScenarioProblem& problem, const ScenarioSolution& solution, ScenarioRisk risk,
                  double parameter) {
  const OptimalityProof proof = prove(problem, solution, risk, parameter);
  CHECK(proof.kkt_residual <= 1e-12);
  CHECK(proof.duality_gap <= 1e-12);
  CHECK(proof.max_violation <= 1e-14);
}

}  // namespace

TEST_CASE("the mean of the worst losses counts the last one in part, and is the worst when the tail is below one day") {
  const Eigen::Vector4d losses(0.01, 0.04, -0.02, 0.03);
  CHECK(std::abs(conditional_value_at_risk(losses, 0.5) - 0.035) < 1e-16);
  CHECK(std::abs(conditional_value_at_risk(losses, 0.625) - (0.04 + 0.5 * 0.03) / 1.5) < 1e-16);
  CHECK(conditional_value_at_risk(losses, 0.9) == 0.04);
}

TEST_CASE("drawdowns count from the start as the first peak, without compounding") {
  Eigen::VectorXd returns(5);
  returns << -0.1, 0.3, -0.1, -0.05, 0.5;
  Eigen::VectorXd expected(5);
  expected << 0.1, 0, 0.1, 0.15, 0;
  CHECK(difference(drawdowns_of(returns), expected) < 1e-16);
}

TEST_CASE("two assets: the worst loss is least where two days lose the same") {
  // Days 2 and 3 lose 0.04 w - 0.01 (1 - w) and 0.02 (1 - w) - 0.02 w: equal at w = 1/3.
  const ScenarioProblem problem = two_assets();
  const ScenarioSolution worst = minimize_conditional_value_at_risk(problem, 0.9).value();
  CHECK(std::abs(worst.weights(0) - 1.0 / 3) < 1e-15);
  CHECK(std::abs(worst.risk - 0.02 / 3) < 1e-16);
  CHECK(std::abs(worst.level - worst.risk) < 1e-16);
  check_proven(problem, worst, ScenarioRisk::conditional_value_at_risk, 0.9);
}

TEST_CASE("the reference's optima on 20 stocks are reached with their proof") {
  const auto problem = dev20();
  const auto golden = test::golden();
  if (!problem || !golden) {
    MESSAGE("skipped: the reference numbers are not there (REBALANCER_REFERENCE_DIR)");
    return;
  }
  const auto& optima = golden->at("datasets").at("dev20").at("optimisation");
  {
    const auto& expected = optima.at("min_cvar95");
    const ScenarioSolution best = minimize_conditional_value_at_risk(*problem, 0.95).value();
    CHECK(std::abs(best.objective - test::number(expected.at("cvar"))) <= 1e-14);
    CHECK(std::abs(best.level - test::number(expected.at("var_alpha"))) <= 1e-12);
    CHECK(difference(best.weights, test::vector(expected.at("weights"))) <= 1e-11);
    check_proven(*problem, best, ScenarioRisk::conditional_value_at_risk, 0.95);
  }
  {
    const double expected = test::number(optima.at("min_cdar95").at("value"));
    const ScenarioSolution best = minimize_conditional_drawdown_at_risk(*problem, 0.95).value();
    CHECK(std::abs(best.objective - expected) <= 1e-14);
    check_proven(*problem, best, ScenarioRisk::conditional_drawdown_at_risk, 0.95);
  }
  {
    const double expected = test::number(optima.at("min_max_drawdown").at("value"));
    const ScenarioSolution best = minimize_max_drawdown(*problem).value();
    CHECK(std::abs(best.objective - expected) <= 1e-14);
    check_proven(*problem, best, ScenarioRisk::max_drawdown, 0);
  }
  {
    const auto& expected = optima.at("min_semivariance");
    const ScenarioSolution best = minimize_semivariance(*problem, 0).value();
    CHECK(std::abs(best.objective - test::number(expected.at("semivariance_daily"))) <= 1e-16);
    CHECK(difference(best.weights, test::vector(expected.at("weights"))) <= 1e-11);
    check_proven(*problem, best, ScenarioRisk::semivariance, 0);
  }
}

TEST_CASE("a certificate sees a wrong answer, a wrong price and a wrong tail") {
  const ScenarioProblem problem = two_assets();
  const ScenarioSolution best = minimize_conditional_value_at_risk(problem, 0.9).value();
  const auto proof_of = [&](const ScenarioSolution& solution) {
    return prove(problem, solution, ScenarioRisk::conditional_value_at_risk, 0.9);
  };
  ScenarioSolution other = best;
  other.weights = Eigen::Vector2d(0.5, 0.5);
  CHECK(proof_of(other).duality_gap > 1e-2);
  other.weights = Eigen::Vector2d(0.5, 0.6);
  CHECK(proof_of(other).max_violation > 0.09);
  other = best;
  other.budget_price += 1e-3;
  CHECK(proof_of(other).kkt_residual > 1e-3);
  other = best;
  other.tail *= 1.01;
  CHECK(proof_of(other).kkt_residual > 1e-3);
}

TEST_CASE("a price is what the objective gains when its limit gives way") {
  ScenarioProblem problem = two_assets();
  problem.limits.push_back({"A >= 50%", Eigen::Vector2d(1, 0), 0.5, 1});
  const double step = 1e-7;
  ScenarioProblem relaxed = problem;
  relaxed.limits[0].lower -= step;
  const ScenarioSolution best = minimize_conditional_value_at_risk(problem, 0.9).value();
  const ScenarioSolution lower = minimize_conditional_value_at_risk(relaxed, 0.9).value();
  CHECK(best.limit_prices(0) > 1e-3);
  CHECK(std::abs((best.objective - lower.objective) / step - best.limit_prices(0)) < 1e-7);
}

TEST_CASE("a cost keeps what is held until the gain is worth it, and turnover is limited to the full") {
  ScenarioProblem problem = two_assets();
  problem.held = Eigen::Vector2d(0.5, 0.5);
  problem.trade_cost = Eigen::Vector2d::Constant(0.1);
  const ScenarioSolution kept = minimize_conditional_value_at_risk(problem, 0.9).value();
  CHECK(kept.weights == problem.held);
  CHECK(kept.objective == kept.risk);
  problem.trade_cost.setConstant(0.001);
  problem.turnover_max = 0.1;
  const ScenarioSolution moved = minimize_conditional_value_at_risk(problem, 0.9).value();
  CHECK(std::abs(moved.weights(0) - 0.45) < 1e-15);
  CHECK(std::abs(moved.objective - moved.risk - 0.0001) < 1e-16);
  CHECK(moved.turnover_price < 0);
  check_proven(problem, moved, ScenarioRisk::conditional_value_at_risk, 0.9);
}

TEST_CASE("prices that do not move have no risk under any program") {
  const ScenarioProblem problem = long_only(Eigen::MatrixXd::Zero(6, 3));
  for (const auto& solution :
       {minimize_conditional_value_at_risk(problem, 0.95), minimize_conditional_drawdown_at_risk(problem, 0.95),
        minimize_max_drawdown(problem), minimize_semivariance(problem, 0)}) {
    REQUIRE(solution);
    CHECK(solution->objective == 0);
    CHECK(std::abs(solution->weights.sum() - 1) <= 1e-15);
  }
}

TEST_CASE("input that breaks a rule is refused with the thing, the value and the rule") {
  ScenarioProblem problem = two_assets();
  for (const double confidence : {0.0, 1.0, -0.5, std::nan("")}) {
    CHECK(minimize_conditional_value_at_risk(problem, confidence).error().code == ErrorCode::invalid);
    CHECK(minimize_conditional_drawdown_at_risk(problem, confidence).error().code == ErrorCode::invalid);
  }
  CHECK(minimize_conditional_value_at_risk(problem, 1).error().message ==
        "confidence is 1, must be above 0 and below 1");
  CHECK(minimize_semivariance(problem, std::nan("")).error().code == ErrorCode::invalid);
  problem.returns(2, 1) = std::nan("");
  CHECK(minimize_max_drawdown(problem).error().message == "the returns of B must be finite numbers");
  problem = two_assets();
  problem.turnover_max = 0.1;
  CHECK(minimize_max_drawdown(problem).error().message == "a cost or limit of trading needs the weights held now");
  problem.held = Eigen::Vector2d(0.5, 0.5);
  problem.trade_cost = Eigen::Vector2d(0.1, -0.1);
  CHECK(minimize_max_drawdown(problem).error().message == "trading costs must not be negative");
}

TEST_CASE("constraints that nothing satisfies are named, by every program alike") {
  ScenarioProblem problem = two_assets();
  problem.upper.setConstant(0.4);
  CHECK(minimize_conditional_value_at_risk(problem, 0.9).error().message ==
        "maximum weights sum to 0.8, must be at least 1");
  problem = two_assets();
  problem.upper.setConstant(0.7);
  problem.limits.push_back({"tech <= 15%", Eigen::Vector2d(1, 0), 0, 0.15});
  const Error error = minimize_conditional_value_at_risk(problem, 0.9).error();
  CHECK(error.code == ErrorCode::conflict);
  CHECK(error.message.find("tech <= 15%") != std::string::npos);
  CHECK(minimize_conditional_drawdown_at_risk(problem, 0.9).error() == error);
  CHECK(minimize_max_drawdown(problem).error() == error);
  CHECK(minimize_semivariance(problem, 0).error() == error);
}
