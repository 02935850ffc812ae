// The chain of sealed decisions, and the journal's word on it.
#include <algorithm>
#include <map>
#include <set>

#include "services/decision_verify.hpp"

namespace rebalancer {
namespace {

tl::unexpected<Error> broken(const std::string& what) { return fail(ErrorCode::rejected, "chain: {}", what); }

Result<void> match_journal(const std::vector<VerifiedDecision>& decisions, const std::vector<SealRecord>& journal) {
  std::map<std::string, const VerifiedDecision*> files;
  for (const VerifiedDecision& decision : decisions) files.emplace(decision.id, &decision);
  for (const SealRecord& sealed : journal) {
    const auto file = files.find(sealed.run_id);
    if (file == files.end()) {
      return broken(fmt::format("decision {} (number {}) is in the journal, its file is missing", sealed.run_id,
                                sealed.sequence));
    }
    const SealRecord& found = file->second->seal;
    if (found.sha256 != sealed.sha256 || found.sequence != sealed.sequence || found.previous != sealed.previous) {
      return broken(fmt::format("decision {} is sealed as number {} with {}, the journal says number {} with {}",
                                sealed.run_id, found.sequence, found.sha256, sealed.sequence, sealed.sha256));
    }
    files.erase(file);
  }
  if (!files.empty()) return broken(fmt::format("decision {} is not in the journal", files.begin()->first));
  return {};
}

}  // namespace

Result<VerifiedChain> verify_links(std::vector<VerifiedDecision> decisions,
                                   const std::optional<std::vector<SealRecord>>& journal, std::string_view head) {
  std::sort(decisions.begin(), decisions.end(),
            [](const VerifiedDecision& a, const VerifiedDecision& b) { return a.seal.sequence < b.seal.sequence; });
  // The journal first: it can say which file is missing, where the chain alone only sees a gap.
  if (journal) {
    if (auto matched = match_journal(decisions, *journal); !matched) return fail(matched.error());
  }
  std::set<std::string> ids;
  std::string previous(64, '0');
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const VerifiedDecision& decision = decisions[i];
    if (!ids.insert(decision.id).second) return broken(fmt::format("decision {} is there twice", decision.id));
    if (decision.seal.sequence != static_cast<std::int64_t>(i) + 1) {
      return broken(fmt::format("decision {} is number {}, number {} is missing or there twice", decision.id,
                                decision.seal.sequence, i + 1));
    }
    if (decision.seal.previous != previous) {
      return broken(fmt::format("decision {} (number {}) follows {}, the seal before it is {}", decision.id, i + 1,
                                decision.seal.previous, previous));
    }
    previous = decision.seal.sha256;
  }
  if (!head.empty() && head != previous)
    return broken(fmt::format("it ends with {}, must end with {}", previous, head));

  VerifiedChain chain{std::move(decisions), {}};
  const std::size_t count = chain.decisions.size();
  chain.checks.push_back(
      {"chain", fmt::format("{} decisions, numbers 1 to {}, each naming the seal before it", count, count)});
  if (journal) chain.checks.push_back({"journal", fmt::format("{} seals, all equal, none more", journal->size())});
  if (!journal && head.empty()) {
    chain.checks.push_back({"end", "neither a journal nor a head was given: what was cut off at the end is not seen"});
  } else {
    chain.checks.push_back({"end", "the last seal is " + previous});
  }
  return chain;
}

Result<VerifiedChain> verify_chain(std::span<const NamedDecision> files, Digest digest,
                                   const std::optional<std::vector<SealRecord>>& journal, std::string_view head) {
  std::vector<VerifiedDecision> decisions;
  for (const NamedDecision& file : files) {
    auto verified = verify_decision(file.text, digest);
    if (!verified) return fail(ErrorCode::rejected, "{}: {}", file.name, verified.error().message);
    if (file.name != verified->id + ".json") {
      return fail(ErrorCode::rejected, "{}: name: it holds decision {}", file.name, verified->id);
    }
    decisions.push_back(*std::move(verified));
  }
  return verify_links(std::move(decisions), journal, head);
}

}  // namespace rebalancer
