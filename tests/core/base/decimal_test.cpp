#include "core/base/decimal.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <boost/multiprecision/cpp_int.hpp>
#include <doctest/doctest.h>

#include "core/base/random.hpp"

namespace rebalancer {
namespace {

using Big = boost::multiprecision::cpp_int;

constexpr Rounding all_roundings[] = {Rounding::toward_zero, Rounding::floor, Rounding::ceiling, Rounding::half_even};
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
const Big billion = 1'000'000'000;

Decimal billionths(std::int64_t value) { return Decimal::from_billionths(value); }

// The definition of each rounding, not a way to compute it: is `result` numerator / denominator rounded?
bool is_rounded(const Big& result, Big numerator, Big denominator, Rounding rounding) {
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  const Big error = numerator - result * denominator;  // true value minus result, times the denominator
  switch (rounding) {
    case Rounding::floor:
      return error >= 0 && error < denominator;
    case Rounding::ceiling:
      return error <= 0 && -error < denominator;
    case Rounding::toward_zero:
      return numerator >= 0 ? error >= 0 && error < denominator : error <= 0 && -error < denominator;
    case Rounding::half_even: {
      const Big twice = abs(error) * 2;
      return twice < denominator || (twice == denominator && result % 2 == 0);
    }
  }
  return false;
}

bool fits(const Big& value) { return value >= int64_min && value <= int64_max; }

// Numbers of every size: a random count of random bits, of either sign, and the corners.
std::int64_t any_int64(Random& random) {
  switch (random.below(12)) {
    case 0:
      return int64_max - static_cast<std::int64_t>(random.below(3));
    case 1:
      return int64_min + static_cast<std::int64_t>(random.below(3));
    case 2:
      return static_cast<std::int64_t>(random.below(5)) - 2;
    case 3:
      return (static_cast<std::int64_t>(random.below(2001)) - 1000) * Decimal::scale / 2;
    default:
      return std::bit_cast<std::int64_t>(random.next()) >> random.below(63);
  }
}

// The true value of a finite double, times a billion, as a fraction.
std::pair<Big, Big> exact_billionths(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const int biased = static_cast<int>(bits >> 52 & 0x7FF);
  Big numerator = bits & 0xFFFFFFFFFFFFFULL;
  if (biased != 0) numerator += Big(1) << 52;
  Big denominator = 1;
  const int exponent = (biased == 0 ? 1 : biased) - 1075;
  if (exponent >= 0)
    numerator <<= exponent;
  else
    denominator <<= -exponent;
  numerator *= billion;
  return {std::signbit(value) ? Big(-numerator) : numerator, denominator};
}

TEST_CASE("every rounding of every small quotient is the one defined") {
  for (std::int64_t a = -60; a <= 60; ++a) {
    for (std::int64_t b = -24; b <= 24; ++b) {
      if (b == 0) continue;
      for (const Rounding rounding : all_roundings) {
        const auto quotient = divide(billionths(a), Decimal::whole(b), rounding);
        REQUIRE(quotient);
        REQUIRE(is_rounded(quotient->billionths(), a, b, rounding));
      }
    }
  }
}

TEST_CASE("ties and their neighbours round as in the table") {
  struct Row {
    std::int64_t halves;  // of a billionth
    std::int64_t toward_zero, floor, ceiling, half_even;
  };
  const Row table[] = {{-5, -2, -3, -2, -2}, {-4, -2, -2, -2, -2}, {-3, -1, -2, -1, -2}, {-2, -1, -1, -1, -1},
                       {-1, 0, -1, 0, 0},    {0, 0, 0, 0, 0},      {1, 0, 0, 1, 0},      {2, 1, 1, 1, 1},
                       {3, 1, 1, 2, 2},      {4, 2, 2, 2, 2},      {5, 2, 2, 3, 2},      {7, 3, 3, 4, 4}};
  for (const Row& row : table) {
    CAPTURE(row.halves);
    const Decimal value = billionths(row.halves);
    CHECK(divide(value, Decimal::whole(2), Rounding::toward_zero)->billionths() == row.toward_zero);
    CHECK(divide(value, Decimal::whole(2), Rounding::floor)->billionths() == row.floor);
    CHECK(divide(value, Decimal::whole(2), Rounding::ceiling)->billionths() == row.ceiling);
    CHECK(divide(value, Decimal::whole(2), Rounding::half_even)->billionths() == row.half_even);
    CHECK(multiply(value, billionths(500'000'000), Rounding::half_even)->billionths() == row.half_even);
    CHECK(multiply(value, billionths(500'000'000), Rounding::floor)->billionths() == row.floor);
    CHECK(round_to(value, billionths(2), Rounding::ceiling)->billionths() == 2 * row.ceiling);
    CHECK(round_to(value, billionths(2), Rounding::toward_zero)->billionths() == 2 * row.toward_zero);
  }
}

TEST_CASE("100000 random sums, products, quotients and multiples are exact or an overflow") {
  Random random(20261123);
  int overflows = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t a = any_int64(random);
    const std::int64_t b = any_int64(random);
    const Rounding rounding = all_roundings[random.below(4)];
    INFO("case " << i << ": " << a << ", " << b << ", rounding " << static_cast<int>(rounding));

    const auto sum = add(billionths(a), billionths(b));
    REQUIRE(sum.has_value() == fits(Big(a) + b));
    if (sum) REQUIRE(sum->billionths() == Big(a) + b);
    const auto difference = subtract(billionths(a), billionths(b));
    REQUIRE(difference.has_value() == fits(Big(a) - b));
    if (difference) REQUIRE(difference->billionths() == Big(a) - b);
    const auto negative = negate(billionths(a));
    REQUIRE(negative.has_value() == (a != int64_min));
    if (negative) REQUIRE(negative->billionths() == -a);

    const auto product = multiply(billionths(a), billionths(b), rounding);
    if (product) {
      REQUIRE(is_rounded(product->billionths(), Big(a) * b, billion, rounding));
    } else {
      REQUIRE_FALSE(is_rounded(int64_max, Big(a) * b, billion, rounding));
      REQUIRE(abs(Big(a) * b) > Big(int64_max) * billion);
      ++overflows;
    }
    const auto quotient = divide(billionths(a), billionths(b), rounding);
    if (b == 0) {
      REQUIRE_FALSE(quotient);
    } else if (quotient) {
      REQUIRE(is_rounded(quotient->billionths(), Big(a) * billion, b, rounding));
    } else {
      REQUIRE(abs(Big(a) * billion) > Big(int64_max) * abs(Big(b)));
    }
    const auto multiple = round_to(billionths(a), billionths(b), rounding);
    if (b <= 0) {
      REQUIRE_FALSE(multiple);
    } else if (multiple) {
      REQUIRE(multiple->billionths() % b == 0);
      REQUIRE(is_rounded(multiple->billionths() / b, a, b, rounding));
    } else {
      REQUIRE(abs(Big(a)) + b > int64_max);
    }
  }
  CHECK(overflows > 1000);
}

TEST_CASE("a division by zero, an overflow and a bad increment say what they are") {
  CHECK(divide(Decimal::whole(3), Decimal(), Rounding::floor).error().message == "3 divided by zero");
  CHECK(add(billionths(int64_max), billionths(1)).error().code == ErrorCode::invalid);
  CHECK(multiply(Decimal::whole(100'000), Decimal::whole(100'000), Rounding::floor).error().message.find("overflows") !=
        std::string::npos);
  CHECK(round_to(Decimal::whole(3), Decimal(), Rounding::floor).error().message == "increment is 0, must be positive");
}

TEST_CASE("every decimal reads back from its own print, the smallest and the largest too") {
  Random random(7);
  for (int i = 0; i < 100'000; ++i) {
    const Decimal value = billionths(any_int64(random));
    const auto read = Decimal::parse(value.to_string());
    INFO("value " << value.to_string());
    REQUIRE(read);
    REQUIRE(*read == value);
  }
  CHECK(billionths(int64_min).to_string() == "-9223372036.854775808");
  CHECK(Decimal::parse("-9223372036.854775808")->billionths() == int64_min);
  CHECK(Decimal::parse("9223372036.854775807")->billionths() == int64_max);
}

TEST_CASE("print has no exponent and no trailing zeros") {
  CHECK(Decimal().to_string() == "0");
  CHECK(billionths(-1).to_string() == "-0.000000001");
  CHECK(billionths(12'500'000'000).to_string() == "12.5");
  CHECK(Decimal::whole(-1000).to_string() == "-1000");
  CHECK(billionths(100'000).to_string() == "0.0001");
}

TEST_CASE("parse takes the forms it names and no others") {
  CHECK(Decimal::parse("12")->billionths() == 12'000'000'000);
  CHECK(Decimal::parse("-0.5")->billionths() == -500'000'000);
  CHECK(Decimal::parse("+1.250")->billionths() == 1'250'000'000);
  CHECK(Decimal::parse("0000000000000000000000000001")->billionths() == 1'000'000'000);
  CHECK(Decimal::parse("0.123456789")->billionths() == 123'456'789);
  CHECK(Decimal::parse("-0")->is_zero());
  for (const char* bad : {"",
                          "-",
                          "+",
                          ".",
                          "-.",
                          "1e3",
                          " 1",
                          "1 ",
                          "1,000",
                          "0x10",
                          "--1",
                          "1..2",
                          "1.2.3",
                          "nan",
                          "inf",
                          "1.0000000000",
                          "9223372036.854775808",
                          "-9223372036.854775809",
                          "9223372037",
                          "99999999999999999999999999999999999999999999"}) {
    CAPTURE(bad);
    const auto value = Decimal::parse(bad);
    REQUIRE_FALSE(value);
    CHECK(value.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("a double becomes the decimal its true value rounds to") {
  struct Row {
    double value;
    std::int64_t toward_zero, floor, ceiling, half_even;
  };
  const Row table[] = {
      {0.0, 0, 0, 0, 0},
      {-0.0, 0, 0, 0, 0},
      // 0.1 is a little more than a tenth, 0.3 and 0.6 a little less.
      {0.1, 100'000'000, 100'000'000, 100'000'001, 100'000'000},
      {0.3, 299'999'999, 299'999'999, 300'000'000, 300'000'000},
      {0.6, 599'999'999, 599'999'999, 600'000'000, 600'000'000},
      {-0.6, -599'999'999, -600'000'000, -599'999'999, -600'000'000},
      {0.5, 500'000'000, 500'000'000, 500'000'000, 500'000'000},
      // 2^-10 and 3 * 2^-10 billionths are ties.
      {0x1.0p-10, 976'562, 976'562, 976'563, 976'562},
      {0x1.8p-9, 2'929'687, 2'929'687, 2'929'688, 2'929'688},
      {-0x1.0p-10, -976'562, -976'563, -976'562, -976'562},
      {1e-9, 1, 1, 2, 1},
      {5e-324, 0, 0, 1, 0},
      {-5e-324, 0, -1, 0, 0},
      {1e-300, 0, 0, 1, 0},
      {2.2250738585072009e-308, 0, 0, 1, 0},
      {9.2e9, 9'200'000'000'000'000'000, 9'200'000'000'000'000'000, 9'200'000'000'000'000'000,
       9'200'000'000'000'000'000},
      {-9.2e9, -9'200'000'000'000'000'000, -9'200'000'000'000'000'000, -9'200'000'000'000'000'000,
       -9'200'000'000'000'000'000},
      {9223372036.0, 9'223'372'036'000'000'000, 9'223'372'036'000'000'000, 9'223'372'036'000'000'000,
       9'223'372'036'000'000'000},
  };
  for (const Row& row : table) {
    CAPTURE(row.value);
    CHECK(Decimal::from_double(row.value, Rounding::toward_zero)->billionths() == row.toward_zero);
    CHECK(Decimal::from_double(row.value, Rounding::floor)->billionths() == row.floor);
    CHECK(Decimal::from_double(row.value, Rounding::ceiling)->billionths() == row.ceiling);
    CHECK(Decimal::from_double(row.value, Rounding::half_even)->billionths() == row.half_even);
  }
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, -infinity, std::nan(""), 9223372037.0, -9223372037.0, 1e10, 2e10, -1e300}) {
    CAPTURE(bad);
    CHECK_FALSE(Decimal::from_double(bad, Rounding::half_even));
  }
}

TEST_CASE("200000 random doubles of every exponent round exactly") {
  Random random(99);
  int in_range = 0;
  for (int i = 0; i < 200'000; ++i) {
    // Exponents around the range of a decimal, from 2^-130 to 2^40, with full and with short mantissas (ties).
    const std::uint64_t mantissa = random.next() >> 12 & ~((std::uint64_t{1} << random.below(53)) - 1);
    const auto bits = (random.next() & 1) << 63 | (893 + random.below(171)) << 52 | mantissa;
    const auto value = std::bit_cast<double>(bits);
    const Rounding rounding = all_roundings[random.below(4)];
    INFO("value " << value << " bits " << bits << " rounding " << static_cast<int>(rounding));
    const auto decimal = Decimal::from_double(value, rounding);
    const auto [numerator, denominator] = exact_billionths(value);
    if (decimal) {
      REQUIRE(is_rounded(decimal->billionths(), numerator, denominator, rounding));
      ++in_range;
    } else {
      REQUIRE(abs(numerator) > Big(int64_max) * denominator);
    }
  }
  CHECK(in_range > 100'000);
}

TEST_CASE("a decimal of at most 15 digits survives the way through double") {
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    const Decimal value =
        billionths(static_cast<std::int64_t>(random.below(2'000'000'000'000'000)) - 1'000'000'000'000'000);
    REQUIRE(Decimal::from_double(value.to_double(), Rounding::half_even).value() == value);
  }
}

}  // namespace
}  // namespace rebalancer
