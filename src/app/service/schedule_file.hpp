// The schedule that PUT /schedule set, in a file beside the journal that people can read and remove.
#pragma once
#include <filesystem>
#include <optional>

#include "core/base/error.hpp"
#include "services/scheduler.hpp"

namespace rebalancer::app {

// {"at": "close-20m", "enabled": true, "zone": "America/New_York"}
class ScheduleFile {
 public:
  explicit ScheduleFile(std::filesystem::path file) : file_(std::move(file)) {}
  [[nodiscard]] static std::filesystem::path file_beside(const std::filesystem::path& journal) {
    return journal.parent_path() / "schedule.json";
  }
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  // None when nobody set one. Errors: unavailable when it cannot be read; invalid, naming file and key.
  [[nodiscard]] Result<std::optional<Schedule>> read() const;
  // Durable when it returns, the old one or the new one whatever happens. Errors: unavailable.
  [[nodiscard]] Result<void> write(const Schedule& schedule) const;
  [[nodiscard]] Result<void> remove() const;

 private:
  std::filesystem::path file_;
};

}  // namespace rebalancer::app
