// The door through which time comes in, so that a run can be replayed.
#pragma once
#include <chrono>
#include <stop_token>

#include "core/base/time.hpp"

namespace rebalancer {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  // Never jumps; for durations only.
  [[nodiscard]] virtual std::chrono::nanoseconds monotonic() const = 0;
  // Returns early, with false, when a stop is requested.
  virtual bool wait(std::chrono::milliseconds duration, std::stop_token stop) = 0;
};

}  // namespace rebalancer
