#include "core/base/money.hpp"

#include <limits>
#include <type_traits>

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

Decimal decimal(const char* text) { return Decimal::parse(text).value(); }

TEST_CASE("no amount turns into another, or into a double, by itself") {
  static_assert(!std::is_convertible_v<Decimal, Quantity>);
  static_assert(!std::is_convertible_v<Quantity, Decimal>);
  static_assert(!std::is_convertible_v<Decimal, Price>);
  static_assert(!std::is_constructible_v<Price, Decimal>);
  static_assert(!std::is_convertible_v<double, Decimal>);
  static_assert(!std::is_constructible_v<Decimal, double>);
  static_assert(!std::is_convertible_v<Decimal, double>);
  static_assert(!std::is_constructible_v<Quantity, double>);
  static_assert(!std::is_constructible_v<Quantity, Price>);
  static_assert(!std::is_constructible_v<Money, Decimal>);
}

TEST_CASE("a price is positive") {
  CHECK(Price::make(decimal("0.000000001"))->to_string() == "0.000000001");
  CHECK(Price::make(Decimal()).error().message == "price is 0, must be positive");
  CHECK(Price::make(decimal("-3")).error().message == "price is -3, must be positive");
  CHECK(Price::from_double(512.34)->to_string() == "512.34");
  for (const double bad :
       {0.0, -1.0, 1e-10, 1e10, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CAPTURE(bad);
    REQUIRE_FALSE(Price::from_double(bad));
    CHECK(Price::from_double(bad).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a currency is three capital letters") {
  CHECK(Currency::parse("EUR")->to_string() == "EUR");
  CHECK(Currency::parse("USD").value() == Currency::usd());
  for (const char* bad : {"", "US", "usd", "USDT", "U$D", "GBp", "12A"}) {
    CAPTURE(bad);
    CHECK_FALSE(Currency::parse(bad));
  }
}

TEST_CASE("money adds within a currency only") {
  const Currency euro = Currency::parse("EUR").value();
  const Money a(decimal("1.10"), euro);
  const Money b(decimal("2.25"), euro);
  CHECK(add(a, b)->to_string() == "3.35 EUR");
  CHECK(subtract(a, b)->to_string() == "-1.15 EUR");
  const Money c(decimal("1"), Currency::usd());
  CHECK(add(a, c).error().message == "1.1 EUR and 1 USD are different currencies");
  CHECK(subtract(c, a).error().code == ErrorCode::invalid);
  CHECK_FALSE(a == Money(decimal("1.10"), Currency::usd()));
  CHECK_FALSE(add(Money(Decimal::whole(9'000'000'000), euro), Money(Decimal::whole(1'000'000'000), euro)));
}

TEST_CASE("a value is quantity times price, rounded as asked") {
  const Price price = Price::make(decimal("0.000000003")).value();
  const Quantity half(decimal("0.5"));
  CHECK(value_of(half, price, Currency::usd(), Rounding::floor)->amount().billionths() == 1);
  CHECK(value_of(half, price, Currency::usd(), Rounding::ceiling)->amount().billionths() == 2);
  CHECK(value_of(half, price, Currency::usd(), Rounding::half_even)->amount().billionths() == 2);
  CHECK(value_of(Quantity(decimal("12.5")), Price::make(decimal("251.07")).value(), Currency::usd(), Rounding::floor)
            ->to_string() == "3138.375 USD");
  CHECK_FALSE(value_of(Quantity(Decimal::whole(9'000'000'000)), Price::make(Decimal::whole(2)).value(), Currency::usd(),
                       Rounding::floor));
}

}  // namespace
}  // namespace rebalancer
