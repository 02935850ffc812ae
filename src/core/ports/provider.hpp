#pragma once
#include <span>
#include <stop_token>
#include <vector>

#include "core/market/bar.hpp"

namespace rebalancer {

class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  // True when the prices are made up; every output says so.
  [[nodiscard]] virtual bool simulated() const = 0;
  // True when asking costs nothing and what was told may be edited, as a file on this machine: it is asked for the
  // whole window each time.
  [[nodiscard]] virtual bool is_local() const { return false; }
  // Daily bars in [from, to], one table per symbol asked for, a table without bars where there is nothing to tell.
  // No symbols asks for all it knows; invalid when it cannot list them.
  // Errors: unavailable (no network, rate limit), not_found (no such symbol), rejected, invalid.
  [[nodiscard]] virtual Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to,
                                                           std::stop_token stop) = 0;
};

}  // namespace rebalancer
