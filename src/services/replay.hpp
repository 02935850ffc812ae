// The same decision again, from its file alone.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/calendar.hpp"
#include "core/ports/strategy.hpp"
#include "services/decision.hpp"

namespace rebalancer {

// What a caller needs to bring before a decision can be replayed.
struct ReplayNeeds {
  std::string strategy;           // its name
  std::string strategy_settings;  // JSON, every default filled in
  std::string calendar;           // its name
  std::vector<PluginUsed> plugins;
};
// Errors: rejected for what is no decision.
[[nodiscard]] Result<ReplayNeeds> replay_needs(std::string_view text);

struct ReplayDifference {
  std::string path;               // "body.plan.orders[2].quantity"
  std::string recorded, derived;  // JSON; empty: not there
};

struct ReplayedSection {
  std::string name;                            // "prices", "quality", "target", "plan", "proof", "hold"
  std::size_t bytes = 0;                       // of the canonical text recorded
  std::optional<ReplayDifference> difference;  // the first one; none: identical byte for byte
};

struct ReplayResult {
  std::string id;
  std::vector<ReplayedSection> sections;  // those that the run reached
  std::string stopped;                    // why nothing was derived after the last of them; empty: the run went through
  std::size_t orders = 0;
  std::size_t bytes = 0;
  [[nodiscard]] bool identical() const;
};

// `strategy` is what `replay_needs` asks for, with these settings. A run that held is derived as far as it got, with
// its hold, unless the hold came from outside (a broker, a store, somebody who stopped it).
// Errors: rejected for what is no decision. A difference is a result.
[[nodiscard]] Result<ReplayResult> replay_decision(std::string_view text, Strategy& strategy, const Calendar& calendar,
                                                   Digest digest);

}  // namespace rebalancer
