// Decisions in memory, staged and published as the real store does it, and with calls that can be made to fail.
#pragma once
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "core/ports/decision_store.hpp"

namespace rebalancer::test {

class MemoryDecisionStore final : public DecisionStore {
 public:
  std::deque<ErrorCode> stage_faults;  // one per call that goes wrong
  std::deque<ErrorCode> publish_faults;
  int published_count = 0;  // of calls that gave a decision its name

  Result<void> stage(std::string_view id, std::string_view text) override {
    if (auto failed = take(stage_faults); !failed) return failed;
    staged_[std::string(id)] = text;
    return {};
  }
  Result<void> publish(std::string_view id) override {
    if (auto failed = take(publish_faults); !failed) return failed;
    const auto found = staged_.find(std::string(id));
    if (found == staged_.end()) {
      if (published_.contains(std::string(id))) return {};
      return fail(ErrorCode::not_found, "no decision {} is staged", id);
    }
    published_[found->first] = found->second;
    staged_.erase(found);
    ++published_count;
    return {};
  }
  Result<std::string> read(std::string_view id_prefix) override {
    std::vector<std::string> found;
    for (const auto& [id, text] : published_) {
      if (id.starts_with(id_prefix)) found.push_back(text);
    }
    if (found.empty()) return fail(ErrorCode::not_found, "no decision {}", id_prefix);
    if (found.size() > 1) return fail(ErrorCode::conflict, "{} is the beginning of several decisions", id_prefix);
    return found.front();
  }
  Result<std::vector<std::string>> ids() override {
    std::vector<std::string> found;
    for (const auto& [id, text] : published_) found.push_back(id);
    return found;
  }

 private:
  static Result<void> take(std::deque<ErrorCode>& script) {
    if (script.empty()) return {};
    const ErrorCode code = script.front();
    script.pop_front();
    return fail(code, "decisions: scripted");
  }

  std::map<std::string, std::string> staged_, published_;
};

}  // namespace rebalancer::test
