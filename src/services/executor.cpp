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

Result<std::vector<OrderRecord>> intents_of(const ExecutionRequest& request, const BrokerCapabilities& capabilities,
                                            Instant now) {
  std::vector<OrderRecord> records;
  for (const PlannedOrder& planned : request.plan.orders) {
    std::optional<Price> limit;
    if (capabilities.limit_orders) limit = planned.limit;
    auto order = Order::make(client_order_id(request.run_id, planned.symbol, planned.side, 1), planned.symbol,
                             planned.side, planned.quantity, limit);
    if (!order) return fail(order.error());
    OrderRecord record{request.run_id,
                       static_cast<int>(records.size()) + 1,
                       *std::move(order),
                       OrderState::intent,
                       {},
                       planned.reason,
                       planned.reference,
                       std::nullopt,
                       planned.cost_max.amount()};
    record.report.client_id = record.order.client_id;
    record.report.state = OrderState::intent;
    record.report.at = now;
    const auto dated = request.price_dates.find(planned.symbol);
    if (dated != request.price_dates.end()) record.price_date = dated->second;
    records.push_back(std::move(record));
  }
  return records;
}

// The planned order a record was written for. A market order's limit is what was reserved for it, which the journal
// does not keep: the collar says it again, rounded against us.
Result<PlannedOrder> planned_of(const OrderRecord& record, const RebalanceRules& rules, Currency currency) {
  if (!record.reference) return fail(ErrorCode::internal, "order {} has no reference price", record.order.client_id);
  Price limit = *record.reference;
  if (record.order.limit) {
    limit = *record.order.limit;
  } else if (record.order.side == Side::buy) {
    const auto collar = Decimal::from_double(1 + rules.price_collar_fraction, Rounding::ceiling);
    if (!collar) return fail(collar.error());
    const auto worst = multiply(limit.decimal(), *collar, Rounding::ceiling);
    if (!worst) return fail(worst.error());
    auto price = Price::make(*worst);
    if (!price) return fail(price.error());
    limit = *price;
  }
  return PlannedOrder{record.order.symbol,
                      record.order.side,
                      record.order.quantity,
                      *record.reference,
                      limit,
                      Money(record.cost_max, currency),
                      record.reason};
}

}  // namespace

Result<Book> read_book(BrokerView& broker) {
  auto account = broker.account();
  if (!account) return fail(account.error());
  auto positions = broker.positions();
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

Executor::Executor(Gate& gate, RunStore& store, Clock& clock, Events& events, ExecutorSettings settings)
    : gate_(gate), store_(store), clock_(clock), events_(events), settings_(settings) {}

Result<ExecutionSummary> Executor::execute(const ExecutionRequest& request, const ExecutionRules& rules,
                                           std::stop_token stop) {
  if (auto proved = require_proof(request.plan, request.proof); !proved) return fail(proved.error());
  auto account = gate_.view().account();
  if (!account) return fail(account.error());
  const Currency currency = request.plan.cost.currency();
  if (account->cash.currency() != currency) {
    return fail(ErrorCode::rejected, "the account is in {}, the plan in {}", account->cash.currency().to_string(),
                currency.to_string());
  }
  if (request.plan.orders.empty()) return ExecutionSummary{{}, Money(Decimal(), currency), false, false, std::nullopt};
  auto intents = intents_of(request, rules.capabilities, clock_.now());
  if (!intents) return fail(intents.error());
  // As the proof has it: an account that starts below its buffer must not fall further.
  const Decimal cash_floor = std::min(rules.rebalance.cash_buffer, account->cash.amount());
  const PlanRecord plan{request.run_id, account->cash, cash_floor, request.equity.amount(), request.draft};
  // Everything that may fail for a broker that is away comes before the plan is written down.
  auto facts = facts_for(plan, rules);
  if (!facts) return fail(facts.error());
  if (auto written = store_.commit_plan(plan, *intents); !written) return fail(written.error());
  return carry_out(plan, rules, *std::move(facts), stop);
}

Result<ExecutionSummary> Executor::resume(const PlanRecord& plan, const ExecutionRules& rules, std::stop_token stop) {
  auto facts = facts_for(plan, rules);
  if (!facts) return fail(facts.error());
  events_.emit(EventLevel::warning, "run_resumed", "an interrupted run goes on", {{"run_id", plan.run_id}});
  return carry_out(plan, rules, *std::move(facts), stop);
}

Result<ExecutionSummary> Executor::carry_out(const PlanRecord& plan, const ExecutionRules& rules, OrderFacts facts,
                                             std::stop_token stop) {
  gate_.set_limits(OrderLimits(rules.limits, rules.rebalance, rules.capabilities, std::move(facts)));
  auto records = store_.orders_of(plan.run_id);
  if (!records) return fail(records.error());
  std::vector<Execution::Leg> legs;
  for (OrderRecord& record : *records) {
    auto planned = planned_of(record, rules.rebalance, plan.cash_before.currency());
    if (!planned) return fail(planned.error());
    const int age = record.price_date ? rules.sessions_behind(*record.price_date) : 0;
    legs.push_back({*std::move(planned), std::move(record), age});
  }
  Execution execution({gate_, store_, clock_, events_, settings_, rules.capabilities}, plan.run_id, std::move(legs),
                      plan.cash_before, plan.cash_floor);
  return execution.run(stop);
}

Result<OrderFacts> Executor::facts_for(const PlanRecord& plan, const ExecutionRules& rules) {
  auto book = read_book(gate_.view());
  if (!book) return fail(book.error());
  auto turnover = store_.traded_value(rules.portfolio, rules.session);
  if (!turnover) return fail(turnover.error());
  auto sent = store_.sent_orders(rules.portfolio, rules.session);
  if (!sent) return fail(sent.error());
  OrderFacts facts{*std::move(book), plan.equity, *turnover, static_cast<int>(sent->size()), {}};
  facts.sent_before.insert(sent->begin(), sent->end());
  return facts;
}

Result<SettlementSummary> Executor::settle(const BrokerCapabilities& capabilities, std::string_view why,
                                           std::stop_token stop, const std::function<bool(const OrderRecord&)>& meant) {
  auto left = store_.open_orders();
  if (!left) return fail(left.error());
  SettlementSummary told;
  for (OrderRecord& record : *left) {
    if (meant && !meant(record)) continue;
    if (stop.stop_requested()) return fail(ErrorCode::unavailable, "stopped on request, orders are left to settle");
    OrderDesk desk(gate_, store_, clock_, events_, settings_, capabilities, record.run_id);
    Ticket ticket(record.order, record.report, record.reference, 0);
    auto fills = store_.fills_of(record.order.client_id);
    if (!fills) return fail(fills.error());
    ticket.count(*fills);
    // The wall clock may have jumped since it was sent, so its age counts from now.
    ticket.sent_at = clock_.monotonic();
    Result<void> done;
    if (record.state == OrderState::intent) {
      done = desk.leave_out(ticket, fmt::format("not sent: {}", why));
    } else if (ticket.is_ambiguous()) {
      const bool proves =
          capabilities.lookup == BrokerCapabilities::Lookup::by_client_id && record.state != OrderState::parked;
      done = desk.look_up(ticket, proves ? OrderDesk::Absence::never_arrived : OrderDesk::Absence::proves_nothing);
    }
    if (!done) return fail(done.error());
    Ticket* const working = &ticket;
    if (ticket.is_open()) done = desk.poll({&working, 1});
    if (done && ticket.is_open()) done = desk.cancel({&working, 1}, fmt::format("cancelled: {}", why));
    if (done && ticket.report.filled > ticket.fills) done = desk.collect_fills(ticket);
    if (!done) return fail(done.error());
    (is_terminal(ticket.report.state) ? told.settled : told.ambiguous).push_back(ticket.report);
  }
  // What ended, and whose fills the broker did not tell at the time.
  auto lacking = store_.orders_lacking_fills();
  if (!lacking) return fail(lacking.error());
  for (const OrderRecord& record : *lacking) {
    OrderDesk desk(gate_, store_, clock_, events_, settings_, capabilities, record.run_id);
    Ticket ticket(record.order, record.report, record.reference, 0);
    if (auto done = desk.collect_fills(ticket); !done) return fail(done.error());
  }
  return told;
}

}  // namespace rebalancer
