// One symbol's facts as CSV text, and files that change as a whole or not at all.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/fact.hpp"

// The facts of a file, in its order: for one day, later ones were known later. Errors: invalid, "SPY.csv:12: ...".
[[nodiscard]] rebalancer::Result<std::vector<rebalancer::Fact>> parse_facts(std::string_view text,
                                                                            std::string_view name);

// Header included when `with_header`.
[[nodiscard]] std::string facts_text(std::span<const rebalancer::Fact> facts, bool with_header);

// Errors: unavailable; not_found when there is no such file.
[[nodiscard]] rebalancer::Result<std::string> read_file(const std::string& path);

// Durable when it returns: written beside, synced, renamed. Errors: unavailable, exhausted when the disk is full.
[[nodiscard]] rebalancer::Result<void> replace_file(const std::string& path, std::string_view content);

// Held by one writer at a time, across processes, as long as it lives.
class FolderLock {
 public:
  // Waits. Errors: unavailable.
  [[nodiscard]] static rebalancer::Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};
