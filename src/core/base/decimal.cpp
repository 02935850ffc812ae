#include "core/base/decimal.hpp"

#include <cmath>
#include <limits>

namespace rebalancer {
namespace {

__extension__ typedef __int128 Wide;

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();

Result<Decimal> narrow(Wide value, const char* operation) {
  if (value > int64_max || value < int64_min) {
    return fail(ErrorCode::invalid, "{} overflows a decimal, which holds at most 9223372036.854775807", operation);
  }
  return Decimal::from_billionths(static_cast<std::int64_t>(value));
}

// numerator / denominator, rounded. The denominator is not zero.
Wide divide_rounded(Wide numerator, Wide denominator, Rounding rounding) {
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  Wide quotient = numerator / denominator;
  const Wide remainder = numerator % denominator;
  if (remainder == 0) return quotient;
  const bool negative = numerator < 0;
  switch (rounding) {
    case Rounding::toward_zero:
      break;
    case Rounding::floor:
      if (negative) --quotient;
      break;
    case Rounding::ceiling:
      if (!negative) ++quotient;
      break;
    case Rounding::half_even: {
      const Wide twice = (negative ? -remainder : remainder) * 2;
      const bool away = twice > denominator || (twice == denominator && quotient % 2 != 0);
      if (away) quotient += negative ? -1 : 1;
      break;
    }
  }
  return quotient;
}

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
  std::string_view digits = text;
  bool negative = false;
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) {
    negative = digits.front() == '-';
    digits.remove_prefix(1);
  }
  Wide value = 0;
  int places = -1;  // -1: the point has not been seen
  bool any = false;
  for (const char c : digits) {
    if (c == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9') return fail(ErrorCode::invalid, "\"{}\" is not a decimal number", text);
    if (places >= 9) return fail(ErrorCode::invalid, "{} has more than nine decimal places", text);
    if (places >= 0) ++places;
    any = true;
    value = value * 10 + (c - '0');
    // One more than the largest: the smallest decimal has no positive counterpart.
    if (value > static_cast<Wide>(int64_max) + 1)
      return fail(ErrorCode::invalid, "{} is too large for a decimal", text);
  }
  if (!any) return fail(ErrorCode::invalid, "\"{}\" is not a decimal number", text);
  for (int place = places < 0 ? 0 : places; place < 9; ++place) value *= 10;
  return narrow(negative ? -value : value, "a number as written");
}

Result<Decimal> Decimal::from_double(double value, Rounding rounding) {
  if (!std::isfinite(value)) return fail(ErrorCode::invalid, "{} is not a finite number", value);
  // A double is mantissa * 2^exponent exactly, so the rounding below is of the true value, not of a product in double.
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  if (exponent > 34) return fail(ErrorCode::invalid, "{} is too large for a decimal", value);
  const auto mantissa = static_cast<std::int64_t>(std::ldexp(fraction, 53));
  const int shift = 53 - exponent;  // value = mantissa / 2^shift, shift >= 19
  // Below 2^-31 the value is under half a billionth; a sign and a nonzero remainder are all that rounding needs.
  const Wide numerator = static_cast<Wide>(mantissa) * scale;
  if (shift > 120) return narrow(divide_rounded(mantissa < 0 ? -1 : (mantissa > 0 ? 1 : 0), 4, rounding), "a number");
  return narrow(divide_rounded(numerator, static_cast<Wide>(1) << shift, rounding), "a number");
}

double Decimal::to_double() const {
  // One division, correctly rounded, of an integer that a double may round first: off by at most one unit in 2^-52.
  return static_cast<double>(billionths_) / static_cast<double>(scale);
}

std::string Decimal::to_string() const {
  const bool negative = billionths_ < 0;
  const auto magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(billionths_) : static_cast<std::uint64_t>(billionths_);
  const std::uint64_t whole = magnitude / static_cast<std::uint64_t>(scale);
  const std::uint64_t part = magnitude % static_cast<std::uint64_t>(scale);
  std::string text = fmt::format("{}{}", negative ? "-" : "", whole);
  if (part != 0) {
    std::string places = fmt::format("{:09}", part);
    places.erase(places.find_last_not_of('0') + 1);
    text += "." + places;
  }
  return text;
}

Result<Decimal> add(Decimal a, Decimal b) {
  return narrow(static_cast<Wide>(a.billionths()) + b.billionths(), "a sum");
}

Result<Decimal> subtract(Decimal a, Decimal b) {
  return narrow(static_cast<Wide>(a.billionths()) - b.billionths(), "a difference");
}

Result<Decimal> multiply(Decimal a, Decimal b, Rounding rounding) {
  const Wide product = static_cast<Wide>(a.billionths()) * b.billionths();
  return narrow(divide_rounded(product, Decimal::scale, rounding), "a product");
}

Result<Decimal> divide(Decimal a, Decimal b, Rounding rounding) {
  if (b.is_zero()) return fail(ErrorCode::invalid, "{} divided by zero", a.to_string());
  return narrow(divide_rounded(static_cast<Wide>(a.billionths()) * Decimal::scale, b.billionths(), rounding),
                "a quotient");
}

Result<Decimal> negate(Decimal a) { return narrow(-static_cast<Wide>(a.billionths()), "a negation"); }

Result<Decimal> round_to(Decimal a, Decimal increment, Rounding rounding) {
  if (!increment.is_positive()) {
    return fail(ErrorCode::invalid, "increment is {}, must be positive", increment.to_string());
  }
  const Wide units = divide_rounded(a.billionths(), increment.billionths(), rounding);
  return narrow(units * increment.billionths(), "a rounded number");
}

}  // namespace rebalancer
