// Quantity, Price and Money: different things over Decimal, with no implicit way to or from double or each other.
#pragma once
#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"

namespace rebalancer {

// Shares; negative is a short position. An order's quantity is positive and its side says the direction.
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(Decimal shares) : shares_(shares) {}
  [[nodiscard]] constexpr Decimal decimal() const { return shares_; }
  [[nodiscard]] std::string to_string() const { return shares_.to_string(); }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

 private:
  Decimal shares_;
};

// Money per share, always positive.
class Price {
 public:
  // Errors: invalid unless positive.
  [[nodiscard]] static Result<Price> make(Decimal per_share);
  // Rounds half-even to nine places. Errors: invalid for NaN, zero, negative and too large.
  [[nodiscard]] static Result<Price> from_double(double per_share);
  [[nodiscard]] constexpr Decimal decimal() const { return per_share_; }
  [[nodiscard]] std::string to_string() const { return per_share_.to_string(); }
  friend constexpr auto operator<=>(Price, Price) = default;

 private:
  constexpr explicit Price(Decimal per_share) : per_share_(per_share) {}
  Decimal per_share_;
};

// An ISO 4217 code: three capital letters.
class Currency {
 public:
  [[nodiscard]] static Result<Currency> parse(std::string_view code);
  [[nodiscard]] static constexpr Currency usd() { return Currency({'U', 'S', 'D'}); }
  [[nodiscard]] std::string to_string() const { return {code_.begin(), code_.end()}; }
  friend constexpr auto operator<=>(const Currency&, const Currency&) = default;

 private:
  constexpr explicit Currency(std::array<char, 3> code) : code_(code) {}
  std::array<char, 3> code_;
};

class Money {
 public:
  constexpr Money(Decimal amount, Currency currency) : amount_(amount), currency_(currency) {}
  [[nodiscard]] constexpr Decimal amount() const { return amount_; }
  [[nodiscard]] constexpr Currency currency() const { return currency_; }
  // "100000 USD"; amount().to_string() gives the bare number.
  [[nodiscard]] std::string to_string() const { return amount_.to_string() + " " + currency_.to_string(); }
  friend constexpr bool operator==(const Money&, const Money&) = default;

 private:
  Decimal amount_;
  Currency currency_;
};

// Errors: invalid on overflow or when the currencies differ.
[[nodiscard]] Result<Money> add(const Money& a, const Money& b);
[[nodiscard]] Result<Money> subtract(const Money& a, const Money& b);
[[nodiscard]] Result<Money> value_of(Quantity quantity, Price price, Currency currency, Rounding rounding);

}  // namespace rebalancer
