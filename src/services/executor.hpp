// Stage 4: a proved plan to the broker, through journal and gate; and what an interrupted run left behind.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/portfolio/plan_check.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"
#include "services/order_desk.hpp"

namespace rebalancer {

struct ExecutedOrder {
  PlannedOrder planned;
  OrderReport report;
};

struct ExecutionSummary {
  std::vector<ExecutedOrder> orders;   // in plan order, also those not sent, with the reason
  Money cost;                          // fees the broker reported
  bool ambiguous = false;              // an order's outcome is unknown: a human is needed
  bool refused = false;                // a limit or the trading state kept at least one order back
  std::optional<Error> journal_error;  // the journal failed after something was sent: it lacks what is told here
};

// What became of orders that an earlier run left behind.
struct SettlementSummary {
  std::vector<OrderReport> settled;    // ended by now
  std::vector<OrderReport> ambiguous;  // still not known: a human is needed
};

// What every execution goes by.
struct ExecutionRules {
  std::string portfolio;
  Date session;
  RebalanceRules rebalance;
  TradeLimits limits;
  BrokerCapabilities capabilities;
  std::function<int(Date)> sessions_behind;  // of a price of that day, now
};

// A plan about to be sent for the first time.
struct ExecutionRequest {
  std::string run_id;
  const OrderPlan& plan;
  const PlanProof& proof;
  Money equity;                        // what the plan was made for
  std::map<Symbol, Date> price_dates;  // of every symbol in it
  std::string draft;                   // the decision so far, kept with the plan
};

// Reads positions and cash. Errors: the broker's; invalid for a position listed twice.
[[nodiscard]] Result<Book> read_book(BrokerView& broker);

class Executor {
 public:
  Executor(Gate& gate, RunStore& store, Clock& clock, Events& events, ExecutorSettings settings = {});

  // Writes the plan and every intent durably, then sends the orders in the plan's order; each buy as soon as its cash
  // is there and the broker lets it be spent, and leaves out a buy for which neither comes and an order the gate
  // refuses. Refuses a plan that is not the one proved. Errors: rejected (no proof, or for another plan), the store's
  // before anything is sent. What a broker answers is in the summary.
  [[nodiscard]] Result<ExecutionSummary> execute(const ExecutionRequest& request, const ExecutionRules& rules,
                                                 std::stop_token stop);

  // Goes on with a plan that an earlier process wrote down: what may have been sent is brought to an answer first, then
  // the rest is sent as if nothing had happened. Errors: the broker's before anything is known, the store's.
  [[nodiscard]] Result<ExecutionSummary> resume(const PlanRecord& plan, const ExecutionRules& rules,
                                                std::stop_token stop);

  // Brings the journal in line with the broker for every order left open whose run will not go on (and that is
  // `meant`): what was never sent is cancelled, what may have been sent is looked up, what is still working is
  // cancelled. Fills that were not told at the time are asked for again. Sends no order. Errors: the journal's;
  // unavailable when a stop is requested.
  [[nodiscard]] Result<SettlementSummary> settle(const BrokerCapabilities& capabilities, std::string_view why,
                                                 std::stop_token stop,
                                                 const std::function<bool(const OrderRecord&)>& meant = {});

 private:
  [[nodiscard]] Result<ExecutionSummary> carry_out(const PlanRecord& plan, const ExecutionRules& rules,
                                                   OrderFacts facts, std::stop_token stop);
  [[nodiscard]] Result<OrderFacts> facts_for(const PlanRecord& plan, const ExecutionRules& rules);

  Gate& gate_;
  RunStore& store_;
  Clock& clock_;
  Events& events_;
  ExecutorSettings settings_;
};

}  // namespace rebalancer
