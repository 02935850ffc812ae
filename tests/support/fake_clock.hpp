// A clock that stands still until a test moves it; waiting moves it at once.
#pragma once
#include "core/base/clock.hpp"

namespace rebalancer::test {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(Instant now = {}) : now_(now) {}

  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override { return monotonic_; }
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    advance(duration);
    waited_ += duration;
    return true;
  }

  void set(Instant now) { now_ = now; }  // jumps, as a corrected system clock does: the monotonic time stays
  void advance(std::chrono::nanoseconds duration) {
    now_ = Instant::from_nanoseconds(now_.nanoseconds() + duration.count());
    monotonic_ += duration;
  }
  // All that was ever waited for.
  [[nodiscard]] std::chrono::milliseconds waited() const { return waited_; }

 private:
  Instant now_;
  std::chrono::nanoseconds monotonic_{0};
  std::chrono::milliseconds waited_{0};
};

}  // namespace rebalancer::test
