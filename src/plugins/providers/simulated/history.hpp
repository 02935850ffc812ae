// A made-up history: every figure is a function of (seed, start, symbol, date) alone.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rebalancer/plugin.h>

#include "core/base/time.hpp"
#include "fund.hpp"

class History {
 public:
  History(std::uint64_t seed, rebalancer::Date start) : seed_(seed), start_(start), until_(start.plus_days(-1)) {}

  // The bars from the start to `until`, at least; valid until the next call.
  [[nodiscard]] std::span<const rb_bar> bars(std::string_view symbol, rebalancer::Date until);

 private:
  struct Session {
    rebalancer::Date date;
    double market, rates;  // the common factors, unit variance
    bool pays_quarterly, pays_monthly, splits;
  };
  struct Path {
    Fund fund;
    std::uint64_t key;
    double price, trend;  // before rounding
    double last_close;
    std::vector<rb_bar> bars;
  };

  void extend(rebalancer::Date until);
  [[nodiscard]] rb_bar next_bar(Path& path, const Session& session) const;

  std::uint64_t seed_;
  rebalancer::Date start_;
  rebalancer::Date until_;
  std::vector<Session> sessions_;
  std::map<std::string, Path, std::less<>> paths_;
};
