#include "ledger.hpp"

#include <algorithm>

#include <rebalancer/plugin.hpp>

#include "exact.hpp"

namespace paper {

using namespace rebalancer;
using sdk::Failure;

namespace {

constexpr int application_id = 0x52425031;  // "RBP1"
constexpr const char* create_tables = R"sql(
CREATE TABLE account (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  currency TEXT NOT NULL,
  opening_cash INTEGER NOT NULL CHECK (opening_cash >= 0),
  cash INTEGER NOT NULL CHECK (cash >= 0),
  session INTEGER
) STRICT;
CREATE TABLE positions (symbol TEXT PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity > 0)) STRICT;
CREATE TABLE marks (
  symbol TEXT PRIMARY KEY,
  price INTEGER NOT NULL CHECK (price > 0),
  session INTEGER NOT NULL
) STRICT;
CREATE TABLE orders (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  client_id TEXT NOT NULL UNIQUE,
  symbol TEXT NOT NULL,
  buys INTEGER NOT NULL CHECK (buys IN (0, 1)),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  limit_price INTEGER NOT NULL CHECK (limit_price >= 0),
  state TEXT NOT NULL CHECK (state IN ('acknowledged', 'partial', 'filled', 'cancelled', 'rejected')),
  filled INTEGER NOT NULL CHECK (filled BETWEEN 0 AND quantity),
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX orders_open ON orders (number) WHERE state IN ('acknowledged', 'partial');
CREATE TABLE fills (
  order_number INTEGER NOT NULL REFERENCES orders (number),
  part INTEGER NOT NULL CHECK (part > 0),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  price INTEGER NOT NULL CHECK (price > 0),
  fee INTEGER NOT NULL CHECK (fee >= 0),
  at INTEGER NOT NULL,
  PRIMARY KEY (order_number, part)
) STRICT;
PRAGMA user_version = 1;
)sql";

}  // namespace

Ledger::Ledger(LedgerSettings settings) : settings_(std::move(settings)), database_(settings_.file) {
  create_or_check();
}

void Ledger::create_or_check() {
  const auto pragma = [&](const char* sql) {
    Statement row = database_.query(sql);
    return row.next() ? row.integer(0) : 0;
  };
  if (pragma("PRAGMA application_id") != application_id) {
    Transaction transaction(database_);
    // Read again inside: another process may have created the account meanwhile.
    if (pragma("PRAGMA application_id") == 0 && pragma("SELECT count(*) FROM sqlite_schema") == 0) {
      database_.execute(create_tables);
      database_.execute(fmt::format("PRAGMA application_id = {}", application_id).c_str());
      database_.change("INSERT INTO account VALUES (1, ?1, ?2, ?2, NULL)", settings_.currency.to_string(),
                       settings_.opening_cash.billionths());
      transaction.commit();
    } else if (pragma("PRAGMA application_id") != application_id) {
      throw Failure(RB_INVALID, settings_.file + " is a SQLite database but not a paper account");
    }
  }
  if (const auto version = pragma("PRAGMA user_version"); version != 1) {
    throw Failure(RB_CONFLICT, fmt::format("{} has version {}, this paper broker knows 1", settings_.file, version));
  }
  Statement account = database_.query("SELECT currency, opening_cash FROM account");
  if (!account.next()) throw Failure(RB_INTERNAL, settings_.file + " holds no account");
  if (account.text(0) != settings_.currency.to_string()) {
    throw Failure(RB_CONFLICT, fmt::format("the account in {} is in {}, not in {}", settings_.file, account.text(0),
                                           settings_.currency.to_string()));
  }
  opening_cash_ = decimal(account.integer(1));
}

BrokerCapabilities Ledger::capabilities() const {
  BrokerCapabilities can;
  can.simulated = true;
  can.embedded = true;
  can.lookup_lag_s = 0;
  can.quantity_increment = settings_.fractional ? decimal(1000) : Decimal::whole(1);
  can.order_value_min = settings_.order_value_min;
  can.commission_per_order = settings_.commission;
  can.cost_rate = settings_.cost_rate;
  can.dedupe = BrokerCapabilities::Dedupe::permanent;
  can.lookup = BrokerCapabilities::Lookup::by_client_id;
  return can;
}

// What an order pays now: the session's mark, worse by the slippage. None without a mark of this session.
std::optional<Price> Ledger::fill_price(const Symbol& symbol, Side side) {
  Statement row = database_.query(
      "SELECT price FROM marks JOIN account ON marks.session = account.session WHERE symbol = ?1", symbol.str());
  if (!row.next()) return std::nullopt;
  const Decimal mark = decimal(row.integer(0));
  const bool buys = side == Side::buy;
  const Decimal slip = require(multiply(mark, settings_.slippage, Rounding::ceiling));
  const Decimal price = buys ? sum(mark, slip) : difference(mark, slip);
  if (!price.is_positive()) return std::nullopt;
  return require(Price::make(price));
}

// Rounded against the account, to a billionth.
Cost Ledger::cost_of(Side side, Decimal quantity, Price price, bool first_fill) const {
  const Rounding against = side == Side::buy ? Rounding::ceiling : Rounding::floor;
  const Decimal value = require(multiply(quantity, price.decimal(), against));
  const Decimal rate = require(multiply(value, settings_.cost_rate, Rounding::ceiling));
  return {value, first_fill ? sum(rate, settings_.commission) : rate};
}

// Why an order is not accepted; empty when it is.
std::string Ledger::refusal(const Order& order) {
  const auto off = [](Decimal value, Decimal increment) { return value.billionths() % increment.billionths() != 0; };
  const Decimal quantity = order.quantity.decimal();
  const BrokerCapabilities can = capabilities();
  const auto& never = settings_.rejected_symbols;
  if (std::find(never.begin(), never.end(), order.symbol.str()) != never.end()) {
    return fmt::format("{} is rejected by configuration", order.symbol);
  }
  if (off(quantity, can.quantity_increment)) {
    return fmt::format("quantity {} of {} is not a multiple of {}", quantity.to_string(), order.symbol,
                       can.quantity_increment.to_string());
  }
  if (order.limit && off(order.limit->decimal(), can.price_increment)) {
    return fmt::format("limit {} of {} is not a multiple of {}", order.limit->to_string(), order.symbol,
                       can.price_increment.to_string());
  }
  const auto price = fill_price(order.symbol, order.side);
  if (!price) return fmt::format("no price for {} in this session", order.symbol);

  const Cost now = cost_of(order.side, quantity, *price, true);
  if (now.value < settings_.order_value_min) {
    return fmt::format("value {} of {} is below the minimum {}", now.value.to_string(), order.symbol,
                       settings_.order_value_min.to_string());
  }
  if (order.side == Side::buy) {
    // What does not fill at once may fill at its limit later: that much is bespoken.
    const bool at_once =
        settings_.fill_fraction == Decimal::whole(1) && (!order.limit || price->decimal() <= order.limit->decimal());
    const Cost bespoken = cost_of(Side::buy, quantity, order.limit && !at_once ? *order.limit : *price, true);
    const Decimal needed = sum(bespoken.value, bespoken.fee);
    const Decimal power = buying_power();
    if (needed > power) {
      return fmt::format("insufficient cash: {} {} cost {}, {} is there", quantity.to_string(), order.symbol,
                         needed.to_string(), power.to_string());
    }
    return "";
  }
  Decimal free = held(order.symbol);
  for (const LedgerOrder& other : open()) {
    if (other.order.side == Side::sell && other.order.symbol == order.symbol) free = difference(free, other.rest());
  }
  if (quantity > free) {
    return fmt::format("insufficient holdings: {} {} to sell, {} held and not in another order", quantity.to_string(),
                       order.symbol, free.to_string());
  }
  if (now.fee > sum(cash(), now.value)) {
    return fmt::format("insufficient cash: the fee {} is above proceeds and cash", now.fee.to_string());
  }
  return "";
}

OrderReport Ledger::submit(const Order& order, Instant now) {
  Transaction transaction(database_);
  if (const auto known = order_named(order.client_id)) {
    const Order& first = known->order;
    if (first.symbol != order.symbol || first.side != order.side || first.quantity != order.quantity ||
        first.limit != order.limit) {
      throw Failure(RB_CONFLICT, fmt::format("order {} exists with other content", order.client_id));
    }
    return report(*known);
  }
  LedgerOrder fresh{0, order, OrderState::acknowledged, Decimal(), refusal(order)};
  if (!fresh.reason.empty()) fresh.state = OrderState::rejected;
  database_.change("INSERT INTO orders VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)", order.client_id,
                   order.symbol.str(), std::int64_t{order.side == Side::buy}, order.quantity.decimal().billionths(),
                   order.limit ? order.limit->decimal().billionths() : 0, name_of(fresh.state), fresh.reason);
  fresh = *order_named(order.client_id);
  if (fresh.is_open()) {
    const Decimal share = require(multiply(order.quantity.decimal(), settings_.fill_fraction, Rounding::floor));
    fill_what_can_be(fresh, require(round_to(share, capabilities().quantity_increment, Rounding::floor)), now);
  }
  transaction.commit();
  return report(fresh);
}

OrderReport Ledger::find_order(std::string_view client_id, Instant now) {
  auto found = order_named(client_id);
  if (!found) throw Failure(RB_NOT_FOUND, fmt::format("no order {}", client_id));
  if (!found->is_open()) return report(*found);
  Transaction transaction(database_);
  found = order_named(client_id);
  if (found->is_open()) fill_what_can_be(*found, found->rest(), now);
  transaction.commit();
  return report(*found);
}

std::vector<OrderReport> Ledger::open_orders(Instant now) {
  Transaction transaction(database_);
  std::vector<OrderReport> reports;
  for (LedgerOrder& order : open()) {
    fill_what_can_be(order, order.rest(), now);
    if (order.is_open()) reports.push_back(report(order));
  }
  transaction.commit();
  return reports;
}

void Ledger::cancel(std::string_view client_id) {
  Transaction transaction(database_);
  auto found = order_named(client_id);
  if (!found) throw Failure(RB_NOT_FOUND, fmt::format("no order {}", client_id));
  if (found->state == OrderState::cancelled) return;
  if (!found->is_open()) {
    throw Failure(RB_CONFLICT, fmt::format("order {} is {} already", client_id, name_of(found->state)));
  }
  end(*found, OrderState::cancelled, "cancelled on request");
  transaction.commit();
}

void Ledger::set_marks(std::span<const std::pair<Symbol, Price>> marks, Date session, Instant now) {
  Transaction transaction(database_);
  database_.change("UPDATE account SET session = ?1 WHERE session IS NOT ?1", std::int64_t{session.days()});
  for (const auto& [symbol, price] : marks) {
    database_.change(
        "INSERT INTO marks VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET price = ?2, session = ?3 "
        "WHERE price <> ?2 OR session <> ?3",
        symbol.str(), price.decimal().billionths(), std::int64_t{session.days()});
  }
  for (LedgerOrder& order : open()) fill_what_can_be(order, order.rest(), now);
  transaction.commit();
}

void Ledger::fill_what_can_be(LedgerOrder& order, Decimal quantity_max, Instant now) {
  const Decimal quantity = std::min(quantity_max, order.rest());
  if (!quantity.is_positive()) return;
  const auto price = fill_price(order.order.symbol, order.order.side);
  if (!price) return;
  const bool buys = order.order.side == Side::buy;
  if (order.order.limit) {
    const Decimal limit = order.order.limit->decimal();
    if (buys ? price->decimal() > limit : price->decimal() < limit) return;
  }
  const Cost cost = cost_of(order.order.side, quantity, *price, order.filled.is_zero());
  // Prices may have moved since the order was accepted.
  const bool paid = buys ? sum(cost.value, cost.fee) <= cash() : cost.fee <= sum(cash(), cost.value);
  if (!paid) return end(order, OrderState::cancelled, "insufficient cash for the rest at this price");
  if (!buys && quantity > held(order.order.symbol)) {
    return end(order, OrderState::cancelled, "insufficient holdings for the rest");
  }
  fill(order, quantity, *price, cost, now);
}

void Ledger::fill(LedgerOrder& order, Decimal quantity, Price price, const Cost& cost, Instant now) {
  const bool buys = order.order.side == Side::buy;
  const std::string& symbol = order.order.symbol.str();
  const Decimal left =
      buys ? difference(cash(), sum(cost.value, cost.fee)) : difference(sum(cash(), cost.value), cost.fee);
  const Decimal shares =
      buys ? sum(held(order.order.symbol), quantity) : difference(held(order.order.symbol), quantity);
  database_.change("UPDATE account SET cash = ?1", left.billionths());
  if (shares.is_zero()) {
    database_.change("DELETE FROM positions WHERE symbol = ?1", symbol);
  } else {
    database_.change("INSERT INTO positions VALUES (?1, ?2) ON CONFLICT DO UPDATE SET quantity = ?2", symbol,
                     shares.billionths());
  }
  database_.change("INSERT INTO fills SELECT ?1, 1 + count(*), ?2, ?3, ?4, ?5 FROM fills WHERE order_number = ?1",
                   order.number, quantity.billionths(), price.decimal().billionths(), cost.fee.billionths(),
                   now.nanoseconds());
  order.filled = sum(order.filled, quantity);
  order.state = order.rest().is_zero() ? OrderState::filled : OrderState::partial;
  database_.change("UPDATE orders SET filled = ?2, state = ?3 WHERE number = ?1", order.number,
                   order.filled.billionths(), name_of(order.state));
}

void Ledger::end(LedgerOrder& order, OrderState state, std::string reason) {
  order.state = state;
  order.reason = std::move(reason);
  database_.change("UPDATE orders SET state = ?2, reason = ?3 WHERE number = ?1", order.number, name_of(state),
                   order.reason);
}

}  // namespace paper
