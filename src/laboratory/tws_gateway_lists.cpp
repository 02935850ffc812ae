// What a client asks TWS for: orders, executions, positions, the account, contracts, prices.
#include <algorithm>

#include <fmt/format.h>

#include "laboratory/arithmetic.hpp"
#include "laboratory/tws_gateway.hpp"

namespace rebalancer::laboratory::tws {
namespace {

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits.substr(0, 14);
}

// "20260413-15:27:04" is in UTC, "20260413 15:27:04" in New York's time.
bool is_since(const Execution& execution, const std::string& filter) {
  if (filter.empty()) return true;
  const bool utc = filter.size() > 8 && filter[8] == '-';
  return digits_of(utc ? execution.at.to_string() : eastern_time(execution.at)) >= digits_of(filter);
}

}  // namespace

void Gateway::open_orders(ClientSession& session, bool of_all, Exchange& exchange, const ListFaults& faults,
                          Reply& reply) {
  const Messages out = messages(session, exchange);
  std::vector<const ExchangeOrder*> found = exchange.visible_orders();
  std::erase_if(found, [&](const ExchangeOrder* order) {
    const auto known = known_.find(order->number);
    return is_done(order->status) || known == known_.end() || (!of_all && known->second.client_id != session.client_id);
  });
  if (faults.short_list && !found.empty()) found.pop_back();
  for (const ExchangeOrder* order : found) {
    reply.frames.push_back(out.open_order(*order, known_.at(order->number)).frame());
    reply.frames.push_back(out.order_status(*order, known_.at(order->number)).frame());
  }
  if (!faults.no_end) reply.frames.push_back(Fields(53).add(1).frame());
}

void Gateway::executions(ClientSession& session, Reader reader, Exchange& exchange, const ListFaults& faults,
                         Reply& reply) {
  reader.skip(1);
  const std::int64_t request = reader.integer();
  const std::int64_t client_id = reader.integer();
  reader.skip(1);  // account
  const std::string since = reader.text();
  const std::string symbol = reader.text();
  const std::string today = eastern_time(exchange.shown_now()).substr(0, 8);
  const Messages out = messages(session, exchange);
  const std::vector<const ExchangeOrder*> visible = exchange.visible_orders();
  std::vector<const Execution*> found;
  for (const Execution& execution : exchange.executions()) {
    const Known known = known_of(execution);
    const bool hidden =
        execution.order != 0 && std::ranges::find(visible, execution.order, &ExchangeOrder::number) == visible.end();
    if (hidden || !eastern_time(execution.at).starts_with(today) || !is_since(execution, since) ||
        (client_id != 0 && known.client_id != client_id) || (!symbol.empty() && symbol != execution.symbol)) {
      continue;
    }
    found.push_back(&execution);
  }
  if (faults.dropped_fill && !found.empty()) found.pop_back();
  if (faults.reordered_fills) std::ranges::reverse(found);
  for (const Execution* execution : found) {
    for (int i = 0; i < (faults.duplicate_fills ? 2 : 1); ++i) {
      reply.frames.push_back(out.execution(request, *execution, known_of(*execution)).frame());
      reply.frames.push_back(out.commission(*execution).frame());
    }
  }
  // A live Gateway of version 200 was seen to send no end after an empty list.
  if (faults.no_end || (found.empty() && session.version >= 200)) return;
  reply.frames.push_back(Fields(55).all(1, request).frame());
}

void Gateway::completed_orders(ClientSession& session, Exchange& exchange, const ListFaults& faults,
                               Reply& reply) const {
  const Messages out = messages(session, exchange);
  for (const ExchangeOrder* order : exchange.visible_orders()) {
    const auto known = known_.find(order->number);
    if (known == known_.end() || !is_done(order->status) || order->replaced_by != 0) continue;
    reply.frames.push_back(out.completed_order(*order, known->second).frame());
  }
  if (!faults.no_end) reply.frames.push_back(Fields(102).frame());
}

void Gateway::positions(ClientSession& session, const Exchange& exchange, const ListFaults& faults,
                        Reply& reply) const {
  const Messages out = messages(session, exchange);
  std::size_t left = exchange.holdings().size();
  for (const auto& [symbol, holding] : exchange.holdings()) {
    if (--left == 0 && faults.short_list) break;
    reply.frames.push_back(out.position(symbol, holding.quantity, over(holding.cost, holding.quantity)).frame());
  }
  if (!faults.no_end) reply.frames.push_back(Fields(62).add(1).frame());
}

void Gateway::account_summary(ClientSession&, Reader reader, const Exchange& exchange, Reply& reply) const {
  reader.skip(1);
  const std::int64_t request = reader.integer();
  reader.skip(1);  // group
  const std::string wanted = "," + reader.text() + ",";
  const auto row = [&](std::string_view tag, std::string_view value, std::string_view currency) {
    reply.frames.push_back(Fields(63).all(1, request, account(), tag, value, currency).frame());
  };
  const std::string cash = exchange.cash().to_string();
  const std::string equity = exchange.equity().to_string();
  const std::string settled = minus(exchange.cash(), exchange.unsettled_cash()).to_string();
  const std::string power = exchange.buying_power().to_string();
  const std::string invested = minus(exchange.equity(), exchange.cash()).to_string();
  const std::vector<std::pair<std::string, std::string>> amounts{
      {"NetLiquidation", equity},      {"TotalCashValue", cash},        {"SettledCash", settled},
      {"AvailableFunds", power},       {"BuyingPower", power},          {"ExcessLiquidity", power},
      {"EquityWithLoanValue", equity}, {"GrossPositionValue", invested}};
  if (wanted.find(",AccountType,") != std::string::npos) row("AccountType", "INDIVIDUAL", "");
  for (const auto& [tag, value] : amounts) {
    if (wanted.find("," + tag + ",") != std::string::npos) row(tag, value, "USD");
  }
  if (wanted.find(",$LEDGER") != std::string::npos) {
    for (const char* currency : {"BASE", "USD"}) {
      row("Currency", currency, currency);
      row("CashBalance", cash, currency);
      row("TotalCashBalance", cash, currency);
      row("StockMarketValue", invested, currency);
      row("NetLiquidationByCurrency", equity, currency);
      row("ExchangeRate", "1.00", currency);
    }
  }
  reply.frames.push_back(Fields(64).all(1, request).frame());
}

void Gateway::contracts(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) const {
  const Messages out = messages(session, exchange);
  reader.skip(1);
  const std::int64_t request = reader.integer();
  const std::string symbol = symbol_from(reader, out);
  if (symbol.empty()) {
    reply.frames.push_back(out.error(request, 200, "No security definition has been found for the request").frame());
    return;
  }
  reply.frames.push_back(out.contract(request, exchange.instruments().at(symbol)).frame());
  reply.frames.push_back(Fields(52).all(1, request).frame());
}

void Gateway::market_data(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) const {
  const Messages out = messages(session, exchange);
  reader.skip(1);
  const std::int64_t request = reader.integer();
  const std::string symbol = symbol_from(reader, out);
  if (symbol.empty()) {
    reply.frames.push_back(out.error(request, 200, "No security definition has been found for the request").frame());
    return;
  }
  reader.skip(2);  // delta neutral, generic ticks
  const bool snapshot = reader.integer() == 1;
  const auto wanted = market_data_types_.find(session.client_id);
  const std::int64_t type = wanted == market_data_types_.end() ? 1 : wanted->second;
  const bool delayed = type >= 3;
  const Decimal price = exchange.instruments().at(symbol).price;
  const Decimal cent = Decimal::from_billionths(10'000'000);
  reply.frames.push_back(Fields(58).all(1, request, type).frame());
  const auto tick = [&](int live_type, int delayed_type, Decimal value) {
    reply.frames.push_back(Fields(1).all(6, request, delayed ? delayed_type : live_type, value, 100, 0).frame());
  };
  tick(1, 66, minus(price, cent));
  tick(2, 67, plus(price, cent));
  tick(4, 68, price);
  tick(9, 75, price);
  if (snapshot) reply.frames.push_back(Fields(57).all(1, request).frame());
}

}  // namespace rebalancer::laboratory::tws
