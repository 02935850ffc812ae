// Whether, and after how long, a request is sent again. Pure: no I/O, time is an argument, chance comes seeded.
#pragma once
#include <chrono>
#include <optional>
#include <string_view>

#include "adapters/https/transport.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace rebalancer {

struct RetrySettings {
  int attempts_max = 3;                          // 1: never repeat
  std::chrono::milliseconds backoff_first{500};  // doubled with every attempt
  std::chrono::milliseconds backoff_max{8'000};
  std::chrono::milliseconds retry_after_max{30'000};  // a server that asks for more gets no second request
  std::uint64_t seed = 1;                             // of the jitter
};

class RetryPolicy {
 public:
  using Outcome = tl::expected<HttpResponse, TransportFailure>;

  explicit RetryPolicy(const RetrySettings& settings) : settings_(settings), random_(settings.seed) {}

  // How long to wait before the next attempt; nothing: hand the outcome to the caller. Only GET and HEAD are repeated,
  // after a transient failure and after 429, 502, 503 and 504. `attempt` counts from 1.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wait_before_next(std::string_view method, int attempt,
                                                                          const Outcome& outcome, Instant now);

 private:
  RetrySettings settings_;
  Random random_;
};

// How long a Retry-After header asks to wait: "120", or "Wed, 21 Oct 2026 07:28:00 GMT" (0 when that has passed).
// Nothing for anything else.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(std::string_view value, Instant now);

// How long it is until the moment that X-RateLimit-Reset names, in seconds since 1970 by the server's clock. Nothing
// for anything else, nor for a moment that has passed or is more than an hour away: no window of a limit is that long,
// so it is told by another clock.
[[nodiscard]] std::optional<std::chrono::milliseconds> rate_limit_reset(std::string_view value, Instant server_now);

}  // namespace rebalancer
