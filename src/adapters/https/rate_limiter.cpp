#include "adapters/https/rate_limiter.hpp"

#include <algorithm>
#include <cmath>

namespace rebalancer {

std::chrono::nanoseconds RateLimiter::reserve(std::string_view host, std::chrono::nanoseconds now) {
  const auto own = settings_.by_host.find(host);
  const HostRate& rate = own == settings_.by_host.end() ? settings_.usual : own->second;
  const double burst = std::max(rate.burst, 1.0);
  auto [at, first] = buckets_.try_emplace(std::string(host), Bucket{burst, now});
  Bucket& bucket = at->second;
  const double per_second = std::max(rate.per_second, 1e-3);
  const double seconds = std::chrono::duration<double>(now - bucket.filled_at).count();
  bucket.tokens = std::min(burst, bucket.tokens + seconds * per_second) - 1;
  bucket.filled_at = now;
  if (bucket.tokens >= 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(std::ceil(-bucket.tokens / per_second * 1e9)));
}

}  // namespace rebalancer
