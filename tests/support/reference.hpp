// Where third-party reference data lies: REBALANCER_REFERENCE_DIR, ../shared beside the tree by default. A test that
// needs it and does not find it says so, visibly, and passes.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace rebalancer::test {

inline std::optional<std::filesystem::path> reference_file(const std::string& relative) {
  const char* set = std::getenv("REBALANCER_REFERENCE_DIR");
  const auto root =
      set != nullptr ? std::filesystem::path(set) : std::filesystem::path(REBALANCER_SOURCE_DIR) / "../shared";
  const auto file = root / relative;
  if (std::filesystem::exists(file)) return file;
  std::cerr << "SKIPPED: reference data absent: " << file.string() << " (set REBALANCER_REFERENCE_DIR)\n";
  return std::nullopt;
}

}  // namespace rebalancer::test
