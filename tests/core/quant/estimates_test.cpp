#include "core/quant/estimates.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "support/golden.hpp"

using namespace rebalancer;

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

PriceFrame frame(std::vector<std::string> names, const Eigen::MatrixXd& values) {
  std::vector<Date> dates;
  for (Eigen::Index row = 0; row < values.rows(); ++row) dates.push_back(Date::from_days(static_cast<int>(row)));
  std::vector<Symbol> symbols;
  for (const std::string& name : names) symbols.push_back(Symbol::parse(name).value());
  return PriceFrame::make(std::move(dates), std::move(symbols), values).value();
}

double difference(const Eigen::VectorXd& a, const Eigen::VectorXd& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("returns, means and covariance of a series small enough to check by hand") {
  Eigen::MatrixXd prices(3, 2);
  prices << 100, 50, 110, 50, 99, 100;
  const Estimates estimates = estimate(frame({"A", "B"}, prices), "sample", "arithmetic", 2).value();
  // Returns: A 0.1, -0.1; B 0, 1.
  CHECK(std::abs(estimates.mean(0)) < 1e-15);
  CHECK(std::abs(estimates.mean(1) - 1.0) < 1e-15);
  CHECK(std::abs(estimates.covariance(0, 0) - 0.04) < 1e-15);
  CHECK(std::abs(estimates.covariance(0, 1) + 0.2) < 1e-15);
  CHECK(std::abs(estimates.covariance(1, 1) - 1.0) < 1e-15);
  CHECK(estimates.days == 2);
  CHECK_FALSE(estimates.shrinkage);
  const Estimates geometric = estimate(frame({"A", "B"}, prices), "sample", "geometric", 2).value();
  CHECK(std::abs(geometric.mean(0) + 0.01) < 1e-15);
  CHECK(std::abs(geometric.mean(1) - 1.0) < 1e-15);
}

TEST_CASE("a day without a price of one symbol is left out for all, and the return spans it") {
  Eigen::MatrixXd prices(4, 2);
  prices << 100, 10, 105, none, 110, 11, 121, 22;
  const Eigen::MatrixXd returns = simple_returns(view_of(frame({"A", "B"}, prices))).value();
  REQUIRE(returns.rows() == 2);
  CHECK(std::abs(returns(0, 0) - 0.1) < 1e-15);
  CHECK(std::abs(returns(0, 1) - 0.1) < 1e-15);
  CHECK(std::abs(returns(1, 0) - 0.1) < 1e-15);
  CHECK(std::abs(returns(1, 1) - 1.0) < 1e-15);
}

TEST_CASE("too few common days are refused, naming the symbol with the fewest prices") {
  Eigen::MatrixXd prices(4, 2);
  prices << 100, none, 105, 11, 110, none, 121, 22;
  const auto result = estimate(frame({"OLD", "NEW"}, prices), "sample", "arithmetic", 252);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::invalid);
  CHECK(result.error().message ==
        "every symbol has a price on 2 of 4 days, at least 3 such days are needed; NEW has the fewest: 2");
}

TEST_CASE("an unknown model is refused with the names of those there are") {
  const Eigen::MatrixXd prices = Eigen::MatrixXd::Ones(4, 1);
  const auto risk = estimate(frame({"A"}, prices), "ledoit", "arithmetic", 252);
  CHECK(risk.error().message.find("risk model 'ledoit' is not known; there are sample, ledoit_wolf") == 0);
  const auto returns = estimate(frame({"A"}, prices), "sample", "capn", 252);
  CHECK(returns.error().message == "expected returns 'capn' is not known; there are arithmetic, geometric, ewma, capm");
  const auto alone = estimate(frame({"A"}, prices), "sample", "capm", 252);
  CHECK(alone.error().message.find("expected returns capm needs the market's prices") == 0);
  const auto index = estimate(frame({"A"}, prices), "single_index", "arithmetic", 252);
  CHECK(index.error().message.find("risk model single_index needs the market's prices") == 0);
  CHECK(estimate(frame({"A"}, prices), "sample", "arithmetic", 0).error().code == ErrorCode::invalid);
}

TEST_CASE("constant prices give zeros under every model, never a number that is none") {
  for (const char* model :
       {"sample", "ledoit_wolf", "ledoit_wolf_identity", "ledoit_wolf_single_factor", "oas", "ewma"}) {
    CAPTURE(model);
    const Estimates estimates =
        estimate(frame({"A", "B"}, Eigen::MatrixXd::Constant(6, 2, 7.0)), model, "geometric", 252).value();
    CHECK(estimates.covariance.isZero(0));
    CHECK(estimates.mean.isZero(0));
  }
}

TEST_CASE("a shrunk covariance lies between the sample's and its target, with a positive definite result") {
  Random random(5);
  Eigen::MatrixXd prices = Eigen::MatrixXd::Constant(9, 12, 100);  // fewer days than symbols
  for (Eigen::Index t = 1; t < 9; ++t) {
    for (Eigen::Index i = 0; i < 12; ++i) prices(t, i) = prices(t - 1, i) * (1 + 0.01 * random.normal());
  }
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back("S" + std::to_string(i));
  for (const char* model : {"ledoit_wolf", "ledoit_wolf_identity", "ledoit_wolf_single_factor", "oas"}) {
    CAPTURE(model);
    const Estimates estimates = estimate(frame(names, prices), model, "arithmetic", 252).value();
    REQUIRE(estimates.shrinkage);
    CHECK(*estimates.shrinkage > 0);
    CHECK(*estimates.shrinkage <= 1);
    CHECK(estimates.covariance.isApprox(estimates.covariance.transpose(), 0));
    CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(estimates.covariance).eigenvalues().minCoeff() > 0);
  }
}

TEST_CASE("estimates agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  if (!golden || !prices) return;
  const auto& models = golden->at("datasets").at("dev20").at("risk_models");
  const auto with = [&](const char* risk, const char* returns) {
    return estimate(*prices, risk, returns, 252).value();
  };

  const Estimates sample = with("sample", "arithmetic");
  CHECK(difference(sample.mean, test::vector(models.at("mu"))) < 1e-14);
  CHECK(difference(sample.covariance.diagonal().cwiseSqrt(), test::vector(models.at("volatility"))) < 1e-14);
  const auto& checks = models.at("cov_checks");
  CHECK(std::abs(sample.covariance(0, 0) - test::number(checks.at("c00"))) < 1e-15);
  CHECK(std::abs(sample.covariance(0, 1) - test::number(checks.at("c01"))) < 1e-15);
  CHECK(std::abs(sample.covariance(1, 2) - test::number(checks.at("c12"))) < 1e-15);
  CHECK(std::abs(sample.covariance.trace() - test::number(checks.at("trace"))) < 1e-14);
  CHECK(std::abs(sample.covariance.norm() - test::number(checks.at("frobenius"))) < 1e-14);
  CHECK(std::abs(sample.covariance.sum() - test::number(checks.at("sum"))) < 1e-13);
  const Eigen::VectorXd deviation = sample.covariance.diagonal().cwiseSqrt();
  const Eigen::MatrixXd correlation = sample.covariance.cwiseQuotient(deviation * deviation.transpose());
  CHECK(std::abs(correlation.norm() - test::number(models.at("corr_checks").at("frobenius"))) < 1e-13);

  CHECK(difference(with("sample", "geometric").mean, test::vector(models.at("mu_geometric"))) < 1e-13);
  CHECK(difference(with("sample", "ewma").mean, test::vector(models.at("ema_mean_span500").at("simple"))) < 1e-13);

  const auto agrees = [&](const char* model, const boost::json::value& expected) {
    CAPTURE(model);
    const Estimates estimates = with(model, "arithmetic");
    if (const auto* intensity = expected.as_object().if_contains("intensity")) {
      REQUIRE(estimates.shrinkage);
      CHECK(std::abs(*estimates.shrinkage - test::number(*intensity)) < 1e-13);
    }
    CHECK(std::abs(estimates.covariance.norm() - test::number(expected.at("frobenius"))) < 1e-13);
    CHECK(std::abs(estimates.covariance(0, 0) - test::number(expected.at("c00"))) < 1e-14);
    CHECK(std::abs(estimates.covariance(0, 1) - test::number(expected.at("c01"))) < 1e-14);
  };
  agrees("ledoit_wolf", models.at("ledoit_wolf").at("constant_correlation"));
  agrees("ledoit_wolf_identity", models.at("ledoit_wolf").at("identity"));
  agrees("ledoit_wolf_single_factor", models.at("ledoit_wolf").at("single_factor"));
  agrees("oas", models.at("oas_sklearn"));
  agrees("ewma", models.at("ewma_lambda0.94_zero_mean_normalised"));
  agrees("semicovariance", models.at("semicov_pairwise_rf"));
}

TEST_CASE("unequal histories use the days on which all have prices") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_ragged_prices.csv");
  if (!golden || !prices) return;
  const auto& ragged = golden->at("ragged_dev20");
  const Estimates estimates = estimate(*prices, "sample", "arithmetic", 252).value();
  CHECK(static_cast<double>(estimates.days) == test::number(ragged.at("complete_rows")));
  CHECK(std::abs(estimates.covariance.norm() - test::number(ragged.at("complete_case_cov_frobenius"))) < 1e-13);
}

TEST_CASE("capm and the single-index model agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_prices.csv");
  const auto market = test::golden_prices("golden/data/dev20_bench_spy.csv");
  if (!golden || !prices || !market) return;
  const auto& models = golden->at("datasets").at("dev20").at("risk_models");
  REQUIRE(market->rows() == prices->rows());
  EstimateOptions options;
  options.risk_model = "single_index";
  options.expected_returns = "capm";
  options.market = {market->values().data(), market->rows()};
  const auto estimates = estimate(*prices, options);
  REQUIRE(estimates);
  const auto& expected = models.at("capm").at("expected_returns").as_array();
  for (Eigen::Index i = 0; i < 20; ++i) {
    const double wanted = expected[static_cast<std::size_t>(i)].to_number<double>();
    CHECK(estimates->mean(i) == doctest::Approx(wanted).epsilon(1e-10));
  }
  const auto& index = models.at("single_index_model_cov");
  CHECK(estimates->covariance.norm() == doctest::Approx(index.at("frobenius").to_number<double>()).epsilon(1e-10));
  CHECK(estimates->covariance.trace() == doctest::Approx(index.at("trace").to_number<double>()).epsilon(1e-10));
  CHECK(estimates->covariance(0, 0) == doctest::Approx(index.at("c00").to_number<double>()).epsilon(1e-10));
  CHECK(estimates->covariance(0, 1) == doctest::Approx(index.at("c01").to_number<double>()).epsilon(1e-10));
}
