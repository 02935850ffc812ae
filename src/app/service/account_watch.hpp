// Compares the account with the journal again and again while nobody trades, so that a fill that never reached us is
// found within a minute whether anybody asks or not. What it finds is named, never mended: the run at its start is what
// takes fills into the journal, and is held by what is left.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "adapters/system/metrics.hpp"
#include "core/base/clock.hpp"
#include "core/ports/broker.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"

namespace rebalancer::app {

// May be used by several threads.
class AccountWatch {
 public:
  // Not configurable: with the 10 s between two questions of `serve` this is what keeps the minute.
  static constexpr std::chrono::seconds interval{30};
  static constexpr std::chrono::seconds retry_after{10};  // when it could not be compared

  struct Finding {
    bool agrees = true;
    std::string reason;
  };

  AccountWatch(Clock& clock, Events& events, system::Metrics& metrics, std::string portfolio)
      : clock_(clock), events_(events), metrics_(metrics), portfolio_(std::move(portfolio)) {}

  // Compares when it is time to, and no run is at work; else the last finding stands. Tells events and metrics what
  // changed. A look that a run overlapped says nothing.
  Finding look(BrokerView& broker, RunStore& store);
  // The broker is known not to answer, so it was not asked: what was found before stands.
  Finding unreachable();

  // Around every run: the two differ while it is at work, and afterwards the next look compares anew.
  void run_begins() { ++runs_; }
  void run_ends() { ++runs_; }

 private:
  [[nodiscard]] Finding finding() const;
  void could_not(const std::string& why);

  Clock& clock_;
  Events& events_;
  system::Metrics& metrics_;
  std::string portfolio_;
  std::atomic<std::uint64_t> runs_ = 0;  // begun and ended: odd while one is at work

  std::mutex mutex_;
  std::optional<std::chrono::nanoseconds> asked_;  // monotonic
  std::uint64_t asked_after_ = 0;                  // of runs_
  bool compared_ = false;                          // once at least
  std::string gap_;                                // by the last comparison; empty: they agree
  std::string failure_;                            // why there was none since; empty: there was
};

}  // namespace rebalancer::app
