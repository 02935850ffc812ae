// Time that goes on when a process dies, and moves only when somebody waits.
#pragma once
#include "core/base/clock.hpp"
#include "world.hpp"

namespace rebalancer::crash {

class SharedClock final : public Clock {
 public:
  // What never jumps begins anew with every process, as after a reboot.
  explicit SharedClock(World& world) : world_(world), started_(world.now) {}

  [[nodiscard]] Instant now() const override { return Instant::from_nanoseconds(world_.now); }
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override {
    return std::chrono::nanoseconds(world_.now - started_);
  }
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    world_.now += std::chrono::nanoseconds(duration).count();
    return true;
  }

 private:
  World& world_;
  std::int64_t started_;
};

}  // namespace rebalancer::crash
