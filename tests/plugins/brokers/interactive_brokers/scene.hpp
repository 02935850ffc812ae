// The built plugin, and a TWS that answers as one does: accounts, ids, empty lists, the contract of whatever is asked.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/brokers/interactive_brokers/tws_messages.hpp"
#include "support/plugin_under_test.hpp"
#include "support/temporary_directory.hpp"

namespace rebalancer::test {

constexpr rb_decimal one_share = 1'000'000'000;

struct TwsReport {
  std::string client_id, broker_id, reason;
  std::int32_t state;
  rb_decimal filled, average_price, fee;
};
struct TwsFill {
  std::string id, client_id, symbol;
  std::int32_t side;
  rb_decimal quantity, price, fee;
  rb_instant at;
};

struct TwsScene {
  using Settings = PluginUnderTest::Settings;
  using Messages = std::vector<TwsFields>;

  TwsScene() : TwsScene(Settings()) {}
  TwsScene(const std::string& name, const std::string& value) : TwsScene(Settings{{name, value}}) {}
  explicit TwsScene(Settings more) : settings(usual(std::move(more))) { restart(); }

  // The program ends and begins again; what it has on the disk stays.
  void restart() {
    plugin.reset();
    plugin = std::make_unique<PluginUnderTest>("interactive_brokers", settings);
    plugin->now = 1'775'487'600'000'000'000;  // 2026-04-06T15:00:00Z, a Monday, half an hour after noon in New York
  }

  Settings usual(Settings more) {
    server.on("71", [this](const auto& to, const TwsFields&) {
      to.send({"15", "1", accounts});
      to.send(tws_error("-1", "2104", "Market data farm connection is OK:usfarm"));
      to.send({"9", "1", next_valid_id});
    });
    server.on("16", [](const auto& to, const TwsFields&) { to.send({"53", "1"}); });
    server.on("99", [](const auto& to, const TwsFields&) { to.send({"102"}); });
    server.on("7", [](const auto& to, const TwsFields& asked) { to.send({"55", "1", asked[2]}); });
    server.on("9", [](const auto& to, const TwsFields& asked) {
      to.send(tws_contract(asked[2], asked[4]));
      to.send({"52", "1", asked[2]});
    });
    Settings all{{"host", "127.0.0.1"},
                 {"port", std::to_string(server.port())},
                 {"client_id", "7"},
                 {"account", ""},
                 {"currency", "USD"},
                 {"paper", "true"},
                 {"fractional", "false"},
                 {"queue_when_closed", "false"},
                 {"path", folder.file("ids").string()},
                 {"commission", "1"},
                 {"time_zone", ""},
                 {"class_separator", "-"},
                 {"versions_max", "178"},
                 {"connect_timeout", "5000"},
                 {"answer_timeout", "300"},
                 {"order_timeout", "300"},
                 {"lookup_lag", "30000"},
                 {"messages_per_second", "10000"}};
    for (auto& [name, value] : more) all[name] = value;
    return all;
  }

  // Answers an order with these messages; each gets the order's id and reference.
  using Reply = std::function<Messages(const TwsOrder&)>;
  void on_order(Reply reply) {
    server.on("3", [reply = std::move(reply)](const auto& to, const TwsFields& asked) {
      TwsOrder order;
      order.order_id = asked[1];
      order.perm_id = "4900" + asked[1];
      order.symbol = asked[3];
      order.action = asked[16];
      order.quantity = asked[17];
      order.type = asked[18];
      order.reference = asked[26];
      for (const TwsFields& message : reply(order)) to.send(message);
    });
  }
  // A list of open orders: these, then its end.
  void open(std::vector<TwsOrder> orders) {
    server.on("16", [orders = std::move(orders)](const auto& to, const TwsFields&) {
      for (const TwsOrder& order : orders) {
        to.send(tws_open_order(order));
        to.send(tws_order_status(order));
      }
      to.send({"53", "1"});
    });
  }
  // A list of executions: these, then its end.
  void executions(Messages messages) {
    server.on("7", [messages = std::move(messages)](const auto& to, const TwsFields& asked) {
      for (const TwsFields& message : messages) to.send(message);
      to.send({"55", "1", asked[2]});
    });
  }
  void completed(Messages messages) {
    server.on("99", [messages = std::move(messages)](const auto& to, const TwsFields&) {
      for (const TwsFields& message : messages) to.send(message);
      to.send({"102"});
    });
  }
  void silent(const std::string& message_id) {
    server.on(message_id, [](const auto&, const TwsFields&) {});
  }

  const rb_broker& api() { return plugin->api<rb_broker>(); }
  static void take(void* ctx, const rb_order_report* told) {
    static_cast<std::vector<TwsReport>*>(ctx)->push_back(
        {PluginUnderTest::copy(told->client_id), PluginUnderTest::copy(told->broker_id),
         PluginUnderTest::copy(told->reason), told->state, told->filled, told->average_price, told->fee});
  }
  void begin() {
    reports.clear();
    fills_told.clear();
    plugin->failure.clear();
  }
  std::int32_t submit(std::string_view client_id = "rb-1", rb_decimal quantity = 100 * one_share,
                      rb_decimal limit = 5'001 * one_share / 10, std::string_view symbol = "SPY",
                      std::int32_t side = RB_BUY) {
    begin();
    const rb_order order{sizeof(rb_order),
                         {client_id.data(), client_id.size()},
                         {symbol.data(), symbol.size()},
                         side,
                         0,
                         quantity,
                         limit};
    return api().submit(plugin->instance(), &order, &take, &reports);
  }
  std::int32_t find(std::string_view client_id = "rb-1") {
    begin();
    return api().find_order(plugin->instance(), {client_id.data(), client_id.size()}, &take, &reports);
  }
  std::int32_t open_orders() {
    begin();
    return api().open_orders(plugin->instance(), &take, &reports);
  }
  std::int32_t cancel(std::string_view client_id = "rb-1") {
    begin();
    return api().cancel(plugin->instance(), {client_id.data(), client_id.size()});
  }
  std::int32_t fills(std::string_view client_id = "rb-1") {
    begin();
    const auto take_fill = [](void* ctx, const rb_fill* told) {
      static_cast<std::vector<TwsFill>*>(ctx)->push_back(
          {PluginUnderTest::copy(told->id), PluginUnderTest::copy(told->client_id), PluginUnderTest::copy(told->symbol),
           told->side, told->quantity, told->price, told->fee, told->at});
    };
    return api().fills(plugin->instance(), {client_id.data(), client_id.size()}, take_fill, &fills_told);
  }
  std::int32_t account() {
    begin();
    const auto take_account = [](void* ctx, const rb_account* told) {
      static_cast<TwsScene*>(ctx)->account_told =
          PluginUnderTest::copy(told->id) + " " + PluginUnderTest::copy(told->currency) + " " +
          std::to_string(told->cash) + " " + std::to_string(told->equity) + " " + std::to_string(told->buying_power);
    };
    return api().account(plugin->instance(), take_account, this);
  }
  std::int32_t positions() {
    begin();
    holdings.clear();
    const auto take_position = [](void* ctx, const rb_position* told) {
      static_cast<TwsScene*>(ctx)->holdings +=
          PluginUnderTest::copy(told->symbol) + "=" + std::to_string(told->quantity / one_share) + " ";
    };
    return api().positions(plugin->instance(), take_position, this);
  }
  [[nodiscard]] bool failed_with(std::string_view part) const {
    return plugin->failure.find(part) != std::string::npos;
  }
  [[nodiscard]] bool logged(std::string_view part) const {
    for (const auto& [level, text] : plugin->logs) {
      if (text.find(part) != std::string::npos) return true;
    }
    return false;
  }
  [[nodiscard]] std::size_t orders_sent() const { return server.requests("3").size(); }

  TemporaryDirectory folder;
  std::string accounts = "DU1234567,", next_valid_id = "101";
  TwsServer server;
  Settings settings;
  std::unique_ptr<PluginUnderTest> plugin;
  std::vector<TwsReport> reports;
  std::vector<TwsFill> fills_told;
  std::string account_told, holdings;
};

}  // namespace rebalancer::test
