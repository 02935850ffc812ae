#include "app/service/stage_watch.hpp"

#include <algorithm>

namespace rebalancer::app {

std::chrono::seconds limit_of(const StageLimits& limits, Stage stage) {
  switch (stage) {
    case Stage::fetch:
      return std::chrono::seconds(limits.fetch);
    case Stage::optimize:
      return std::chrono::seconds(limits.optimize);
    case Stage::plan:
      return std::chrono::seconds(limits.plan);
    case Stage::check:
      return std::chrono::seconds(limits.check);
    case Stage::execute:
      return std::chrono::seconds(limits.execute);
    case Stage::analyze:
      return std::chrono::seconds(limits.analyze);
  }
  return std::chrono::seconds(limits.execute);
}

void StageWatch::begin(std::stop_source stop) {
  const std::lock_guard lock(mutex_);
  stop_ = std::move(stop);
  stage_ = Stage::fetch;
  entered_ = clock_.monotonic();
  exceeded_.clear();
}

void StageWatch::enter(Stage stage) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  entered_ = clock_.monotonic();
}

void StageWatch::end() {
  const std::lock_guard lock(mutex_);
  stop_.reset();
}

std::string StageWatch::exceeded() const {
  const std::lock_guard lock(mutex_);
  return exceeded_;
}

std::optional<std::string> StageWatch::check() {
  const std::lock_guard lock(mutex_);
  if (!stop_) return std::nullopt;
  const auto limit = limit_of(limits_, stage_);
  const auto taken = clock_.monotonic() - entered_;
  if (taken <= limit) return std::nullopt;
  if (exceeded_.empty()) {
    exceeded_ = fmt::format("stage {} took longer than its limit of {} s", name_of(stage_), limit.count());
    stop_->request_stop();
  }
  const auto grace = std::min(limit, grace_max);
  if (taken <= limit + grace) return std::nullopt;
  return fmt::format("{}, and did not stop within {} s when it was asked to", exceeded_, grace.count());
}

}  // namespace rebalancer::app
