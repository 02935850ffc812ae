#include "services/executor.hpp"

#include <algorithm>

#include "services/execution.hpp"

namespace rebalancer {
namespace {

// Reason and expected cost are talk; the rest is what is traded.
bool same_trade(const PlannedOrder& a, const PlannedOrder& b) {
  return a.symbol == b.symbol && a.side == b.side && a.quantity == b.quantity && a.reference == b.reference &&
         a.limit == b.limit && a.cost_max == b.cost_max;
}

Result<void> require_proof(const OrderPlan& plan, const PlanProof& proof) {
  if (!std::equal(plan.orders.begin(), plan.orders.end(), proof.orders().begin(), proof.orders().end(), &same_trade)) {
    return fail(ErrorCode::rejected, "the proof is of another plan ({} orders, this one has {}): nothing is sent",
                proof.orders().size(), plan.orders.size());
  }
  return {};
}

}  // namespace

Executor::Executor(Broker& broker, RunStore& store, Clock& clock, Events& events, ExecutorSettings settings)
    : broker_(broker), store_(store), clock_(clock), events_(events), settings_(settings) {}

Result<Book> Executor::book() {
  auto account = broker_.account();
  if (!account) return fail(account.error());
  auto positions = broker_.positions();
  if (!positions) return fail(positions.error());
  std::erase_if(*positions, [](const Position& position) { return position.quantity.decimal().is_zero(); });
  std::sort(positions->begin(), positions->end(),
            [](const Position& a, const Position& b) { return a.symbol < b.symbol; });
  const auto twice = std::adjacent_find(positions->begin(), positions->end(),
                                        [](const Position& a, const Position& b) { return a.symbol == b.symbol; });
  if (twice != positions->end()) {
    return fail(ErrorCode::invalid, "the broker lists {} twice among its positions", twice->symbol);
  }
  return Book{*std::move(positions), account->cash};
}

Result<ExecutionSummary> Executor::execute(const std::string& run_id, const OrderPlan& plan, const PlanProof& proof,
                                           const RebalanceRules& rules, const BrokerCapabilities& capabilities,
                                           std::stop_token stop) {
  if (auto proved = require_proof(plan, proof); !proved) return fail(proved.error());
  auto account = broker_.account();
  if (!account) return fail(account.error());
  if (account->cash.currency() != plan.cost.currency()) {
    return fail(ErrorCode::rejected, "the account is in {}, the plan in {}", account->cash.currency().to_string(),
                plan.cost.currency().to_string());
  }
  if (plan.orders.empty()) return ExecutionSummary{{}, Money(Decimal(), plan.cost.currency()), false, std::nullopt};
  Execution execution({broker_, store_, clock_, events_, settings_, capabilities}, run_id, plan, rules, account->cash);
  return execution.run(stop);
}

Result<SettlementSummary> Executor::settle(const BrokerCapabilities& capabilities, std::stop_token stop) {
  auto left = store_.open_orders();
  if (!left) return fail(left.error());
  SettlementSummary told;
  for (OrderRecord& record : *left) {
    if (stop.stop_requested()) return fail(ErrorCode::unavailable, "stopped on request, orders are left to settle");
    OrderDesk desk(broker_, store_, clock_, events_, settings_, capabilities, record.run_id);
    Ticket ticket(record.order, record.report);
    auto run = store_.run(record.run_id);
    if (!run) return fail(run.error());
    // How long ago it may have been sent at the latest: not before its run began.
    if (*run) {
      const auto age = clock_.now().nanoseconds() - (*run)->started_at.nanoseconds();
      ticket.sent_at = clock_.monotonic() - std::chrono::nanoseconds(std::max<std::int64_t>(age, 0));
    }
    Result<void> done;
    if (record.state == OrderState::intent) {
      done = desk.leave_out(ticket, "not sent: its run was interrupted");
    } else if (ticket.is_ambiguous()) {
      const bool proves =
          capabilities.lookup == BrokerCapabilities::Lookup::by_client_id && record.state != OrderState::parked;
      done = desk.look_up(ticket, proves ? OrderDesk::Absence::never_arrived : OrderDesk::Absence::proves_nothing);
    }
    if (!done) return fail(done.error());
    Ticket* const working = &ticket;
    if (ticket.is_open()) done = desk.poll({&working, 1});
    if (done && ticket.is_open()) done = desk.cancel({&working, 1}, "cancelled: its run was interrupted");
    if (done && ticket.report.filled > ticket.fills) done = desk.collect_fills(ticket);
    if (!done) return fail(done.error());
    (is_terminal(ticket.report.state) ? told.settled : told.ambiguous).push_back(ticket.report);
  }
  return told;
}

}  // namespace rebalancer
