// Wrong in the way its configuration says.
#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class BadBroker final : public Broker {
 public:
  BadBroker(Host host, std::string_view config_json) : Broker(host, config_json), wrong_(host.text("wrong")) {}

  void capabilities(rb_capabilities& out) override {
    out.flags = RB_SIMULATED | RB_MARKET_ORDERS;
    out.dedupe = RB_DEDUPE_PERMANENT;
    if (wrong_ == "no_orders") out.flags = 0;
    if (wrong_ == "dedupe") out.dedupe = 9;
    if (wrong_ == "increment") out.quantity_increment = 0;
    if (wrong_ == "cost") out.cost_rate = -1;
    if (wrong_ == "lookup_lag") out.lookup_lag_s = 60'000;
    if (wrong_ == "embedded") out.flags = RB_EMBEDDED | RB_MARKET_ORDERS;
    if (wrong_ == "all_of_1_1") {
      out.flags |= RB_EMBEDDED;
      out.lookup_lag_s = 5;
    }
  }
  void account(const Emit<rb_account>& emit) override {
    rb_account account{sizeof(rb_account), str("42"), str("USD"), one * 1000, 0, one * 1000};
    if (wrong_ == "currency") account.currency = str("dollars");
    if (wrong_ == "no_account") return;
    emit(account);
    if (wrong_ == "two_accounts") emit(account);
  }
  void positions(const Emit<rb_position>& emit) override {
    emit({str("SPY"), one * 3});
    emit({str("GONE"), 0});
    emit({str("BND"), one});
    if (wrong_ == "position_twice") emit({str("SPY"), one});
    if (wrong_ == "position_symbol") emit({str("no such!"), one});
  }
  void submit(const rb_order& order, const Emit<rb_order_report>& emit) override {
    rb_order_report report = report_of(order.client_id);
    report.filled = order.quantity;
    if (wrong_ == "negative_fill") report.filled = -one;
    if (wrong_ == "overfill") report.filled = order.quantity + 1;
    if (wrong_ == "underfill") report.filled = order.quantity - 1;
    if (wrong_ == "state") report.state = 17;
    if (wrong_ == "open_but_filled") report.state = RB_OPEN;
    if (wrong_ == "no_price") report.average_price = 0;
    if (wrong_ == "negative_price") report.average_price = -one;
    if (wrong_ == "other_id") report.client_id = str("rb-other");
    if (wrong_ == "no_report") return;
    if (wrong_ == "rejected") {
      report = report_of(order.client_id);
      report.state = RB_ORDER_REJECTED;
      report.filled = report.average_price = 0;
      report.reason = str("no\tcash");
    }
    emit(report);
    if (wrong_ == "two_reports") emit(report);
  }
  void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) override {
    if (wrong_ == "not_found") throw Failure(RB_NOT_FOUND, "no order " + std::string(client_id));
    emit(report_of(str(client_id)));
  }
  void open_orders(const Emit<rb_order_report>& emit) override {
    rb_order_report report = report_of(str("rb-1"));
    if (wrong_ == "closed_as_open") return emit(report);
    report.state = RB_OPEN;
    report.filled = report.average_price = 0;
    emit(report);
    if (wrong_ == "open_twice") emit(report);
  }
  void cancel(std::string_view) override { throw Failure(RB_TIMEOUT, "no answer"); }
  void fills(std::string_view client_id, const Emit<rb_fill>& emit) override {
    rb_fill fill{sizeof(rb_fill), str("f1"), str(client_id), str("SPY"), RB_BUY, 0, one * 2, one * 400, one, 5};
    if (wrong_ == "fill_quantity") fill.quantity = -one;
    if (wrong_ == "fill_price") fill.price = 0;
    if (wrong_ == "fill_side") fill.side = 0;
    if (wrong_ == "fill_id") fill.id = str("");
    if (wrong_ == "fill_of_other") fill.client_id = str("rb-other");
    emit(fill);
    if (wrong_ == "fill_twice") emit(fill);
    if (wrong_ == "too_many_fills") {
      fill.id = str("f2");
      emit(fill);
    }
  }

 private:
  static constexpr rb_decimal one = 1'000'000'000;
  static rb_order_report report_of(rb_str client_id) {
    return {sizeof(rb_order_report), client_id, str("b1"), str(""), RB_FILLED, 0, one * 2, one * 400, 0};
  }
  std::string wrong_;
};
REBALANCER_BROKER(BadBroker, "bad_broker", "1.0.0", "A test.",
                  R"({"properties": {"wrong": {"type": "string", "default": "nothing"}}})")
