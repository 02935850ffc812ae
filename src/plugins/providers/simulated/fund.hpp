// What a made-up fund is like.
#pragma once
#include <cstdint>
#include <string_view>

struct Fund {
  double first_price;     // dollars, on the first day
  double growth;          // total return of the trend, per year
  double volatility;      // per year
  double market;          // correlation with the market factor
  double rates;           // correlation with the interest-rate factor
  double dividend_yield;  // per year
  bool pays_monthly;      // else quarterly
  bool splits;            // 2:1, every fourth year
  double volume;          // shares on a common day
};

// A stable 64-bit number for a name.
[[nodiscard]] std::uint64_t hash_of(std::string_view name);

[[nodiscard]] Fund fund_named(std::string_view symbol);
