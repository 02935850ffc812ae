#include "core/portfolio/position.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "support/portfolio_builders.hpp"

namespace rebalancer::test {
namespace {

TEST_CASE("a book is worth its cash and its positions at their prices") {
  const Book held = book("1000.50", {{"BND", "400"}, {"VTI", "12.5"}});
  const auto valuation = value_book(held, price_list({{"BND", "72.31"}, {"VTI", "251.07"}, {"SPY", "500"}}));
  REQUIRE(valuation);
  CHECK(valuation->values.at(symbol("BND")).to_string() == "28924 USD");
  CHECK(valuation->values.at(symbol("VTI")).to_string() == "3138.375 USD");
  CHECK(valuation->values.size() == 2);
  CHECK(valuation->equity.to_string() == "33062.875 USD");
  CHECK(held.quantity_of(symbol("VTI")).to_string() == "12.5");
  CHECK(held.quantity_of(symbol("SPY")).decimal().is_zero());
}

TEST_CASE("a short position counts against the book") {
  const auto valuation = value_book(book("100", {{"VTI", "-1"}}), price_list({{"VTI", "30"}}));
  CHECK(valuation->equity.to_string() == "70 USD");
}

TEST_CASE("a position without a price, and more than a decimal holds, are errors") {
  CHECK(value_book(book("0", {{"VTI", "1"}}), {}).error().code == ErrorCode::not_found);
  CHECK(value_book(book("0", {{"VTI", "1"}}), {}).error().message == "no price for VTI, which is held");
  CHECK(value_book(book("0", {{"VTI", "9000000000"}}), price_list({{"VTI", "2"}})).error().code == ErrorCode::invalid);
}

TEST_CASE("drift is over the union of what is held and what is wanted") {
  const auto drift =
      drift_of(book("1000", {{"AAA", "10"}, {"OLD", "10"}}), price_list({{"AAA", "300"}, {"NEW", "5"}, {"OLD", "100"}}),
               weights({{"AAA", 0.5}, {"NEW", 0.3}}, 0.2));
  REQUIRE(drift);
  REQUIRE(drift->entries.size() == 3);
  CHECK(drift->entries[0].symbol == symbol("AAA"));
  CHECK(drift->entries[0].drift_fraction() == doctest::Approx(0.1).epsilon(1e-12));
  CHECK(drift->entries[1].symbol == symbol("NEW"));
  CHECK(drift->entries[1].drift_fraction() == doctest::Approx(-0.3).epsilon(1e-12));
  CHECK(drift->entries[2].drift_fraction() == doctest::Approx(0.2).epsilon(1e-12));
  CHECK(drift->largest_fraction == doctest::Approx(0.3).epsilon(1e-12));
  CHECK(drift->cash_actual_fraction == doctest::Approx(0.2).epsilon(1e-12));
  CHECK(drift->cash_target_fraction == 0.2);
}

TEST_CASE("a book worth nothing has no drift") {
  CHECK(drift_of(book("0", {}), {}, weights({}, 1)).error().message == "equity is 0 USD, must be positive");
  CHECK_FALSE(drift_of(book("-5", {}), {}, weights({}, 1)));
}

TEST_CASE("weights are finite, named once and sum to 1 within a billionth") {
  const Symbol a = symbol("AAA");
  const Symbol b = symbol("BBB");
  const auto made = Weights::make({{b, 0.25}, {a, 0.5}}, 0.25);
  REQUIRE(made);
  CHECK(made->entries()[0].symbol == a);
  CHECK(made->of(a) == 0.5);
  CHECK(made->of(symbol("AA")) == 0);
  CHECK(made->cash_fraction() == 0.25);
  CHECK(Weights::make({{a, 0.5}, {b, 0.5 + 9e-10}}));
  CHECK_FALSE(Weights::make({{a, 0.5}, {b, 0.5 + 2e-9}}));
  CHECK(Weights::make({{a, 0.5}, {a, 0.5}}).error().message == "weight of AAA is given twice");
  CHECK(Weights::make({{a, 1.2}}).error().message == "weights sum to 1.2, must sum to 1 within 1e-9");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity}) {
    CHECK_FALSE(Weights::make({{a, bad}, {b, 1}}));
    CHECK_FALSE(Weights::make({{a, 1}}, bad));
  }
  CHECK_FALSE(Weights::make({{a, 1e308}, {b, 1e308}}, -1e308));
  CHECK_FALSE(Weights::make({}));
}

}  // namespace
}  // namespace rebalancer::test
