#include "adapters/sqlite/journal_rows.hpp"

namespace rebalancer::sqlite {

const char* const run_columns =
    "SELECT id, portfolio, session, started_at, finished_at, mode, outcome, reason, exit_code, report_json, "
    "broker FROM runs ";
const char* const order_columns =
    "SELECT client_id, run_id, sequence, symbol, side, quantity, limit_price, reference_price, planned_reason, state, "
    "broker_id, filled, average_price, fee, state_reason, price_date, cost_max, reported_at FROM orders ";
const char* const fill_columns = "SELECT id, client_id, symbol, side, quantity, price, fee, currency, at FROM fills ";
const char* const event_columns =
    "SELECT client_id, state, broker_id, filled, average_price, fee, reason, at FROM order_events ";
const char* const plan_columns = "SELECT run_id, cash_before, currency, cash_floor, equity, draft FROM plans ";

namespace {

void bind_price(SQLite::Statement& statement, int place, const std::optional<Price>& price) {
  if (price) {
    statement.bind(place, price->decimal().billionths());
  } else {
    statement.bind(place);
  }
}

std::string text_of(std::string_view name) { return std::string(name); }

Decimal decimal_in(SQLite::Statement& row, int column) {
  return Decimal::from_billionths(row.getColumn(column).getInt64());
}

Result<std::optional<Price>> price_in(SQLite::Statement& row, int column) {
  if (row.getColumn(column).isNull()) return std::optional<Price>();
  auto price = Price::make(decimal_in(row, column));
  if (!price) return fail(price.error());
  return std::optional<Price>(*price);
}

Result<Side> side_in(SQLite::Statement& row, int column) {
  const std::string name = row.getColumn(column).getString();
  if (name == name_of(Side::buy)) return Side::buy;
  if (name == name_of(Side::sell)) return Side::sell;
  return fail(ErrorCode::internal, "the journal holds side \"{}\"", name);
}

void insert_event(SQLite::Database& database, const OrderReport& report) {
  SQLite::Statement statement(database,
                              "INSERT INTO order_events (client_id, state, broker_id, filled, average_price, fee, "
                              "reason, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  statement.bind(1, report.client_id);
  statement.bind(2, text_of(name_of(report.state)));
  statement.bind(3, report.broker_id);
  statement.bind(4, report.filled.decimal().billionths());
  bind_price(statement, 5, report.average_price);
  statement.bind(6, report.fee.billionths());
  statement.bind(7, report.reason);
  statement.bind(8, report.at.nanoseconds());
  statement.exec();
}

}  // namespace

void insert_run(SQLite::Database& database, const RunRecord& run) {
  SQLite::Statement statement(database,
                              "INSERT INTO runs (id, portfolio, session, started_at, finished_at, mode, outcome, "
                              "reason, exit_code, report_json, broker) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  statement.bind(1, run.id);
  statement.bind(2, run.portfolio);
  statement.bind(3, run.session.days());
  statement.bind(4, run.started_at.nanoseconds());
  if (run.finished_at) statement.bind(5, run.finished_at->nanoseconds());
  statement.bind(6, run.mode);
  statement.bind(7, run.outcome);
  statement.bind(8, run.reason);
  statement.bind(9, run.exit_code);
  statement.bind(10, run.report_json);
  statement.bind(11, run.broker);
  statement.exec();
}

void update_run(SQLite::Database& database, const RunRecord& run) {
  SQLite::Statement statement(database,
                              "UPDATE runs SET finished_at = ?2, outcome = ?3, reason = ?4, exit_code = ?5, "
                              "report_json = ?6 WHERE id = ?1");
  statement.bind(1, run.id);
  if (run.finished_at) statement.bind(2, run.finished_at->nanoseconds());
  statement.bind(3, run.outcome);
  statement.bind(4, run.reason);
  statement.bind(5, run.exit_code);
  statement.bind(6, run.report_json);
  statement.exec();
}

void insert_intent(SQLite::Database& database, const OrderRecord& order) {
  SQLite::Statement statement(database,
                              "INSERT INTO orders (client_id, run_id, sequence, symbol, side, quantity, limit_price, "
                              "reference_price, planned_reason, state, price_date, cost_max, reported_at) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'intent', ?10, ?11, ?12)");
  statement.bind(1, order.order.client_id);
  statement.bind(2, order.run_id);
  statement.bind(3, order.sequence);
  statement.bind(4, order.order.symbol.str());
  statement.bind(5, text_of(name_of(order.order.side)));
  statement.bind(6, order.order.quantity.decimal().billionths());
  bind_price(statement, 7, order.order.limit);
  bind_price(statement, 8, order.reference);
  statement.bind(9, order.reason);
  if (order.price_date) statement.bind(10, order.price_date->days());
  statement.bind(11, order.cost_max.billionths());
  statement.bind(12, order.report.at.nanoseconds());
  statement.exec();
  OrderReport first;
  first.client_id = order.order.client_id;
  first.state = OrderState::intent;
  first.at = order.report.at;
  insert_event(database, first);
}

void update_report(SQLite::Database& database, const OrderReport& report) {
  // A later report that leaves out the broker's id or a price does not unsay them.
  SQLite::Statement statement(database,
                              "UPDATE orders SET state = ?2, sent = max(sent, ?2 = 'sending'), "
                              "broker_id = CASE WHEN ?3 = '' THEN broker_id ELSE ?3 END, filled = ?4, "
                              "average_price = coalesce(?5, average_price), fee = max(fee, ?6), state_reason = ?7, "
                              "reported_at = ?8 WHERE client_id = ?1");
  statement.bind(1, report.client_id);
  statement.bind(2, text_of(name_of(report.state)));
  statement.bind(3, report.broker_id);
  statement.bind(4, report.filled.decimal().billionths());
  bind_price(statement, 5, report.average_price);
  statement.bind(6, report.fee.billionths());
  statement.bind(7, report.reason);
  statement.bind(8, report.at.nanoseconds());
  statement.exec();
  insert_event(database, report);
}

void insert_fill(SQLite::Database& database, const Fill& fill) {
  SQLite::Statement statement(database, "INSERT INTO fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  statement.bind(1, fill.id);
  statement.bind(2, fill.client_id);
  statement.bind(3, fill.symbol.str());
  statement.bind(4, text_of(name_of(fill.side)));
  statement.bind(5, fill.quantity.decimal().billionths());
  statement.bind(6, fill.price.decimal().billionths());
  statement.bind(7, fill.fee.amount().billionths());
  statement.bind(8, fill.fee.currency().to_string());
  statement.bind(9, fill.at.nanoseconds());
  statement.exec();
}

void insert_plan(SQLite::Database& database, const PlanRecord& plan) {
  SQLite::Statement statement(database,
                              "INSERT INTO plans (run_id, cash_before, currency, cash_floor, equity, draft) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  statement.bind(1, plan.run_id);
  statement.bind(2, plan.cash_before.amount().billionths());
  statement.bind(3, plan.cash_before.currency().to_string());
  statement.bind(4, plan.cash_floor.billionths());
  statement.bind(5, plan.equity.billionths());
  statement.bind(6, plan.draft);
  statement.exec();
}

void drop_draft(SQLite::Database& database, const std::string& run_id) {
  SQLite::Statement statement(database, "UPDATE plans SET draft = '' WHERE run_id = ?1");
  statement.bind(1, run_id);
  statement.exec();
}

// The time is left out: brokers restate it with another precision.
bool same_fill(const Fill& a, const Fill& b) {
  return a.id == b.id && a.client_id == b.client_id && a.symbol == b.symbol && a.side == b.side &&
         a.quantity == b.quantity && a.price == b.price && a.fee == b.fee;
}

Result<Decimal> value_traded(const OrderRecord& record, const std::vector<Fill>& fills) {
  Decimal total;
  const auto count = [&total](Quantity quantity, const std::optional<Price>& price) -> Result<void> {
    if (!quantity.decimal().is_positive() || !price) return {};
    auto value = multiply(quantity.decimal(), price->decimal(), Rounding::ceiling);
    if (!value) return fail(value.error());
    auto sum = add(total, *value);
    if (!sum) return fail(sum.error());
    total = *sum;
    return {};
  };
  Quantity told;
  for (const Fill& fill : fills) {
    if (auto counted = count(fill.quantity, fill.price); !counted) return fail(counted.error());
    auto sum = add(told.decimal(), fill.quantity.decimal());
    if (!sum) return fail(sum.error());
    told = Quantity(*sum);
  }
  const std::optional<Price> open_price = record.order.limit ? record.order.limit : record.reference;
  // A report may run ahead of its fills, and what is open may still fill.
  const bool open = !is_terminal(record.state);
  auto rest = subtract((open ? record.order.quantity : record.report.filled).decimal(), told.decimal());
  if (!rest) return fail(rest.error());
  const bool at_average = !open && record.report.average_price;
  if (auto counted = count(Quantity(*rest), at_average ? record.report.average_price : open_price); !counted) {
    return fail(counted.error());
  }
  return total;
}

Result<RunRecord> run_in(SQLite::Statement& row) {
  RunRecord run;
  run.id = row.getColumn(0).getString();
  run.portfolio = row.getColumn(1).getString();
  run.session = Date::from_days(row.getColumn(2).getInt());
  run.started_at = Instant::from_nanoseconds(row.getColumn(3).getInt64());
  if (!row.getColumn(4).isNull()) run.finished_at = Instant::from_nanoseconds(row.getColumn(4).getInt64());
  run.mode = row.getColumn(5).getString();
  run.outcome = row.getColumn(6).getString();
  run.reason = row.getColumn(7).getString();
  run.exit_code = row.getColumn(8).getInt();
  run.report_json = row.getColumn(9).getString();
  run.broker = row.getColumn(10).getString();
  return run;
}

Result<OrderRecord> order_in(SQLite::Statement& row) {
  auto symbol = Symbol::parse(row.getColumn(3).getString());
  if (!symbol) return fail(symbol.error());
  auto side = side_in(row, 4);
  if (!side) return fail(side.error());
  auto limit = price_in(row, 6);
  if (!limit) return fail(limit.error());
  auto order = Order::make(row.getColumn(0).getString(), *symbol, *side, Quantity(decimal_in(row, 5)), *limit);
  if (!order) return fail(order.error());
  auto reference = price_in(row, 7);
  if (!reference) return fail(reference.error());
  auto state = order_state_named(row.getColumn(9).getString());
  if (!state) return fail(state.error());
  auto average = price_in(row, 12);
  if (!average) return fail(average.error());

  OrderReport report;
  report.client_id = order->client_id;
  report.broker_id = row.getColumn(10).getString();
  report.state = *state;
  report.filled = Quantity(decimal_in(row, 11));
  report.average_price = *average;
  report.fee = decimal_in(row, 13);
  report.reason = row.getColumn(14).getString();
  report.at = Instant::from_nanoseconds(row.getColumn(17).getInt64());
  std::optional<Date> price_date;
  if (!row.getColumn(15).isNull()) price_date = Date::from_days(row.getColumn(15).getInt());
  return OrderRecord{row.getColumn(1).getString(),
                     row.getColumn(2).getInt(),
                     *std::move(order),
                     *state,
                     std::move(report),
                     row.getColumn(8).getString(),
                     *reference,
                     price_date,
                     decimal_in(row, 16)};
}

Result<Fill> fill_in(SQLite::Statement& row) {
  auto symbol = Symbol::parse(row.getColumn(2).getString());
  if (!symbol) return fail(symbol.error());
  auto side = side_in(row, 3);
  if (!side) return fail(side.error());
  auto price = Price::make(decimal_in(row, 5));
  if (!price) return fail(price.error());
  auto fee = money_in(row, 6, 7);
  if (!fee) return fail(fee.error());
  return Fill{row.getColumn(0).getString(),
              row.getColumn(1).getString(),
              *symbol,
              *side,
              Quantity(decimal_in(row, 4)),
              *price,
              *fee,
              Instant::from_nanoseconds(row.getColumn(8).getInt64())};
}

Result<OrderReport> event_in(SQLite::Statement& row) {
  auto state = order_state_named(row.getColumn(1).getString());
  if (!state) return fail(state.error());
  auto average = price_in(row, 4);
  if (!average) return fail(average.error());
  OrderReport report;
  report.client_id = row.getColumn(0).getString();
  report.broker_id = row.getColumn(2).getString();
  report.state = *state;
  report.filled = Quantity(decimal_in(row, 3));
  report.average_price = *average;
  report.fee = decimal_in(row, 5);
  report.reason = row.getColumn(6).getString();
  report.at = Instant::from_nanoseconds(row.getColumn(7).getInt64());
  return report;
}

Result<PlanRecord> plan_in(SQLite::Statement& row) {
  auto cash = money_in(row, 1, 2);
  if (!cash) return fail(cash.error());
  return PlanRecord{row.getColumn(0).getString(), *cash, decimal_in(row, 3), decimal_in(row, 4),
                    row.getColumn(5).getString()};
}

Result<Money> money_in(SQLite::Statement& row, int amount_column, int currency_column) {
  auto currency = Currency::parse(row.getColumn(currency_column).getString());
  if (!currency) return fail(currency.error());
  return Money(decimal_in(row, amount_column), *currency);
}

}  // namespace rebalancer::sqlite
