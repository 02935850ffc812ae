// The leave to trade with real money as a file beside the journal: one line that says what it is for, then one line per
// order sent under it. What cannot be read is no leave.
#pragma once
#include <filesystem>

#include "core/base/clock.hpp"
#include "core/ports/live_arming.hpp"

namespace rebalancer::system {

// "armed 2026-11-26T10:00:00.000Z until 2026-11-27T10:00:00.000Z value 5000 account U1234567", then "order ID VALUE".
class ArmingFile final : public LiveArming {
 public:
  // Makes nothing yet. `clock` outlives it.
  ArmingFile(std::filesystem::path file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}
  [[nodiscard]] static std::filesystem::path file_beside(const std::filesystem::path& journal) {
    return journal.parent_path() / "ARMED";
  }

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] Result<std::optional<Arming>> read() override;
  [[nodiscard]] Result<void> check(std::string_view account) override;
  [[nodiscard]] Result<void> admit(std::string_view account, std::string_view client_id, Decimal value) override;
  // Takes the place of an earlier one; nothing counts as sent under it yet. Durable when it returns.
  // Errors: invalid (a value that is not positive, an end that is not after the start), unavailable.
  [[nodiscard]] Result<void> arm(const Arming& arming);
  [[nodiscard]] Result<void> disarm();

 private:
  std::filesystem::path file_;
  const Clock& clock_;
};

}  // namespace rebalancer::system
