#pragma once
#include "core/base/clock.hpp"

namespace rebalancer::system {

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override;
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) override;
};

}  // namespace rebalancer::system
