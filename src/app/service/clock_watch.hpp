// Notices a wall clock that jumps: against the monotonic clock, which never does.
#pragma once
#include <mutex>
#include <optional>

#include "core/base/clock.hpp"

namespace rebalancer::app {

class ClockWatch {
 public:
  static constexpr std::chrono::seconds jump_min{1};      // less is the ordinary slewing of a synchronized clock
  static constexpr std::chrono::seconds quiet_after{60};  // for so long after a jump the time is not relied upon

  explicit ClockWatch(const Clock& clock) : clock_(clock), wall_(clock.now()), steady_(clock.monotonic()) {}

  // To be asked every second or so: the seconds that the clock was moved by since the last call, if it was.
  std::optional<double> check() {
    const Instant wall = clock_.now();
    const auto steady = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    const auto moved = std::chrono::nanoseconds(wall.nanoseconds() - wall_.nanoseconds()) - (steady - steady_);
    wall_ = wall;
    steady_ = steady;
    if (std::chrono::abs(moved) < jump_min) return std::nullopt;
    jumped_at_ = steady;
    seconds_ = std::chrono::duration<double>(moved).count();
    return seconds_;
  }
  // Seconds of a jump that is less than `quiet_after` ago.
  [[nodiscard]] std::optional<double> recent() const {
    const auto now = clock_.monotonic();
    const std::lock_guard lock(mutex_);
    if (!jumped_at_ || now - *jumped_at_ > quiet_after) return std::nullopt;
    return seconds_;
  }

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  Instant wall_;
  std::chrono::nanoseconds steady_;
  std::optional<std::chrono::nanoseconds> jumped_at_;
  double seconds_ = 0;
};

}  // namespace rebalancer::app
