// The kill switch as a file that people can see, make and read: no file is active, any file is halted, and one whose
// first word is "reducing" is reducing. So `touch data/HALT` halts, whatever else is broken.
#pragma once
#include <cstddef>
#include <filesystem>

#include "core/base/clock.hpp"
#include "core/ports/trading_switch.hpp"

namespace rebalancer::system {

// Our own writes are one line: "halted 2026-11-23T07:30:00.000Z command the market looks odd". What people write by
// hand is by "file", with their words as the reason. Used by several processes and threads at once, each with its own
// object or sharing one, if the clock allows that.
class FileTradingSwitch final : public TradingSwitch {
 public:
  static constexpr std::size_t reason_size_max = 512;  // bytes
  static constexpr std::chrono::milliseconds held_max{50};

  // Makes nothing yet. `clock` outlives it.
  FileTradingSwitch(std::filesystem::path file, Clock& clock) : file_(std::move(file)), clock_(clock) {}
  // Where the switch of a journal is.
  [[nodiscard]] static std::filesystem::path file_beside(const std::filesystem::path& journal) {
    return journal.parent_path() / "HALT";
  }

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] TradingStateRecord read() override;
  [[nodiscard]] Pass pass() override;
  // The reason is made one line and cut to reason_size_max, the time to milliseconds; without a time it is now. First
  // writes, then waits for the passes taken before: so new orders see the state at once, and a pass that is still held
  // when this returns is older than held_max. Halting works on a full disk too, without its reason.
  [[nodiscard]] Result<void> set(const TradingStateRecord& record) override;

 private:
  [[nodiscard]] Result<void> write(const TradingStateRecord& record);
  [[nodiscard]] Result<void> remove();
  [[nodiscard]] std::filesystem::path lock_file() const;

  std::filesystem::path file_;
  Clock& clock_;
};

}  // namespace rebalancer::system
