#pragma once
#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace rebalancer {

struct Unresolved {
  std::string why;
  bool transient = false;  // another attempt may go better
};

// The addresses of a host name, in the order the system prefers them. The system's resolver cannot be interrupted, so
// it runs in a thread of its own, which is left behind when the patience ends or a stop is requested.
[[nodiscard]] tl::expected<std::vector<std::string>, Unresolved> resolve(const std::string& host,
                                                                         std::chrono::milliseconds patience,
                                                                         const std::stop_token& stop);

}  // namespace rebalancer
