// How often a host may be asked: a bucket of tokens per host, filled at a steady rate. Pure: time is an argument.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace rebalancer {

struct HostRate {
  double per_second = 5;
  double burst = 5;  // requests at once after a rest; at least 1
};

struct RateSettings {
  HostRate usual;
  std::map<std::string, HostRate, std::less<>> by_host;  // "query1.finance.yahoo.com"
};

class RateLimiter {
 public:
  explicit RateLimiter(RateSettings settings) : settings_(std::move(settings)) {}

  // Takes one token of the host, on credit when there is none; the answer is how long to wait before the request may
  // leave. Those who ask at once get turns one after the other. `now` is monotonic time.
  [[nodiscard]] std::chrono::nanoseconds reserve(std::string_view host, std::chrono::nanoseconds now);

 private:
  struct Bucket {
    double tokens;
    std::chrono::nanoseconds filled_at;
  };
  RateSettings settings_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

}  // namespace rebalancer
