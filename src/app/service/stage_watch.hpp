// Each stage of a run has a time limit: beyond it the run is asked to stop, and what does not stop is told.
#pragma once
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "app/config.hpp"
#include "core/base/clock.hpp"
#include "services/pipeline.hpp"

namespace rebalancer::app {

[[nodiscard]] std::chrono::seconds limit_of(const StageLimits& limits, Stage stage);

// One run at a time; watched by one thread while another one runs.
class StageWatch {
 public:
  // How long a stage that was asked to stop may take to do so: as long again as its limit, but no longer than this.
  static constexpr std::chrono::seconds grace_max{30};

  StageWatch(const Clock& clock, StageLimits limits) : clock_(clock), limits_(limits) {}

  // A run begins, and ends; `stop` is what makes it stop. What comes before the first stage counts to it.
  void begin(std::stop_source stop);
  void enter(Stage stage);
  void end();
  // "stage fetch took longer than its limit of 300 s"; empty while no limit was passed in this run.
  [[nodiscard]] std::string exceeded() const;

  // To be asked every second or so. A sentence when a stage was asked to stop and has not: nothing in this process can
  // end it any more.
  [[nodiscard]] std::optional<std::string> check();

 private:
  const Clock& clock_;
  StageLimits limits_;
  mutable std::mutex mutex_;
  std::optional<std::stop_source> stop_;
  Stage stage_ = Stage::fetch;
  std::chrono::nanoseconds entered_{};
  std::string exceeded_;
};

}  // namespace rebalancer::app
