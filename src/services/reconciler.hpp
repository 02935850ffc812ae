// Does the account hold what the journal says it must? Looks, and changes nothing. What no fill accounts for is
// explained by what the broker says moved the account, a dividend or a split, or it is a gap.
#pragma once
#include <string>
#include <string_view>
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
  std::vector<AccountMovement> explained_by;  // with these the account agrees; oldest first
  Book book;                                  // the account's
  bool orders_open = false;      // by the journal: what the account holds may contain what they did and nobody told yet
  bool has_expectation = false;  // false: no run has seen this account yet, so positions and cash say nothing
  std::string seen_by = {};      // the run that saw the account last
  Instant seen_at = {};
};

enum class ReconcileScope {
  book,        // positions, cash, and what is open at the broker: what must agree before anything is decided
  everything,  // also the orders and fills of the last run, one by one
};

// Compares the union of both sides: positions and cash with what the last run saw plus every fill since, orders that
// either side has open, and the fills of those and of the last run, by their ids. `unsealed` is what must be while no
// run that saw the account has ended yet.
// Errors: the broker's, the journal's.
[[nodiscard]] Result<Reconciliation> reconcile(BrokerView& broker, RunStore& store, const std::string& portfolio,
                                               ReconcileScope scope = ReconcileScope::everything,
                                               const std::optional<ExpectedBook>& unsealed = std::nullopt);

// Whether the account, as it was seen, may be what is expected from now on: nothing is in doubt.
[[nodiscard]] inline bool is_certain(const Reconciliation& told) { return told.gaps.empty() && !told.orders_open; }

// The movements of shares with which the account agrees: a split, a spin-off, a transfer. Oldest first.
[[nodiscard]] std::vector<AccountMovement> share_movements(const Reconciliation& told);

// The word of a person who takes an account as it is goes into the journal and the sealed decision.
inline constexpr std::size_t accept_reason_size_max = 512;
// Errors: invalid, when it says nothing or too much.
[[nodiscard]] Result<void> check_accept_reason(std::string_view reason);

// "SPY: the account holds 3, by the journal it must be 1; and 2 more": what a held run says.
[[nodiscard]] std::string summary_of(const Reconciliation& told);

}  // namespace rebalancer
