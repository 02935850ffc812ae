// Stage 4: a proved plan to the broker, through the journal.
#pragma once
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/portfolio/plan_check.hpp"
#include "core/ports/broker.hpp"
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
  std::optional<Error> journal_error;  // the journal failed after something was sent: it lacks what is told here
};

// What became of orders that an earlier run left behind.
struct SettlementSummary {
  std::vector<OrderReport> settled;    // ended by now
  std::vector<OrderReport> ambiguous;  // still not known: a human is needed
};

class Executor {
 public:
  Executor(Broker& broker, RunStore& store, Clock& clock, Events& events, ExecutorSettings settings = {});

  // Reads positions and cash from the broker. Errors: the broker's; invalid for a position whose symbol is not one.
  [[nodiscard]] Result<Book> book();

  // Writes every intent durably, then sends the orders in the plan's order; waits for the sells before the buys that
  // need their cash, and leaves out a buy the cash does not cover. Refuses a plan that is not the one proved.
  // Errors: rejected (no proof, or for another plan), the store's before anything is sent. What a broker answers is in
  // the summary.
  [[nodiscard]] Result<ExecutionSummary> execute(const std::string& run_id, const OrderPlan& plan,
                                                 const PlanProof& proof, const RebalanceRules& rules,
                                                 const BrokerCapabilities& capabilities, std::stop_token stop);

  // Brings the journal in line with the broker for every order an interrupted run left open: what was never sent is
  // cancelled, what may have been sent is looked up, what is still working is cancelled. Sends no order.
  // Errors: the journal's; unavailable when a stop is requested.
  [[nodiscard]] Result<SettlementSummary> settle(const BrokerCapabilities& capabilities, std::stop_token stop);

 private:
  Broker& broker_;
  RunStore& store_;
  Clock& clock_;
  Events& events_;
  ExecutorSettings settings_;
};

}  // namespace rebalancer
