#include "core/portfolio/shortfall.hpp"

#include <doctest/doctest.h>

#include "support/portfolio_builders.hpp"

using namespace rebalancer;

namespace {

Price price(const char* text) { return Price::make(Decimal::parse(text).value()).value(); }
Quantity quantity(const char* text) { return Quantity(Decimal::parse(text).value()); }

}  // namespace

TEST_CASE("paid more or received less than at the reference, to the last digit of the fills") {
  const std::vector<PricedQuantity> fills{{quantity("3"), price("10.10")}, {quantity("2"), price("10.25")}};
  const std::optional<Price> average = price("10.16");
  CHECK(shortfall_of(Side::buy, quantity("5"), average, fills, price("10"))->to_string() == "0.8");
  CHECK(shortfall_of(Side::sell, quantity("5"), average, fills, price("10"))->to_string() == "-0.8");
  CHECK(shortfall_bp(Decimal::parse("0.8").value(), quantity("5"), price("10")) == doctest::Approx(160));
}

TEST_CASE("with fills missing the average speaks; with nothing filled nobody does") {
  const std::vector<PricedQuantity> one{{quantity("3"), price("10.10")}};
  CHECK(shortfall_of(Side::buy, quantity("5"), price("10.2"), one, price("10"))->to_string() == "1");
  CHECK_FALSE(shortfall_of(Side::buy, quantity("5"), std::nullopt, one, price("10")).has_value());
  CHECK_FALSE(shortfall_of(Side::buy, Quantity(), price("10.2"), {}, price("10")).has_value());
}
