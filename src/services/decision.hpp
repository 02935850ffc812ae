// A sealed decision: what a run knew, what it decided and why, the proof, and what the broker did, as one text with a
// digest, chained to the decision before it. docs/decision-format.md is the description for everybody else.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/canonical_json.hpp"
#include "core/market/bar.hpp"
#include "core/market/calendar.hpp"
#include "core/portfolio/trading_state.hpp"
#include "core/ports/run_store.hpp"
#include "services/pipeline.hpp"

namespace rebalancer {

using Digest = std::string (*)(std::string_view);  // SHA-256, 64 lower-case hex digits

// Everything a decision is made from, as the pipeline has it when it is about to send, or when it holds.
struct DecisionSources {
  const RunReport& report;
  const PipelineSettings& settings;
  const BrokerCapabilities* capabilities;  // null: the broker could not be asked
  std::span<const BarTable> tables;        // every price used; empty when it held before
  const Calendar& calendar;
  TradingStateRecord trading_state;
  std::string account;  // the broker's id of it; empty when it could not be asked
};

// The decision without its end, canonical: {"blocks": {sha256: price table}, "body": {...}, "format": "..."}.
[[nodiscard]] CanonicalJson draft_decision(const DecisionSources& sources, Digest digest);

// One order and all that was heard of it.
struct ExecutedLeg {
  OrderRecord record;
  std::vector<OrderReport> history;
  std::vector<Fill> fills;
};

struct DecisionEnd {
  Instant finished_at;
  std::string outcome;  // "traded", "held", "in_band"
  std::string reason;
  std::optional<Hold> hold;
  bool ambiguous = false;
  bool resumed = false;  // a process began it, another one brought it to its end
  std::vector<ExecutedLeg> legs;
  std::optional<Book> book_after;
};

struct SealedDecision {
  std::string text;    // the file, with its line end
  std::string sha256;  // of what docs/decision-format.md says
};

// Errors: invalid for a draft that is not one.
[[nodiscard]] Result<SealedDecision> seal_decision(std::string_view draft, const DecisionEnd& end,
                                                   std::int64_t sequence, std::string_view previous, Digest digest);

}  // namespace rebalancer
