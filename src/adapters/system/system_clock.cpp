#include "adapters/system/system_clock.hpp"

#include <condition_variable>
#include <mutex>
#include <sys/timex.h>

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

std::optional<bool> clock_synchronized() {
  timex told{};
  const int state = adjtimex(&told);
  if (state < 0) return std::nullopt;
  return state != TIME_ERROR && (told.status & STA_UNSYNC) == 0;
}

}  // namespace rebalancer::system
