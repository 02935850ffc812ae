#include "core/quant/estimates.hpp"

#include <cmath>
#include <limits>

#include <Eigen/Eigenvalues>
#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/quant/covariance.hpp"
#include "core/quant/market_model.hpp"
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

// Every figure that the reference gives about a covariance.
void agrees_with(const Eigen::MatrixXd& covariance, const boost::json::value& expected) {
  const auto near = [&expected](const char* name, double value) {
    CAPTURE(name);
    if (const auto* wanted = expected.as_object().if_contains(name)) {
      CHECK(value == doctest::Approx(test::number(*wanted)).epsilon(1e-12));
    }
  };
  near("frobenius", covariance.norm());
  near("trace", covariance.trace());
  near("sum", covariance.sum());
  near("c00", covariance(0, 0));
  near("c01", covariance(0, 1));
  near("c02", covariance(0, 2));
  near("c12", covariance(1, 2));
  near("clast", covariance(covariance.rows() - 2, covariance.cols() - 1));
  const Eigen::VectorXd eigenvalues = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(covariance).eigenvalues();
  near("eig_min", eigenvalues.minCoeff());
  near("eig_max", eigenvalues.maxCoeff());
  near("cond", eigenvalues.maxCoeff() / eigenvalues.minCoeff());
  near("logdet", eigenvalues.array().log().sum());
}

std::vector<std::string> names_of(Eigen::Index count) {
  std::vector<std::string> names;
  for (Eigen::Index i = 0; i < count; ++i) names.push_back("S" + std::to_string(i));
  return names;
}

Eigen::MatrixXd random_prices(Eigen::Index days, Eigen::Index count, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd prices = Eigen::MatrixXd::Constant(days, count, 100);
  for (Eigen::Index t = 1; t < days; ++t) {
    const double market = 0.01 * random.normal();
    for (Eigen::Index i = 0; i < count; ++i) {
      prices(t, i) = prices(t - 1, i) * std::exp(market + 0.01 * random.normal());
    }
  }
  return prices;
}

constexpr const char* risk_models[] = {"sample", "ledoit_wolf", "ledoit_wolf_identity", "ledoit_wolf_single_factor",
                                       "oas",    "ewma",        "semicovariance",       "single_index"};

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
  agrees_with(sample.covariance, models.at("cov_checks"));
  const Eigen::VectorXd deviation = sample.covariance.diagonal().cwiseSqrt();
  const Eigen::MatrixXd correlation = sample.covariance.cwiseQuotient(deviation * deviation.transpose());
  const auto& correlations = models.at("corr_checks");
  CHECK(std::abs(correlation.norm() - test::number(correlations.at("frobenius"))) < 1e-13);
  CHECK(std::abs(correlation(0, 1) - test::number(correlations.at("c01"))) < 1e-14);
  CHECK(std::abs((correlation.sum() - 20) / 380 - test::number(correlations.at("mean_offdiag"))) < 1e-14);

  CHECK(difference(with("sample", "geometric").mean, test::vector(models.at("mu_geometric"))) < 1e-13);
  CHECK(difference(with("sample", "ewma").mean, test::vector(models.at("ema_mean_span500").at("simple"))) < 1e-13);

  const auto agrees = [&](const char* model, const boost::json::value& expected) {
    CAPTURE(model);
    const Estimates estimates = with(model, "arithmetic");
    if (const auto* intensity = expected.as_object().if_contains("intensity")) {
      REQUIRE(estimates.shrinkage);
      CHECK(std::abs(*estimates.shrinkage - test::number(*intensity)) < 1e-13);
    }
    agrees_with(estimates.covariance, expected);
  };
  agrees("ledoit_wolf", models.at("ledoit_wolf").at("constant_correlation"));
  agrees("ledoit_wolf_identity", models.at("ledoit_wolf").at("identity"));
  agrees("ledoit_wolf_single_factor", models.at("ledoit_wolf").at("single_factor"));
  agrees("oas", models.at("oas_sklearn"));
  agrees("ewma", models.at("ewma_lambda0.94_zero_mean_normalised"));
  agrees("semicovariance", models.at("semicov_pairwise_rf"));
  const auto slower = estimate(*prices, {.risk_model = "ewma", .ewma_decay = 0.97});
  agrees_with(slower.value().covariance, models.at("ewma_lambda0.97_zero_mean_normalised"));

  // 896 prices: 895 / 252 years.
  const Eigen::VectorXd error = test::vector(models.at("volatility")) / std::sqrt(895.0 / 252);
  CHECK(difference(sample.standard_error, error) < 1e-14);
}

TEST_CASE("unequal histories use the days on which all have prices") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_ragged_prices.csv");
  if (!golden || !prices) return;
  const auto& ragged = golden->at("ragged_dev20");
  const Estimates estimates = estimate(*prices, "sample", "arithmetic", 252).value();
  CHECK(static_cast<double>(estimates.days) == test::number(ragged.at("complete_rows")));
  CHECK(std::abs(estimates.covariance.norm() - test::number(ragged.at("complete_case_cov_frobenius"))) < 1e-13);
  CHECK(estimates.days_dropped == static_cast<Eigen::Index>(prices->rows()) - 896);
  CHECK(estimates.shortest_symbol == "BABA");
  CHECK(estimates.shortest_days == 896);
}

TEST_CASE("unequal histories, each pair over its common days, agree with the independent reference") {
  const auto golden = test::golden();
  const auto prices = test::golden_prices("golden/data/dev20_ragged_prices.csv");
  if (!golden || !prices) return;
  const auto& ragged = golden->at("ragged_dev20");
  const Estimates estimates = estimate(*prices, {.missing = "pairwise"}).value();
  CHECK(difference(estimates.mean, test::vector(ragged.at("mu"))) < 1e-13);
  agrees_with(estimates.covariance, ragged.at("pairwise_cov"));
  const Eigen::MatrixXd returns = returns_with_gaps(view_of(*prices)).value();
  const auto counts = return_counts(returns);
  for (std::size_t i = 0; i < prices->cols(); ++i) {
    const std::string symbol(prices->symbols()[i].str());
    CHECK(static_cast<double>(counts(static_cast<Eigen::Index>(i))) ==
          test::number(ragged.at("valid_returns_per_asset").at(symbol)));
  }
  CHECK(estimates.days == 2333);
  CHECK(estimates.days_dropped == 0);
  CHECK(estimates.shortest_symbol == "BABA");
  CHECK(estimates.shortest_days == 895);
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
  CHECK(difference(estimates->mean, test::vector(models.at("capm").at("expected_returns"))) < 1e-13);
  const Eigen::MatrixXd returns = simple_returns(view_of(*prices)).value();
  const Eigen::VectorXd of_market = simple_returns(view_of(*market)).value().col(0);
  CHECK(difference(market_betas(returns, of_market).value(), test::vector(models.at("capm").at("betas"))) < 1e-13);
  agrees_with(estimates->covariance, models.at("single_index_model_cov"));

  options.allow_factors = true;
  const Estimates factors = estimate(*prices, options).value();
  REQUIRE(factors.factors);
  CHECK(factors.covariance.size() == 0);
  CHECK(dense(*factors.factors) == estimates->covariance);
}

TEST_CASE("without gaps both policies for missing prices say the same") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const auto days = static_cast<Eigen::Index>(3 + seed * 3), count = static_cast<Eigen::Index>(1 + seed % 8);
    const PriceFrame prices = frame(names_of(count), random_prices(days, count, seed));
    for (const char* means : {"arithmetic", "geometric", "ewma"}) {
      const Estimates complete = estimate(prices, {.expected_returns = means}).value();
      const Estimates pairwise = estimate(prices, {.expected_returns = means, .missing = "pairwise"}).value();
      CHECK(difference(pairwise.mean, complete.mean) < 1e-12);
      CHECK((pairwise.covariance - complete.covariance).norm() < 1e-12 * complete.covariance.norm());
      CHECK(pairwise.standard_error == complete.standard_error);
      CHECK(pairwise.days == complete.days);
      CHECK(pairwise.shortest_symbol.empty());
      CHECK(complete.shortest_symbol.empty());
    }
  }
}

TEST_CASE("pairwise estimates are those of each pair's common days") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Eigen::MatrixXd prices = random_prices(120, 4, seed);
    Random random(seed);
    for (int gap = 0; gap < 12; ++gap) {
      prices(static_cast<Eigen::Index>(random.below(120)), static_cast<Eigen::Index>(random.below(4))) = none;
    }
    prices.col(2).head(40).setConstant(none);
    const PriceFrame with_gaps = frame(names_of(4), prices);
    const Estimates estimates = estimate(with_gaps, {.expected_returns = "geometric", .missing = "pairwise"}).value();
    const Eigen::MatrixXd returns = returns_with_gaps(view_of(with_gaps)).value();
    for (Eigen::Index i = 0; i < 4; ++i) {
      for (Eigen::Index j = 0; j < 4; ++j) {
        std::vector<double> a, b;
        for (Eigen::Index t = 0; t < returns.rows(); ++t) {
          if (std::isnan(returns(t, i)) || std::isnan(returns(t, j))) continue;
          a.push_back(returns(t, i));
          b.push_back(returns(t, j));
        }
        const auto days = static_cast<Eigen::Index>(a.size());
        const Eigen::ArrayXd x = Eigen::Map<Eigen::ArrayXd>(a.data(), days);
        const Eigen::ArrayXd y = Eigen::Map<Eigen::ArrayXd>(b.data(), days);
        const double wanted = ((x - x.mean()) * (y - y.mean())).sum() / static_cast<double>(days - 1) * 252;
        CHECK(std::abs(estimates.covariance(i, j) - wanted) < 1e-14);
        if (i != j) continue;
        CHECK(estimates.mean(i) == doctest::Approx(std::expm1((1 + x).log().mean() * 252)).epsilon(1e-11));
        CHECK(std::abs(estimates.standard_error(i) - std::sqrt(wanted / (static_cast<double>(days) / 252))) < 1e-13);
      }
    }
  }
}

TEST_CASE("pairwise covariances that contradict each other, or have too few days, are refused") {
  // A and B move together, B and C together, A and C against each other, each on days of their own.
  Random random(2);
  Eigen::MatrixXd returns = Eigen::MatrixXd::Constant(90, 3, none);
  for (Eigen::Index t = 0; t < 90; ++t) {
    const double move = 0.01 * random.normal();
    const Eigen::Index skipped = t / 30;
    for (Eigen::Index i = 0; i < 3; ++i) {
      if (i != skipped) returns(t, i) = skipped == 1 && i == 2 ? -move : move;
    }
  }
  const std::vector<std::string_view> names{"A", "B", "C"};
  const auto contradiction = pairwise_covariance(returns, names, 252);
  REQUIRE_FALSE(contradiction);
  CHECK(contradiction.error().message.find("the pairwise correlations contradict each other: their least eigenvalue is "
                                           "-") == 0);
  returns.topRows(30).setConstant(none);
  returns.bottomRows(30).setConstant(none);
  CHECK(pairwise_covariance(returns, names, 252).error().message ==
        "A and B have returns on 0 common days, at least 2 are needed");

  Eigen::MatrixXd prices = random_prices(5, 2, 1);
  prices(1, 1) = none;
  prices(3, 1) = none;
  CHECK(estimate(frame({"A", "B"}, prices), {.missing = "pairwise"}).error().message ==
        "B has prices on two neighbouring days 0 times, at least 2 are needed");
  const PriceFrame whole = frame({"A", "B"}, random_prices(9, 2, 1));
  CHECK(estimate(whole, {.missing = "forward"}).error().message ==
        "missing is 'forward', must be complete or pairwise");
  CHECK(estimate(whole, {.risk_model = "oas", .missing = "pairwise"})
            .error()
            .message.find("missing pairwise works with the risk model sample") == 0);
}

TEST_CASE("fewer returns than symbols: the factors say the same as the covariance, in fewer numbers") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const PriceFrame prices = frame(names_of(30), random_prices(12, 30, seed));
    const Estimates whole = estimate(prices, EstimateOptions{}).value();
    const Estimates factors = estimate(prices, {.allow_factors = true}).value();
    CHECK_FALSE(whole.factors);
    REQUIRE(factors.factors);
    CHECK(factors.factors->loadings.cols() == 11);
    CHECK(factors.covariance.size() == 0);
    CHECK((dense(*factors.factors) - whole.covariance).norm() < 1e-13 * whole.covariance.norm());
    CHECK_FALSE(estimate(frame(names_of(5), random_prices(12, 5, seed)), {.allow_factors = true}).value().factors);
  }
}

TEST_CASE("singular and ill-conditioned prices give finite numbers and no negative variance, or a refusal") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto days = static_cast<Eigen::Index>(4 + seed % 17), count = static_cast<Eigen::Index>(1 + seed % 23);
    Eigen::MatrixXd prices = random_prices(days, count, seed);
    if (seed % 3 == 0) prices.col(0).setConstant(7);               // a constant price
    if (seed % 4 == 0) prices.col(count - 1) = prices.col(0) * 3;  // a duplicate
    if (seed % 5 == 0) {                                           // like cash
      for (Eigen::Index t = 0; t < days; ++t) prices(t, count / 2) = 100 * std::exp(1e-4 * static_cast<double>(t));
    }
    if (seed % 6 == 0) prices *= 1e290;
    if (seed % 7 == 0) prices *= 1e-290;
    const Eigen::VectorXd market = random_prices(days, 1, seed + 1000).col(0);
    for (const char* model : risk_models) {
      for (const char* means : {"arithmetic", "geometric", "ewma", "capm"}) {
        CAPTURE(seed);
        CAPTURE(model);
        const auto result =
            estimate(frame(names_of(count), prices), {.risk_model = model,
                                                      .expected_returns = means,
                                                      .market = {market.data(), static_cast<std::size_t>(days)}});
        REQUIRE(result);
        CHECK(result->mean.allFinite());
        CHECK(result->standard_error.minCoeff() >= 0);
        REQUIRE(result->covariance.allFinite());
        CHECK(result->covariance == result->covariance.transpose());
        const double scale = result->covariance.diagonal().maxCoeff();
        if (!(scale > 0)) continue;
        const Eigen::MatrixXd scaled = result->covariance / scale;
        CHECK(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(scaled).eigenvalues().minCoeff() > -1e-12);
      }
    }
  }
}

TEST_CASE("one day, prices that are none and ratios beyond all numbers are refused") {
  CHECK_FALSE(estimate(frame({"A"}, Eigen::MatrixXd::Constant(1, 1, 5)), EstimateOptions{}));
  CHECK_FALSE(estimate(frame({"A"}, Eigen::MatrixXd::Constant(2, 1, 5)), EstimateOptions{}));
  Eigen::MatrixXd jump(4, 1);
  jump << 1e-300, 1e300, 1e-300, 1e300;
  CHECK_FALSE(estimate(frame({"A"}, jump), EstimateOptions{}));
  CHECK_FALSE(estimate(frame({"A"}, jump), {.missing = "pairwise"}));
  jump << 1e-150, 1e10, 1e-150, 1e10;  // returns are numbers, their squares are not
  for (const char* model : risk_models) {
    CAPTURE(model);
    const std::vector<double> market{1, 2, 3, 4};
    const auto result = estimate(frame({"A"}, jump), {.risk_model = model, .market = market});
    if (result) CHECK(result->covariance.allFinite());
  }
  const auto decay = estimate(frame({"A"}, random_prices(9, 1, 1)), {.risk_model = "ewma", .ewma_decay = 1});
  CHECK(decay.error().message == "the decay of ewma is 1, must be between 0 and 1");
}
