// A broker inside the program: real orders, fills, rejections and cash, no real money.
#include <algorithm>
#include <optional>

#include <rebalancer/plugin.hpp>

#include "core/base/money.hpp"
#include "exact.hpp"
#include "ledger.hpp"
#include "schema_json.hpp"

namespace paper {
namespace {

using namespace rebalancer;

Decimal money(const sdk::Host& host, std::string_view name) {
  const Decimal amount = require(Decimal::parse(host.text(name)));
  if (amount.is_negative()) throw sdk::Failure(RB_INVALID, std::string(name) + " must not be negative");
  return amount;
}

Decimal fraction(const sdk::Host& host, std::string_view name) {
  return require(Decimal::from_double(host.number(name), Rounding::half_even));
}

// "SPY, QQQ"
std::vector<std::string> symbols_in(std::string_view list) {
  std::vector<std::string> symbols;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    if (end > 0) symbols.push_back(require(Symbol::parse(list.substr(0, end))).str());
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return symbols;
}

LedgerSettings settings_from(const sdk::Host& host) {
  LedgerSettings settings;
  settings.file = host.text("path");
  settings.currency = require(Currency::parse(host.text("currency")));
  settings.opening_cash = money(host, "cash");
  settings.fractional = host.flag("fractional");
  settings.cost_rate = fraction(host, "cost_rate");
  settings.commission = money(host, "commission");
  settings.order_value_min = money(host, "order_value_min");
  settings.slippage = fraction(host, "slippage");
  settings.fill_fraction = fraction(host, "fill_fraction");
  settings.rejected_symbols = symbols_in(host.text("reject"));
  return settings;
}

std::int32_t state_of(OrderState state) {
  switch (state) {
    case OrderState::partial:
      return RB_PARTIAL;
    case OrderState::filled:
      return RB_FILLED;
    case OrderState::cancelled:
      return RB_CANCELLED;
    case OrderState::rejected:
      return RB_ORDER_REJECTED;
    default:
      return RB_OPEN;
  }
}

class PaperBroker final : public sdk::Broker {
 public:
  PaperBroker(sdk::Host host, std::string_view config_json)
      : Broker(host, config_json), settings_(settings_from(host)) {}

  void capabilities(rb_capabilities& out) override {
    const BrokerCapabilities can = ledger().capabilities();
    out.flags = RB_SIMULATED | RB_EMBEDDED | RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    out.dedupe = RB_DEDUPE_PERMANENT;
    out.lookup = RB_LOOKUP_BY_CLIENT_ID;
    out.dedupe_window_s = 0;
    out.lookup_lag_s = 0;  // nothing lags inside one process
    out.quantity_increment = can.quantity_increment.billionths();
    out.price_increment = can.price_increment.billionths();
    out.order_value_min = can.order_value_min.billionths();
    out.commission_per_order = can.commission_per_order.billionths();
    out.cost_rate = can.cost_rate.billionths();
  }

  void account(const Emit<rb_account>& emit) override {
    const std::string currency = settings_.currency.to_string();
    const std::optional<Decimal> equity = ledger().equity();
    emit({sizeof(rb_account), sdk::str("paper"), sdk::str(currency), ledger().cash().billionths(),
          equity ? equity->billionths() : 0, ledger().buying_power().billionths()});
  }

  void positions(const Emit<rb_position>& emit) override {
    for (const Position& position : ledger().positions()) {
      emit({sdk::str(position.symbol.str()), position.quantity.decimal().billionths()});
    }
  }

  void submit(const rb_order& order, const Emit<rb_order_report>& emit) override {
    if (order.side != RB_BUY && order.side != RB_SELL) throw sdk::Failure(RB_INVALID, "side must be buy or sell");
    std::optional<Price> limit;
    if (order.limit_price != 0) limit = require(Price::make(decimal(order.limit_price)));
    const Order wanted =
        require(Order::make(std::string(sdk::view(order.client_id)), require(Symbol::parse(sdk::view(order.symbol))),
                            order.side == RB_BUY ? Side::buy : Side::sell, Quantity(decimal(order.quantity)), limit));
    tell(ledger().submit(wanted, now()), emit);
  }

  void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) override {
    tell(ledger().find_order(client_id, now()), emit);
  }

  void open_orders(const Emit<rb_order_report>& emit) override {
    for (const OrderReport& report : ledger().open_orders(now())) tell(report, emit);
  }

  void cancel(std::string_view client_id) override { ledger().cancel(client_id); }

  void fills(std::string_view client_id, const Emit<rb_fill>& emit) override {
    for (const Fill& fill : ledger().fills(client_id)) {
      emit({sizeof(rb_fill), sdk::str(fill.id), sdk::str(fill.client_id), sdk::str(fill.symbol.str()),
            fill.side == Side::buy ? RB_BUY : RB_SELL, 0, fill.quantity.decimal().billionths(),
            fill.price.decimal().billionths(), fill.fee.amount().billionths(), fill.at.nanoseconds()});
    }
  }

  void set_marks(std::span<const rb_mark> marks, rb_date session) override {
    std::vector<std::pair<Symbol, Price>> prices;
    for (const rb_mark& mark : marks) {
      prices.emplace_back(require(Symbol::parse(sdk::view(mark.symbol))), require(Price::make(decimal(mark.price))));
    }
    ledger().set_marks(prices, Date::from_days(session), now());
  }

 private:
  // Opened at the first call, so that an instance made only to check its configuration leaves no file behind.
  Ledger& ledger() {
    if (!ledger_) {
      ledger_.emplace(settings_);
      if (ledger_->opening_cash() != settings_.opening_cash) {
        host().info(fmt::format("the account in {} was opened with {}, the configured cash {} is for a new one",
                                settings_.file, ledger_->opening_cash().to_string(),
                                settings_.opening_cash.to_string()));
      }
    }
    return *ledger_;
  }
  [[nodiscard]] Instant now() const { return Instant::from_nanoseconds(host().now()); }

  static void tell(const OrderReport& report, const Emit<rb_order_report>& emit) {
    emit({sizeof(rb_order_report), sdk::str(report.client_id), sdk::str(report.broker_id), sdk::str(report.reason),
          state_of(report.state), 0, report.filled.decimal().billionths(),
          report.average_price ? report.average_price->decimal().billionths() : 0, report.fee.billionths()});
  }

  LedgerSettings settings_;
  std::optional<Ledger> ledger_;
};

}  // namespace
}  // namespace paper

REBALANCER_BROKER(paper::PaperBroker, "paper", "1.0.0", "An embedded broker: real orders, no real money.", schema_json)
