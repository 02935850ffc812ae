// Sealed decisions, one text each, kept beside the journal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace rebalancer {

class DecisionStore {
 public:
  virtual ~DecisionStore() = default;
  // Durable when it returns, but not yet seen by anybody: the journal records the seal between the two calls, so that
  // whatever dies when, a decision that the journal knows is there.
  // Errors of all: unavailable or exhausted for a disk that does not take it, not_found, conflict: ambiguous prefix.
  [[nodiscard]] virtual Result<void> stage(std::string_view id, std::string_view text) = 0;
  // What is staged becomes the decision. Ok when that was done before.
  [[nodiscard]] virtual Result<void> publish(std::string_view id) = 0;
  [[nodiscard]] virtual Result<std::string> read(std::string_view id_prefix) = 0;
  [[nodiscard]] virtual Result<std::vector<std::string>> ids() = 0;  // published ones, sorted
};

}  // namespace rebalancer
