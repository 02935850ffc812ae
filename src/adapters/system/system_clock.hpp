#pragma once
#include <optional>

#include "core/base/clock.hpp"

namespace rebalancer::system {

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] std::chrono::nanoseconds monotonic() const override;
  bool wait(std::chrono::milliseconds duration, std::stop_token stop) override;
};

// Whether the kernel's clock is kept right by somebody (NTP); none when the kernel does not say.
[[nodiscard]] std::optional<bool> clock_synchronized();

}  // namespace rebalancer::system
