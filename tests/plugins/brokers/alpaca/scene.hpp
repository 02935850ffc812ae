// The built plugin before a server made of answers: what is asked is written down, and nothing leaves the test.
#pragma once
#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "support/plugin_under_test.hpp"

namespace rebalancer::test::alpaca {

constexpr rb_decimal one = 1'000'000'000;

struct Answer {
  int status = 200;  // 0: no connection, -1: no answer
  std::string body;
  std::string headers = "";
};

struct Report {
  std::string client_id, broker_id, reason;
  std::int32_t state = -1;
  rb_decimal filled = 0, average_price = 0;
};

inline const std::string account_json =
    R"({"id":"904837e3-3b76-47ec-b432-046db621571b","account_number":"PA3K8ZK1W0XN","status":"ACTIVE","currency":"USD",)"
    R"("cash":"4000.32","equity":"12345.6789012345","buying_power":"8000.64","trading_blocked":false,)"
    R"("account_blocked":false,"trade_suspended_by_user":false})";
inline const std::string clock_json =
    R"({"timestamp":"2026-03-02T15:00:00Z","is_open":true,"next_open":"2026-03-03T14:30:00Z",)"
    R"("next_close":"2026-03-02T21:00:00Z"})";
inline const std::string asset_json =
    R"({"id":"a","class":"us_equity","exchange":"ARCA","symbol":"SPY","name":"SPDR","status":"active","tradable":true,)"
    R"("marginable":true,"shortable":true,"easy_to_borrow":true,"fractionable":true})";

inline std::string order_json(std::string_view status, std::string_view filled = "0",
                              std::string_view client_id = "rb-1", std::string_view more = "") {
  return fmt::format(R"({{"id":"b1","client_order_id":"{}","symbol":"SPY","side":"buy","status":"{}","qty":"2.5",)"
                     R"("limit_price":"500.1","filled_qty":"{}","filled_avg_price":{},"type":"limit",)"
                     R"("submitted_at":"2026-03-02T15:00:00.123456789Z","replaced_by":null{}}})",
                     client_id, status, filled, filled == "0" ? "null" : R"("499.123456789123")", more);
}

struct Scene {
  explicit Scene(PluginUnderTest::Settings more = {})
      : plugin("alpaca", [&] {
          PluginUnderTest::Settings settings{{"api_key", "KEY"},      {"secret_key", "SECRET"},
                                             {"paper", "true"},       {"base_url", "http://127.0.0.1:1"},
                                             {"fractional", "true"},  {"queue_when_closed", "false"},
                                             {"lookup_lag", "30000"}, {"timeout", "20000"},
                                             {"stream", "false"}};
          for (auto& [name, value] : more) settings[name] = value;
          return settings;
        }()) {
    plugin.now = 1'772'463'600'000'000'000;
    plugin.http = [this](const rb_http_request& request, rb_on_http on_http, void* ctx) {
      return answer(request, on_http, ctx);
    };
    usual["GET /v2/account"] = {200, account_json};
    usual["GET /v2/clock"] = {200, clock_json};
    usual["GET /v2/assets/SPY"] = {200, asset_json};
  }

  std::int32_t answer(const rb_http_request& request, rb_on_http on_http, void* ctx) {
    const std::string url = PluginUnderTest::copy(request.url), method = PluginUnderTest::copy(request.method);
    const std::string path = url.substr(url.find('/', std::string("http://").size()));
    asked.push_back(method + " " + path);
    bodies.push_back(PluginUnderTest::copy(request.body));
    headers = PluginUnderTest::copy(request.headers);
    const std::string key = method + " " + path.substr(0, path.find('?'));
    Answer told{404, R"({"code":40410000,"message":"not found"})"};
    if (auto& script = scripts[key]; !script.empty()) {
      told = script.front();
      script.pop_front();
    } else if (usual.contains(key)) {
      told = usual[key];
    }
    const auto fail = [&](std::int32_t code, std::string_view why) {
      return plugin.host().fail(plugin.host().self, code, {why.data(), why.size()});
    };
    if (told.status == 0) return fail(RB_UNAVAILABLE, "cannot reach it");
    if (told.status == -1) return fail(RB_TIMEOUT, "no answer in time");
    on_http(ctx, told.status, {told.headers.data(), told.headers.size()}, {told.body.data(), told.body.size()});
    return RB_OK;
  }

  const rb_broker& api() { return plugin.api<rb_broker>(); }
  static void take(void* ctx, const rb_order_report* told) {
    static_cast<std::vector<Report>*>(ctx)->push_back(
        {PluginUnderTest::copy(told->client_id), PluginUnderTest::copy(told->broker_id),
         PluginUnderTest::copy(told->reason), told->state, told->filled, told->average_price});
  }
  std::int32_t submit(rb_decimal quantity = 5 * one / 2, rb_decimal limit = 5'001 * one / 10) {
    reports.clear();
    plugin.failure.clear();
    const rb_order order{sizeof(rb_order), {"rb-1", 4}, {"SPY", 3}, RB_BUY, 0, quantity, limit};
    return api().submit(plugin.instance(), &order, &take, &reports);
  }
  std::int32_t find(std::string_view client_id = "rb-1") {
    reports.clear();
    plugin.failure.clear();
    return api().find_order(plugin.instance(), {client_id.data(), client_id.size()}, &take, &reports);
  }
  // What a submit whose POST is answered so comes to.
  std::int32_t submit_answered(Answer told) {
    scripts["POST /v2/orders"] = {std::move(told)};
    return submit();
  }
  [[nodiscard]] std::size_t count(std::string_view start) const {
    return static_cast<std::size_t>(
        std::count_if(asked.begin(), asked.end(), [&](const std::string& made) { return made.starts_with(start); }));
  }

  std::map<std::string, Answer> usual;
  std::map<std::string, std::deque<Answer>> scripts;
  std::vector<std::string> asked, bodies;
  std::string headers;
  std::vector<Report> reports;
  PluginUnderTest plugin;
};

inline std::string changed(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace rebalancer::test::alpaca
