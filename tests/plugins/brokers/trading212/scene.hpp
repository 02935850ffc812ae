// The built trading212 plugin with a server made of answers, a clock that stands still, and a ledger file of its own.
#pragma once
#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "support/plugin_under_test.hpp"

namespace rebalancer::test {

constexpr rb_decimal one = 1'000'000'000;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1'772'463'600 * second;  // 2026-03-02T15:00:00Z

struct Answer {
  int status = 200;  // 0: no connection, -1: no answer
  std::string body;
  std::string headers = "";
};
struct Report {
  std::string client_id, broker_id, reason;
  std::int32_t state = -1;
  rb_decimal filled = 0, average_price = 0, fee = 0;
};
struct Position {
  std::string symbol;
  rb_decimal quantity;
};
struct Movement {
  std::string id, kind, text;
  rb_decimal cash;
};
struct Fill {
  std::string id, symbol;
  std::int32_t side;
  rb_decimal quantity, price, fee;
};

inline const std::string account_json =
    R"({"id":22123456,"currency":"GBP","totalValue":1500.5,"cash":{"availableToTrade":900.25,"reservedForOrders":100,)"
    R"("inPies":5},"investments":{"currentValue":500.25}})";
inline const std::string instruments_json =
    R"([{"ticker":"VUSAl_EQ","type":"ETF","isin":"IE00B3XXRP09","currencyCode":"GBP","name":"Vanguard S&P 500","shortName":"VUSA"},)"
    R"({"ticker":"VUSAd_EQ","type":"ETF","isin":"IE00B3XXRP09","currencyCode":"EUR","name":"Vanguard S&P 500","shortName":"VUSA"},)"
    R"({"ticker":"VODl_EQ","type":"STOCK","isin":"GB00BH4HKS39","currencyCode":"GBX","name":"Vodafone","shortName":"VOD"},)"
    R"({"ticker":"AAPL_US_EQ","type":"STOCK","isin":"US0378331005","currencyCode":"USD","name":"Apple","shortName":"AAPL"},)"
    R"({"ticker":"ABCl_EQ","isin":"GB1","currencyCode":"GBX","name":"ABC one","shortName":"ABC"},)"
    R"({"ticker":"ABC2l_EQ","isin":"GB2","currencyCode":"GBP","name":"ABC two","shortName":"ABC"}])";

inline std::string order_json(std::string_view id = "77", std::string_view status = "NEW",
                              std::string_view filled = "0", std::string_view quantity = "2.5",
                              std::string_view ticker = "VUSAl_EQ",
                              std::string_view created = "2026-03-02T15:00:00.123Z", std::string_view from = "API") {
  return fmt::format(R"({{"id":{},"ticker":"{}","side":"{}","strategy":"QUANTITY","type":"LIMIT","status":"{}",)"
                     R"("quantity":{},"filledQuantity":{},"limitPrice":80.1,"createdAt":"{}","initiatedFrom":"{}",)"
                     R"("somethingNew":[1]}})",
                     id, ticker, quantity.starts_with('-') ? "SELL" : "BUY", status, quantity, filled, created, from);
}
inline std::string fill_json(std::string_view id, std::string_view quantity, std::string_view price,
                             std::string_view tax) {
  return fmt::format(
      R"({{"id":{},"type":"TRADE","quantity":{},"price":{},"filledAt":"2026-03-02T15:00:01Z",)"
      R"("walletImpact":{{"currency":"GBP","netValue":1,"taxes":[{{"name":"STAMP_DUTY","currency":"GBP",)"
      R"("quantity":{}}}]}}}})",
      id, quantity, price, tax);
}
inline std::string item_json(const std::string& order, const std::string& fill = "null") {
  return fmt::format(R"({{"order":{},"fill":{}}})", order, fill);
}
inline std::string page_json(const std::string& items, std::string_view next = "null") {
  return fmt::format(R"({{"items":[{}],"nextPagePath":{}}})", items, next);
}
inline std::string position_json(std::string_view ticker, std::string_view isin, std::string_view quantity) {
  return fmt::format(R"({{"instrument":{{"ticker":"{}","isin":"{}","currency":"GBP","name":"n"}},"quantity":{},)"
                     R"("quantityInPies":0}})",
                     ticker, isin, quantity);
}

struct Scene {
  explicit Scene(const PluginUnderTest::Settings& more = {})
      : file(std::filesystem::temp_directory_path() / fmt::format("trading212_test_{}_{}.db", ::getpid(), next_file++)),
        settings{{"api_key", "KEY"},       {"api_secret", "SECRET"},      {"demo", "true"},
                 {"timeout", "20000"},     {"url", "http://127.0.0.1:1"}, {"settle_time", "30000"},
                 {"quantity_places", "4"}, {"path", file.string()}} {
    for (const auto& [name, value] : more) settings[name] = value;
    begin();
    usual["GET account/summary"] = {200, account_json};
    usual["GET metadata/instruments"] = {200, instruments_json};
    usual["GET orders"] = {200, "[]"};
    usual["GET positions"] = {200, "[]"};
    usual["GET history/orders"] = {200, page_json("")};
  }
  ~Scene() {
    plugin.reset();
    std::filesystem::remove(file);
  }
  // As after a kill: only the file is left.
  void begin() {
    const std::int64_t now = plugin ? plugin->now : start;
    plugin.reset();
    plugin = std::make_unique<PluginUnderTest>("trading212", settings);
    plugin->now = now;
    plugin->http = [this](const rb_http_request& request, rb_on_http on_http, void* ctx) {
      return answer(request, on_http, ctx);
    };
  }

  std::int32_t answer(const rb_http_request& request, rb_on_http on_http, void* ctx) {
    const std::string url = PluginUnderTest::copy(request.url), method = PluginUnderTest::copy(request.method);
    const std::string path = url.substr(std::string("http://127.0.0.1:1/api/v0/equity/").size());
    asked.push_back(method + " " + path);
    bodies.push_back(PluginUnderTest::copy(request.body));
    headers = PluginUnderTest::copy(request.headers);
    const std::string key = method + " " + path.substr(0, path.find('?'));
    Answer told{404, R"({"type":"/api-errors/entity-not-found","title":"not found","status":404,"detail":"none"})"};
    if (auto& script = scripts[key]; !script.empty()) {
      told = script.front();
      script.pop_front();
    } else if (usual.contains(key)) {
      told = usual[key];
    }
    const auto fail = [&](std::int32_t code, std::string_view why) {
      return plugin->host().fail(plugin->host().self, code, {why.data(), why.size()});
    };
    if (told.status == 0) return fail(RB_UNAVAILABLE, "cannot reach it");
    if (told.status == -1) return fail(RB_TIMEOUT, "no answer in time");
    on_http(ctx, told.status, {told.headers.data(), told.headers.size()}, {told.body.data(), told.body.size()});
    return RB_OK;
  }

  const rb_broker& api() { return plugin->api<rb_broker>(); }
  static void take(void* ctx, const rb_order_report* told) {
    static_cast<std::vector<Report>*>(ctx)->push_back(
        {PluginUnderTest::copy(told->client_id), PluginUnderTest::copy(told->broker_id),
         PluginUnderTest::copy(told->reason), told->state, told->filled, told->average_price, told->fee});
  }
  std::int32_t submit(std::string_view symbol = "VUSA", rb_decimal quantity = 5 * one / 2,
                      rb_decimal limit = 801 * one / 10, std::int32_t side = RB_BUY, std::string_view id = "rb-1") {
    reports.clear();
    plugin->failure.clear();
    const rb_order order{
        sizeof(rb_order), {id.data(), id.size()}, {symbol.data(), symbol.size()}, side, 0, quantity, limit};
    return api().submit(plugin->instance(), &order, &take, &reports);
  }
  std::int32_t submit_answered(Answer told) {
    scripts["POST orders/limit"] = {std::move(told)};
    return submit();
  }
  std::int32_t find(std::string_view client_id = "rb-1") {
    reports.clear();
    plugin->failure.clear();
    return api().find_order(plugin->instance(), {client_id.data(), client_id.size()}, &take, &reports);
  }
  [[nodiscard]] bool says(std::string_view words) const { return plugin->failure.find(words) != std::string::npos; }
  [[nodiscard]] std::size_t count(std::string_view begins) const {
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(), [&](const std::string& made) { return made.starts_with(begins); }));
  }

  static inline int next_file = 0;
  std::filesystem::path file;
  PluginUnderTest::Settings settings;
  std::map<std::string, Answer> usual;
  std::map<std::string, std::deque<Answer>> scripts;
  std::vector<std::string> asked, bodies;
  std::string headers;
  std::vector<Report> reports;
  std::unique_ptr<PluginUnderTest> plugin;
};

}  // namespace rebalancer::test
