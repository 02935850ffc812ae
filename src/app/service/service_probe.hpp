// The latest look at the broker, shared by everybody who asks whether it can be reached.
#pragma once
#include <optional>
#include <string>

#include "app/service/service.hpp"

namespace rebalancer::app {

struct Service::BrokerProbe {
  std::optional<std::chrono::nanoseconds> asked;  // monotonic
  bool reachable = false;
  std::string reason;
};

}  // namespace rebalancer::app
