// Stage 4: a proved plan to the broker, through the journal.
#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/portfolio/plan_check.hpp"
#include "core/ports/broker.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"

namespace rebalancer {

struct ExecutedOrder {
  PlannedOrder planned;
  OrderReport report;
};

struct ExecutionSummary {
  std::vector<ExecutedOrder> orders;  // in plan order, also those not sent, with the reason
  Money cost;                         // fees the broker reported
  bool ambiguous = false;             // an order's outcome is unknown: a human is needed
};

class Executor {
 public:
  Executor(Broker& broker, RunStore& store, Clock& clock, Events& events);

  // Reads positions and cash from the broker. Errors: the broker's; invalid for a position whose symbol is not one.
  [[nodiscard]] Result<Book> book();

  // Writes every intent durably, then sends the orders in the plan's order; waits for the sells before the buys that
  // need their cash, and leaves out a buy the cash does not cover. Refuses a plan that is not the one proved.
  // Errors: rejected (no proof, or for another plan), the store's before anything is sent. What a broker answers is in
  // the summary.
  [[nodiscard]] Result<ExecutionSummary> execute(const std::string& run_id, const OrderPlan& plan,
                                                 const PlanProof& proof, const RebalanceRules& rules,
                                                 const BrokerCapabilities& capabilities, std::stop_token stop);

 private:
  Broker& broker_;
  RunStore& store_;
  Clock& clock_;
  Events& events_;
};

}  // namespace rebalancer
