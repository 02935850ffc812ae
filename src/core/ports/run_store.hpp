// The journal: what was decided and what became of it, durable before anything is sent.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/portfolio/order.hpp"
#include "core/portfolio/position.hpp"

namespace rebalancer {

struct RunRecord {
  std::string id;         // hex
  std::string portfolio;  // configuration's portfolio.id
  Date session;           // the session the decision is for
  Instant started_at;
  std::optional<Instant> finished_at;  // none: interrupted, or still running
  std::string mode;                    // "paper"
  std::string broker;                  // its name in the configuration
  std::string outcome;                 // "traded", "held", "in_band"; empty while running
  std::string reason;
  int exit_code = 0;
  std::string report_json;  // what run --json printed; empty while running
};

struct OrderRecord {
  std::string run_id;
  int sequence = 0;  // place in the plan, from 1
  Order order;
  OrderState state = OrderState::intent;
  OrderReport report;
  std::string reason;              // why it was planned
  std::optional<Price> reference;  // the price it was sized at
  std::optional<Date> price_date;  // the session of that price
  Decimal cost_max;                // commission and fees at the limit
};

// What a run was about to do when it wrote its intents: enough to go on after a crash.
struct PlanRecord {
  std::string run_id;
  Money cash_before;   // of the account, before anything was sent
  Decimal cash_floor;  // what every buy must leave
  Decimal equity;      // of the account, at the plan's prices
  std::string draft;   // the decision so far, canonical JSON; the journal only keeps it
};

// One seal of the chain of decisions.
struct SealRecord {
  std::int64_t sequence = 0;  // 1, 2, 3, ...
  std::string run_id;
  std::string sha256;
  std::string previous;  // the sha256 before it; 64 zeros for the first
};

// Whose orders a journal holds. The first order binds it, so that paper and real money never share one.
struct JournalOwner {
  std::string broker;
  std::string account;
  bool real_money = false;
  friend bool operator==(const JournalOwner&, const JournalOwner&) = default;
};

// What the account must hold by what this journal knows.
struct ExpectedBook {
  Book book;
  std::string run_id;  // of the run that saw the account last
  Instant seen_at;
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  // Durable when it returns. Errors: conflict when the id exists.
  [[nodiscard]] virtual Result<void> begin_run(const RunRecord& run) = 0;
  // The plan of a run and all its intents in one durable transaction. Errors: conflict for a run that has a plan and
  // for a client id that exists.
  [[nodiscard]] virtual Result<void> commit_plan(const PlanRecord& plan, const std::vector<OrderRecord>& orders) = 0;
  // Errors: conflict for an illegal transition and for less filled than before, not_found for an unknown client id.
  [[nodiscard]] virtual Result<void> update_order(const OrderReport& report) = 0;
  // Applies each fill once, whatever its order and however often it is told. Returns how many were new.
  // Errors: conflict for a fill id that was applied with other content, not_found for an order unknown here.
  [[nodiscard]] virtual Result<std::size_t> add_fills(const std::vector<Fill>& fills) = 0;
  // Both of the above in one durable transaction: what a broker answered, with the fills it counts. Errors: of both.
  [[nodiscard]] virtual Result<void> record_answer(const OrderReport& report, const std::vector<Fill>& fills) = 0;
  // The end of a run, the seal of its decision and what the account held then, in one durable transaction. The plan's
  // draft is dropped. Errors: conflict when the seal does not follow the last one; not_found; invalid.
  [[nodiscard]] virtual Result<void> finish_run(const RunRecord& run, const SealRecord& seal,
                                                const std::optional<Book>& book) = 0;
  // Errors: conflict, naming both, when the journal is somebody else's.
  [[nodiscard]] virtual Result<void> bind_owner(const JournalOwner& owner) = 0;

  [[nodiscard]] virtual Result<std::optional<RunRecord>> run(std::string_view id_prefix) = 0;  // conflict: ambiguous
  [[nodiscard]] virtual Result<std::vector<RunRecord>> runs(int count_max) = 0;                // newest first
  // The latest run that sent orders for this portfolio and session, if there is one.
  [[nodiscard]] virtual Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) = 0;
  // Begun and neither finished nor alive: this process owns the journal, so whoever began them is gone. Oldest first.
  [[nodiscard]] virtual Result<std::vector<RunRecord>> unfinished_runs(std::string_view portfolio) = 0;
  [[nodiscard]] virtual Result<std::optional<PlanRecord>> plan_of(std::string_view run_id) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> orders_of(std::string_view run_id) = 0;
  [[nodiscard]] virtual Result<std::optional<OrderRecord>> order(std::string_view client_id) = 0;
  // Every answer and every step of ours, in the order written.
  [[nodiscard]] virtual Result<std::vector<OrderReport>> history_of(std::string_view client_id) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> orders(int count_max) = 0;  // newest first
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> open_orders() = 0;          // not terminal, oldest first
  // Ended, with more filled than its fills sum to: the broker was not heard on all of them. Oldest first.
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> orders_lacking_fills() = 0;
  [[nodiscard]] virtual Result<std::vector<Fill>> fills_of(std::string_view client_id) = 0;  // in the order applied
  // Value of what filled in a session, plus what open orders that were sent may still fill at their limit (without a
  // limit, at their reference): what counts towards a limit on turnover per day.
  [[nodiscard]] virtual Result<Decimal> traded_value(std::string_view portfolio, Date session) = 0;
  // Client ids of the orders of a session that may have left: they count towards a limit on orders per day.
  [[nodiscard]] virtual Result<std::vector<std::string>> sent_orders(std::string_view portfolio, Date session) = 0;
  [[nodiscard]] virtual Result<std::optional<SealRecord>> last_seal() = 0;
  [[nodiscard]] virtual Result<std::vector<SealRecord>> seals() = 0;  // oldest first
  // The account as the last run saw it, with every fill applied since. None before the first run that saw it.
  [[nodiscard]] virtual Result<std::optional<ExpectedBook>> expected_book(std::string_view portfolio) = 0;
};

}  // namespace rebalancer
