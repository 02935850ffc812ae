#include "adapters/sqlite/journal_orders.hpp"

#include "adapters/sqlite/journal_rows.hpp"

namespace rebalancer::sqlite {
namespace {

Result<void> check_orders(const PlanRecord& plan, const std::vector<OrderRecord>& orders) {
  for (const OrderRecord& order : orders) {
    if (order.state != OrderState::intent) {
      return fail(ErrorCode::invalid, "order {} is {}, must be an intent to be written as one", order.order.client_id,
                  name_of(order.state));
    }
    if (order.run_id != plan.run_id) {
      return fail(ErrorCode::invalid, "order {} is of run {}, must be of its plan's run {}", order.order.client_id,
                  order.run_id, plan.run_id);
    }
  }
  return {};
}

Result<void> check_run(SQLite::Database& database, const PlanRecord& plan) {
  auto run = first_of(find_runs(database, "WHERE id = ?1", plan.run_id));
  if (!run) return fail(run.error());
  if (!*run) return fail(ErrorCode::not_found, "a plan is of run {}, which never began", plan.run_id);
  if ((*run)->finished_at) {
    return fail(ErrorCode::conflict, "run {} has finished already, it cannot plan any more", plan.run_id);
  }
  auto known = find_rows<PlanRecord>(database, std::string(plan_columns) + "WHERE run_id = ?1", &plan_in, plan.run_id);
  if (!known) return fail(known.error());
  if (!known->empty()) return fail(ErrorCode::conflict, "run {} has a plan already", plan.run_id);
  return {};
}

}  // namespace

Result<void> apply_plan(SQLite::Database& database, const PlanRecord& plan, const std::vector<OrderRecord>& orders) {
  if (auto good = check_orders(plan, orders); !good) return good;
  if (auto good = check_run(database, plan); !good) return good;
  insert_plan(database, plan);
  for (const OrderRecord& order : orders) {
    auto there = find_orders(database, "WHERE client_id = ?1", order.order.client_id);
    if (!there) return fail(there.error());
    if (!there->empty()) {
      return fail(ErrorCode::conflict, "order {} is in the journal already", order.order.client_id);
    }
    insert_intent(database, order);
  }
  return {};
}

Result<void> apply_report(SQLite::Database& database, const OrderReport& report) {
  auto there = find_orders(database, "WHERE client_id = ?1", report.client_id);
  if (!there) return fail(there.error());
  if (there->empty()) return fail(ErrorCode::not_found, "order {} is not in the journal", report.client_id);
  const OrderRecord& record = there->front();
  if (!is_legal(record.state, report.state)) {
    return fail(ErrorCode::conflict, "order {} is {}, cannot become {}", report.client_id, name_of(record.state),
                name_of(report.state));
  }
  if (report.filled < record.report.filled || report.filled > record.order.quantity) {
    return fail(ErrorCode::conflict, "order {} reports {} filled, must be between the {} known and its quantity {}",
                report.client_id, report.filled.to_string(), record.report.filled.to_string(),
                record.order.quantity.to_string());
  }
  update_report(database, report);
  return {};
}

Result<std::size_t> apply_fills(SQLite::Database& database, const std::vector<Fill>& fills) {
  std::size_t added = 0;
  for (const Fill& fill : fills) {
    auto known = find_fills(database, "WHERE id = ?1", fill.id);
    if (!known) return fail(known.error());
    if (!known->empty()) {
      if (!same_fill(known->front(), fill)) {
        return fail(ErrorCode::conflict, "fill {} of order {} was applied with other content", fill.id, fill.client_id);
      }
      continue;
    }
    auto order = find_orders(database, "WHERE client_id = ?1", fill.client_id);
    if (!order) return fail(order.error());
    if (order->empty()) {
      return fail(ErrorCode::not_found, "fill {} is of order {}, which is not in the journal", fill.id, fill.client_id);
    }
    if (order->front().order.symbol != fill.symbol || order->front().order.side != fill.side) {
      return fail(ErrorCode::conflict, "fill {} is a {} of {}, its order {} is not", fill.id, name_of(fill.side),
                  fill.symbol, fill.client_id);
    }
    insert_fill(database, fill);
    ++added;
  }
  return added;
}

}  // namespace rebalancer::sqlite
