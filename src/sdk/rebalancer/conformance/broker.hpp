#pragma once
#include <algorithm>
#include <optional>

#include <rebalancer/conformance/checker.hpp>

namespace rebalancer::sdk::conformance {

// Orders are sent only to a broker that says it is simulated.
class BrokerCheck {
 public:
  BrokerCheck(const rb_plugin& plugin, const Options& options, Findings& findings)
      : findings_(findings), subject_(plugin, options.config_json) {
    if (!options.symbols.empty()) symbol_ = options.symbols.front();
  }

  void run() {
    if (subject_.self() == nullptr) return;
    check_capabilities();
    check_account();
    (void)positions();
    check_unknown();
    if ((capabilities_.flags & RB_SIMULATED) == 0) return;
    set_marks();
    check_orders();
  }

 private:
  static constexpr rb_decimal one_ = 1'000'000'000;
  struct Report {
    std::string client_id, broker_id;
    std::int32_t state = 0;
    rb_decimal filled = 0, average_price = 0;
    friend bool operator==(const Report&, const Report&) = default;
  };
  struct Fill {
    std::string id, client_id;
    rb_decimal quantity = 0, price = 0;
    friend bool operator==(const Fill&, const Fill&) = default;
  };
  using Reports = std::vector<Report>;
  using Positions = std::vector<std::pair<std::string, rb_decimal>>;

  [[nodiscard]] const rb_broker& api() const { return subject_.api<rb_broker>(); }
  void require(bool good, const std::string& what) { findings_.require(good, what); }

  void check_capabilities() {
    capabilities_.size = sizeof capabilities_;
    capabilities_.flags = RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    capabilities_.quantity_increment = one_;
    capabilities_.price_increment = one_ / 100;
    capabilities_.lookup_lag_s = 60;
    subject_.run(findings_, "capabilities", [&] { return api().capabilities(subject_.self(), &capabilities_); });
    require((capabilities_.flags & (RB_MARKET_ORDERS | RB_LIMIT_ORDERS)) != 0, "capabilities: no kind of order");
    require((capabilities_.flags & RB_EMBEDDED) == 0 || (capabilities_.flags & RB_SIMULATED) != 0,
            "capabilities: embedded but not simulated");
    require(capabilities_.dedupe <= RB_DEDUPE_PERMANENT, "capabilities: unknown dedupe");
    require(capabilities_.lookup <= RB_LOOKUP_BY_CLIENT_ID, "capabilities: unknown lookup");
    require(capabilities_.quantity_increment > 0, "capabilities: quantity increment must be positive");
    require(capabilities_.price_increment > 0, "capabilities: price increment must be positive");
    require(
        capabilities_.order_value_min >= 0 && capabilities_.commission_per_order >= 0 && capabilities_.cost_rate >= 0,
        "capabilities: costs must not be negative");
  }

  void check_account() {
    int count = 0;
    const auto take = [](void* ctx, const rb_account*) { ++*static_cast<int*>(ctx); };
    const auto code = subject_.run(findings_, "account", [&] { return api().account(subject_.self(), take, &count); });
    require(code != RB_OK || count == 1, Sentence() << "account gave " << count << " accounts, must be one");
  }

  Positions positions() {
    Positions held;
    const auto take = [](void* ctx, const rb_position* position) {
      static_cast<Positions*>(ctx)->emplace_back(text_of(position->symbol), position->quantity);
    };
    subject_.run(findings_, "positions", [&] { return api().positions(subject_.self(), take, &held); });
    std::sort(held.begin(), held.end());
    for (std::size_t i = 0; i < held.size(); ++i) {
      require(is_symbol(held[i].first), "a position in \"" + held[i].first + "\", which is no symbol");
      require(i == 0 || held[i].first != held[i - 1].first, "two positions in " + held[i].first);
    }
    return held;
  }

  static void take_report(void* ctx, const rb_order_report* report) {
    static_cast<Reports*>(ctx)->push_back(
        {text_of(report->client_id), text_of(report->broker_id), report->state, report->filled, report->average_price});
  }

  void check_unknown() {
    Reports reports;
    const auto found = subject_.run(findings_, "find_order of an unknown id", [&] {
      return api().find_order(subject_.self(), lent("rb-conformance-unknown"), &take_report, &reports);
    });
    require(found != RB_OK, "find_order of an unknown id must not be RB_OK");
    require(capabilities_.lookup == RB_LOOKUP_NONE || found == RB_NOT_FOUND || found == RB_UNAVAILABLE,
            "find_order of an unknown id must be RB_NOT_FOUND");
    const auto cancelled = subject_.run(findings_, "cancel of an unknown id",
                                        [&] { return api().cancel(subject_.self(), lent("rb-conformance-unknown")); });
    require(cancelled != RB_OK, "cancel of an unknown id must not be RB_OK");
  }

  void set_marks() {
    if (api().size < sizeof(rb_broker) || api().set_marks == nullptr) return;
    const rb_mark mark{lent(symbol_), 100 * one_};
    subject_.run(findings_, "set_marks", [&] { return api().set_marks(subject_.self(), &mark, 1, 20'454); });
  }

  std::optional<Report> submit(const std::string& client_id, rb_decimal quantity) {
    const rb_order order{sizeof(rb_order),
                         lent(client_id),
                         lent(symbol_),
                         RB_BUY,
                         0,
                         quantity,
                         (capabilities_.flags & RB_MARKET_ORDERS) != 0 ? 0 : 100 * one_};
    Reports reports;
    const auto code = subject_.run(findings_, "submit",
                                   [&] { return api().submit(subject_.self(), &order, &take_report, &reports); });
    if (code != RB_OK) return std::nullopt;
    if (!findings_.require(reports.size() == 1, "submit must give one report")) return std::nullopt;
    const Report& report = reports.front();
    require(report.client_id == client_id, "submit reports on another client id");
    require(report.filled >= 0 && report.filled <= quantity, "submit filled less than nothing or more than ordered");
    require(report.state != RB_FILLED || report.filled == quantity, "a filled order must have all its quantity");
    require((report.filled > 0) == (report.average_price > 0), "an average price belongs to what filled");
    return report;
  }

  [[nodiscard]] std::vector<Fill> fills(const std::string& client_id) {
    std::vector<Fill> told;
    const auto take = [](void* ctx, const rb_fill* fill) {
      static_cast<std::vector<Fill>*>(ctx)->push_back(
          {text_of(fill->id), text_of(fill->client_id), fill->quantity, fill->price});
    };
    subject_.run(findings_, "fills", [&] { return api().fills(subject_.self(), lent(client_id), take, &told); });
    return told;
  }

  void check_orders() {
    const std::string id = "rb-conformance-" + symbol_ + "-b-1";
    const rb_decimal quantity = std::max(capabilities_.quantity_increment, one_);
    const Positions before = positions();
    const auto report = submit(id, quantity);
    if (!report) return findings_.add("an order for one share at 100 was refused: " + subject_.host.reason);
    const Positions after = positions();
    require(report->filled == 0 || before != after, "an order filled and the positions stayed as they were");

    const auto told = fills(id);
    rb_decimal sum = 0;
    for (const Fill& fill : told) {
      sum += fill.quantity;
      require(!fill.id.empty() && fill.client_id == id && fill.quantity > 0 && fill.price > 0, "a fill makes no sense");
    }
    require(sum == report->filled, "the fills do not add up to what the report says");
    require(fills(id) == told, "the fills are told differently the second time");
    if (capabilities_.lookup != RB_LOOKUP_NONE) {
      Reports found;
      const auto code = subject_.run(findings_, "find_order",
                                     [&] { return api().find_order(subject_.self(), lent(id), &take_report, &found); });
      require(code == RB_OK && found.size() == 1 && found.front().client_id == id,
              "find_order does not find the order");
    }
    if (capabilities_.dedupe == RB_DEDUPE_NONE || report->state != RB_FILLED) return;
    const auto again = submit(id, quantity);
    require(again == report, "the same order sent again must be answered as the first time");
    require(positions() == after, "the same order sent again was executed again");
    require(!submit(id, 2 * quantity), "another order under a known client id must be refused");
    require(positions() == after, "another order under a known client id was executed");
  }

  Findings& findings_;
  Subject subject_;
  rb_capabilities capabilities_{};
  std::string symbol_ = "SPY";
};

}  // namespace rebalancer::sdk::conformance
