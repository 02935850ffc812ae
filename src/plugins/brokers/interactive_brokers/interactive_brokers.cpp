// Interactive Brokers, over the socket of TWS or IB Gateway.
#include <rebalancer/plugin.hpp>

#include "client.hpp"
#include "schema_json.hpp"

namespace interactive_brokers {
namespace {

namespace sdk = rebalancer::sdk;
using sdk::Failure;

constexpr rb_decimal one = 1'000'000'000;

std::chrono::milliseconds duration(const sdk::Host& host, std::string_view name) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(host.number(name)));
}

Decimal decimal(const sdk::Host& host, std::string_view name) {
  const auto value = Decimal::parse(host.text(name));
  if (!value || value->is_negative()) throw Failure(RB_INVALID, std::string(name) + " must be 0 or more");
  return *value;
}

ClientSettings settings_from(const sdk::Host& host) {
  ClientSettings settings;
  SessionSettings& session = settings.session;
  session.host = host.text("host");
  session.port = static_cast<int>(host.number("port"));
  session.client_id = static_cast<std::int32_t>(host.number("client_id"));
  session.account = host.text("account");
  session.currency = host.text("currency");
  session.paper = host.flag("paper");
  session.versions_max = static_cast<int>(host.number("versions_max"));
  session.connect_timeout = duration(host, "connect_timeout");
  session.answer_timeout = duration(host, "answer_timeout");
  session.messages_per_second = static_cast<int>(host.number("messages_per_second"));
  settings.ids_file = host.text("path");
  settings.time_zone = host.text("time_zone");
  settings.class_separator = host.text("class_separator").front();
  settings.fractional = host.flag("fractional");
  settings.queue_when_closed = host.flag("queue_when_closed");
  settings.order_timeout = duration(host, "order_timeout");
  if (!settings.time_zone.empty()) {
    if (const auto zone = zone_named(settings.time_zone); !zone) {
      throw Failure(RB_INVALID, "time_zone: " + zone.error().message);
    }
  }
  return settings;
}

class InteractiveBrokers final : public sdk::Broker {
 public:
  // Connects at the first question, so that an instance made only to check its configuration disturbs nobody.
  InteractiveBrokers(sdk::Host host, std::string_view config_json)
      : Broker(host, config_json),
        paper_(host.flag("paper")),
        fractional_(host.flag("fractional")),
        currency_(host.text("currency")),
        commission_(decimal(host, "commission")),
        lookup_lag_s_(static_cast<std::uint32_t>((host.number("lookup_lag") + 999) / 1000)),
        client_(host, settings_from(host)) {}

  void capabilities(rb_capabilities& out) override {
    out.flags = RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    if (paper_) out.flags |= RB_SIMULATED;
    // Our reference is a tag: it finds an order, but nothing makes it unique, and old orders leave the lists.
    out.dedupe = RB_DEDUPE_NONE;
    out.lookup = RB_LOOKUP_BY_TAG;
    out.lookup_lag_s = lookup_lag_s_;
    out.quantity_increment = fractional_ ? one / 10'000 : one;
    out.price_increment = one / 100;
    out.order_value_min = 0;
    out.commission_per_order = commission_.billionths();
    out.cost_rate = 0;
  }

  void account(const Emit<rb_account>& emit) override {
    const AccountFigures told = client_.account();
    emit({sizeof(rb_account), sdk::str(told.id), sdk::str(currency_), told.cash.billionths(), told.equity.billionths(),
          told.buying_power.billionths()});
  }

  void positions(const Emit<rb_position>& emit) override {
    for (const Holding& holding : client_.positions()) emit({sdk::str(holding.symbol), holding.quantity.billionths()});
  }

  void submit(const rb_order& order, const Emit<rb_order_report>& emit) override {
    if (order.side != RB_BUY && order.side != RB_SELL) throw Failure(RB_INVALID, "side must be buy or sell");
    if (order.quantity <= 0) throw Failure(RB_INVALID, "the quantity must be positive");
    if (order.limit_price < 0) throw Failure(RB_INVALID, "the limit must not be negative");
    if (order.client_id.size == 0) throw Failure(RB_INVALID, "the client id must not be empty");
    Wanted wanted{std::string(sdk::view(order.client_id)), std::string(sdk::view(order.symbol)), order.side == RB_BUY,
                  Decimal::from_billionths(order.quantity), std::nullopt};
    if (order.limit_price != 0) wanted.limit = Decimal::from_billionths(order.limit_price);
    tell(client_.submit(wanted), emit);
  }

  void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) override {
    tell(client_.find(client_id), emit);
  }

  void open_orders(const Emit<rb_order_report>& emit) override {
    for (const Told& told : client_.open_orders()) tell(told, emit);
  }

  void cancel(std::string_view client_id) override { client_.cancel(client_id); }

  void fills(std::string_view client_id, const Emit<rb_fill>& emit) override {
    for (const ToldFill& fill : client_.fills(client_id)) {
      emit({sizeof(rb_fill), sdk::str(fill.id), sdk::str(client_id), sdk::str(fill.symbol), fill.buy ? RB_BUY : RB_SELL,
            0, fill.quantity.billionths(), fill.price.billionths(), fill.fee.billionths(), fill.at.nanoseconds()});
    }
  }

 private:
  static void tell(const Told& told, const Emit<rb_order_report>& emit) {
    const Report& report = told.report;
    emit({sizeof(rb_order_report), sdk::str(told.client_id), sdk::str(told.broker_id), sdk::str(report.reason),
          report.state, 0, report.filled.billionths(), report.average_price.value_or(Decimal()).billionths(),
          report.fee.billionths()});
  }

  bool paper_, fractional_;
  std::string currency_;
  Decimal commission_;
  std::uint32_t lookup_lag_s_;
  Client client_;
};

}  // namespace
}  // namespace interactive_brokers

REBALANCER_BROKER(interactive_brokers::InteractiveBrokers, "interactive_brokers", "1.0.0",
                  "Interactive Brokers: paper and live accounts over the socket of TWS or IB Gateway.", schema_json)
