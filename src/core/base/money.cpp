#include "core/base/money.hpp"

namespace rebalancer {

Result<Price> Price::make(Decimal per_share) {
  if (!per_share.is_positive()) return fail(ErrorCode::invalid, "price is {}, must be positive", per_share.to_string());
  return Price(per_share);
}

Result<Price> Price::from_double(double per_share) {
  auto decimal = Decimal::from_double(per_share, Rounding::half_even);
  if (!decimal) return fail(ErrorCode::invalid, "price is {}, must be a positive number", per_share);
  return make(*decimal);
}

Result<Currency> Currency::parse(std::string_view code) {
  std::array<char, 3> letters{};
  bool good = code.size() == letters.size();
  for (std::size_t i = 0; good && i < letters.size(); ++i) {
    letters[i] = code[i];
    good = code[i] >= 'A' && code[i] <= 'Z';
  }
  if (!good) return fail(ErrorCode::invalid, "currency is \"{}\", must be three capital letters such as USD", code);
  return Currency(letters);
}

namespace {

Result<Money> combine(const Money& a, const Money& b, Result<Decimal> (*operation)(Decimal, Decimal)) {
  if (a.currency() != b.currency()) {
    return fail(ErrorCode::invalid, "{} and {} are different currencies", a.to_string(), b.to_string());
  }
  auto amount = operation(a.amount(), b.amount());
  if (!amount) return fail(amount.error());
  return Money(*amount, a.currency());
}

}  // namespace

Result<Money> add(const Money& a, const Money& b) { return combine(a, b, &add); }

Result<Money> subtract(const Money& a, const Money& b) { return combine(a, b, &subtract); }

Result<Money> value_of(Quantity quantity, Price price, Currency currency, Rounding rounding) {
  auto amount = multiply(quantity.decimal(), price.decimal(), rounding);
  if (!amount) return fail(amount.error());
  return Money(*amount, currency);
}

}  // namespace rebalancer
