#include "laboratory/tws_messages.hpp"

#include <iterator>

#include <fmt/format.h>

#include "core/market/time_zone.hpp"
#include "laboratory/arithmetic.hpp"

namespace rebalancer::laboratory::tws {
namespace {

constexpr std::int64_t contract_id_base = 700'000'000;
constexpr std::string_view trading_class = "NMS";

std::string_view action_of(const ExchangeOrder& order) { return order.request.side == Side::buy ? "BUY" : "SELL"; }

std::string type_of(const ExchangeOrder& order) { return order.request.limit ? "LMT" : "MKT"; }

std::string limit_of(const ExchangeOrder& order) {
  return order.request.limit ? order.request.limit->to_string() : "0.0";
}

std::string_view time_in_force_of(const ExchangeOrder& order) {
  switch (order.request.time_in_force) {
    case TimeInForce::gtc:
      return "GTC";
    case TimeInForce::ioc:
      return "IOC";
    case TimeInForce::fok:
      return "FOK";
    case TimeInForce::opg:
      return "OPG";
    case TimeInForce::day:
    case TimeInForce::cls:
      break;
  }
  return "DAY";
}

}  // namespace

std::string status_text(OrderStatus status) {
  switch (status) {
    case OrderStatus::accepted:
      return "PreSubmitted";
    case OrderStatus::working:
    case OrderStatus::partially_filled:
      return "Submitted";
    case OrderStatus::pending_cancel:
      return "PendingCancel";
    case OrderStatus::filled:
      return "Filled";
    case OrderStatus::rejected:
      return "Inactive";
    case OrderStatus::cancelled:
    case OrderStatus::expired:
    case OrderStatus::replaced:
      break;
  }
  return "Cancelled";
}

std::string eastern_time(Instant instant) {
  const auto zone = TimeZone::named("America/New_York");
  if (!zone) return "";
  const Date date = zone->date_of(instant);
  const int minute = zone->minute_of_day(instant);
  return fmt::format("{:04}{:02}{:02} {:02}:{:02}:{:02} US/Eastern", date.year(), date.month(), date.day(), minute / 60,
                     minute % 60, instant.nanoseconds() / 1'000'000'000 % 60);
}

std::int64_t Messages::contract_id(const std::string& symbol) const {
  return contract_id_base + std::distance(exchange.instruments().begin(), exchange.instruments().find(symbol));
}

std::string Messages::symbol_of(std::int64_t id) const {
  for (const auto& [symbol, instrument] : exchange.instruments()) {
    if (contract_id(symbol) == id) return symbol;
  }
  return "";
}

std::string Messages::execution_id(const Execution& execution) {
  return fmt::format("0000e0d5.{:08x}.01.01", execution.number);
}

Fields Messages::error(std::int64_t id, int code, std::string_view text) const {
  Fields fields(4);
  if (version < 194) fields.add(2);
  fields.all(id, code, text);
  if (version >= 166) fields.add("");
  if (version >= 194) fields.add(exchange.shown_now().nanoseconds() / 1'000'000);
  return fields;
}

Fields Messages::order_status(const ExchangeOrder& order, const Known& known) const {
  const std::string average = order.average_price() ? order.average_price()->to_string() : "0";
  Fields fields(3);
  return fields.all(known.order_id, status_text(order.status), order.filled, order.remaining(), average, known.perm_id,
                    0, average, known.client_id, "", "0");
}

Fields Messages::open_order(const ExchangeOrder& order, const Known& known) const {
  const std::string& symbol = order.request.symbol;
  Fields fields(5);
  fields.all(known.order_id, contract_id(symbol), symbol, "STK", "", "0", "?", "", "SMART", "USD", symbol,
             trading_class);
  fields.all(action_of(order), order.request.quantity, type_of(order), limit_of(order), "0.0", time_in_force_of(order),
             "", account, "", 0, known.order_ref, known.client_id, known.perm_id);
  fields.all(0, 0, 0, "", fmt::format("{}.0/{}/100", known.perm_id, account));
  fields.repeat(version < 177 ? 4 : 3, "");                     // the financial advisor's
  fields.repeat(5, "").all(0, "", -1, 0).repeat(5, "");         // model to settling firm, short sale, box
  fields.all(unset_integer, 0, 0, 0, "", 3, 0, 0, "", 0, 0);    // display size to trigger method
  fields.all("", 0, "None", "", 0, "", "", "", "?", 0, 0, "");  // volatility, delta neutral
  fields.all(0, 0).repeat(5, "").all(0, 0, 0, unset_integer, unset_integer, "", "");  // trail, combo, scale, hedge
  fields.all(0, "", "IB", 0, 0, "", 0, 0, status_text(order.status)).repeat(9, unset_number).repeat(4, "");
  if (version >= 195) fields.add("").repeat(9, unset_number).all("", "", 0);
  fields.all("", 0, 0, 0, "None", unset_number, "0").repeat(4, unset_number).all(0, "", "", "", 0, 1, 0, 0, 0);
  if (version >= 159) fields.add("");
  if (version >= 160) fields.add("");
  if (version >= 162) fields.add(0);
  if (version >= 170) fields.repeat(5, "");
  if (version >= 183) fields.add("");
  if (version >= 184) fields.add(0);
  if (version >= 185) fields.add("");
  if (version >= 189) fields.add(0);
  if (version >= 193) fields.all("", unset_integer);
  if (version >= 198) fields.add("");
  if (version >= 199) fields.add(0);
  return fields;
}

Fields Messages::completed_order(const ExchangeOrder& order, const Known& known) const {
  const std::string& symbol = order.request.symbol;
  Fields fields(101);
  fields.all(contract_id(symbol), symbol, "STK", "", "0", "?", "", "SMART", "USD", symbol, trading_class);
  fields.all(action_of(order), order.request.quantity, type_of(order), limit_of(order), "0.0", time_in_force_of(order),
             "", account, "", 0, known.order_ref, known.perm_id, 0, 0, 0, "");
  fields.repeat(version < 177 ? 4 : 3, "");
  fields.repeat(5, "").all(0, "", -1).repeat(5, "");
  fields.all(unset_integer, 0, 0, "", 3, 0, "", 0, "None", "", 0, 0, 0, "");
  fields.all(0, 0, "", "", "", 0, 0, 0, unset_integer, unset_integer, "", "");
  fields.all("", "IB", 0, 0, "", 0, status_text(order.status), 0, 0, 0, "0", unset_number, 0, 1, 0, "", order.filled);
  fields.all(unset_integer, 0, "Not an insider or substantial shareholder", 0, 0, "9223372036854775807");
  fields.all(eastern_time(order.updated_at), order.reason.empty() ? "Filled" : order.reason);
  if (version >= 170) fields.repeat(5, "");
  if (version >= 183) fields.add("");
  if (version >= 184) fields.add(0);
  if (version >= 198) fields.add("");
  return fields;
}

Fields Messages::execution(std::int64_t request, const Execution& execution, const Known& known) const {
  const std::string& symbol = execution.symbol;
  Fields fields(11);
  fields.all(request, known.order_id, contract_id(symbol), symbol, "STK", "", "0.0", "", "", "ARCA", "USD", symbol,
             trading_class, execution_id(execution), eastern_time(execution.at), account, "ARCA");
  fields.all(execution.side == Side::buy ? "BOT" : "SLD", execution.quantity, execution.price, known.perm_id,
             known.client_id, 0, execution.quantity_in_all, execution.price, known.order_ref, "", "", "", 1);
  if (version >= 178) fields.add(0);
  if (version >= 198) fields.add("");
  return fields;
}

Fields Messages::commission(const Execution& execution) const {
  Fields fields(59);
  return fields.all(1, execution_id(execution), execution.fee, "USD", unset_number, "", "");
}

Fields Messages::position(const std::string& symbol, Decimal quantity, Decimal average_cost) const {
  Fields fields(61);
  return fields.all(3, account, contract_id(symbol), symbol, "STK", "", "0.0", "", "",
                    exchange.instruments().at(symbol).exchange, "USD", symbol, trading_class, quantity, average_cost);
}

// Of today and the next four sessions: "20260413:0930-20260413:1600;..."
std::string Messages::trading_hours() const {
  std::string text;
  Session session = exchange.session();
  for (int i = 0; i < 5; ++i, session = exchange.session_after(session)) {
    for (const Instant instant : {session.open, session.close}) {
      const std::string time = eastern_time(instant);
      text += time.substr(0, 8) + ":" + time.substr(9, 2) + time.substr(12, 2) + (instant == session.open ? "-" : ";");
    }
  }
  text.pop_back();
  return text;
}

Fields Messages::contract(std::int64_t request, const Instrument& instrument) const {
  Fields fields(10);
  if (version < 164) fields.add(8);
  fields.all(request, instrument.symbol, "STK", "");
  if (version >= 182) fields.add("");
  fields.all("0", "", "SMART", "USD", instrument.symbol, trading_class, trading_class, contract_id(instrument.symbol),
             "0.01");
  if (version < 164) fields.add(100);
  fields.all("", "ACTIVETIM,DAY,GTC,IOC,LMT,MKT,OPG", "SMART,ARCA,NYSE", 1, 0, instrument.name, instrument.exchange, "",
             "", "", "", "US/Eastern", trading_hours(), trading_hours(), "", "", 1, "ISIN", instrument.isin, 1, "", "",
             "26", "", "COMMON");
  if (version == 163) fields.add(1);
  if (version >= 164) fields.all("1", "1", "1");
  if (version >= 186) fields.add(0);
  return fields;
}

}  // namespace rebalancer::laboratory::tws
