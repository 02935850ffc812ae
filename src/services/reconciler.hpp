// Does the account hold what the journal says it must? Looks, and changes nothing.
#pragma once
#include <string>
#include <vector>

#include "core/ports/broker.hpp"
#include "core/ports/run_store.hpp"

namespace rebalancer {

struct ReconciliationGap {
  std::string kind;      // "position", "cash", "order", "fill"
  std::string subject;   // a symbol, a currency, an order's client id
  std::string expected;  // by the journal; empty: it knows of none
  std::string actual;    // by the broker; empty: it knows of none
  std::string sentence;
};

struct Reconciliation {
  std::vector<ReconciliationGap> gaps;  // positions and cash first, then orders and fills
  std::size_t positions_compared = 0;
  std::size_t orders_compared = 0;
  std::size_t fills_compared = 0;
  bool has_expectation = false;  // false: no run has seen this account yet, so positions and cash say nothing
  std::string seen_by;           // the run that saw the account last
  Instant seen_at;
};

// Compares the union of both sides: positions and cash with what the last run saw plus every fill since, orders that
// either side has open, and the fills of those and of the last run, by their ids.
// Errors: the broker's, the journal's.
[[nodiscard]] Result<Reconciliation> reconcile(BrokerView& broker, RunStore& store, const std::string& portfolio);

}  // namespace rebalancer
