// Is this the decision that was sealed, whole, unchanged and within its own rules? docs/decision-format.md says the
// same for everybody else.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/decision.hpp"

namespace rebalancer {

struct VerifiedCheck {
  std::string check;     // "seal"
  std::string evidence;  // "sequence 7 after 1f3a..., sha256 9c0d..."
};

struct VerifiedDecision {
  std::string id;
  Date session;
  std::string outcome;
  SealRecord seal;
  std::vector<VerifiedCheck> checks;  // all passed
};

// Needs nothing but the file. Errors: rejected, naming the check, the place in the document and the rule.
[[nodiscard]] Result<VerifiedDecision> verify_decision(std::string_view text, Digest digest);

struct NamedDecision {
  std::string name;  // the file's, without folder: "<id>.json"
  std::string text;
};

struct VerifiedChain {
  std::vector<VerifiedDecision> decisions;  // by sequence
  std::vector<VerifiedCheck> checks;
};

// Every file by itself, then the chain: sequences 1 to n without a gap, each seal naming the one before it, ids unique
// and the files' names. A chain cut off at its end still is one: only the journal's seals (all of them, oldest first)
// or the `head` (the sha256 that somebody wrote down) can tell. Errors: rejected, naming the first file that is wrong,
// missing or too many.
[[nodiscard]] Result<VerifiedChain> verify_chain(std::span<const NamedDecision> files, Digest digest,
                                                 const std::optional<std::vector<SealRecord>>& journal = {},
                                                 std::string_view head = {});
// The same for decisions that were verified one by one, so that not all texts need be in memory.
[[nodiscard]] Result<VerifiedChain> verify_links(std::vector<VerifiedDecision> decisions,
                                                 const std::optional<std::vector<SealRecord>>& journal,
                                                 std::string_view head);

}  // namespace rebalancer
