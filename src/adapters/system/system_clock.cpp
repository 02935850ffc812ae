#include "adapters/system/system_clock.hpp"

#include <condition_variable>
#include <mutex>

namespace rebalancer::system {

Instant SystemClock::now() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return Instant::from_nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
}

std::chrono::nanoseconds SystemClock::monotonic() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

bool SystemClock::wait(std::chrono::milliseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never_notified;
  std::unique_lock lock(mutex);
  never_notified.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace rebalancer::system
