// Alpaca's Trading API v2 over HTTP: routes, keys, the rate limit; alpaca_orders.cpp has the orders.
#include <algorithm>

#include <fmt/format.h>

#include "laboratory/alpaca_orders.hpp"

namespace rebalancer::laboratory {
namespace {

using namespace alpaca;

constexpr std::string_view orders_path = "/v2/orders";
constexpr std::string_view by_client_id_path = "/v2/orders:by_client_order_id";
constexpr std::string_view positions_path = "/v2/positions";
constexpr std::string_view assets_path = "/v2/assets";
constexpr std::string_view activities_path = "/v2/account/activities";

// What follows "/v2/orders/"; none when it is another path.
std::optional<std::string> below(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || path.size() <= folder.size() + 1 || path[folder.size()] != '/') return std::nullopt;
  return std::string(path.substr(folder.size() + 1));
}

template <class Write>
WireAnswer written(const Write& write) {
  JsonText json;
  write(json);
  return json_answer(200, json.str());
}

class AlpacaSimulator final : public HttpSimulator {
 public:
  AlpacaSimulator(std::uint64_t seed, int requests_per_minute)
      : seed_(seed), requests_per_minute_(requests_per_minute) {}

  RequestKind kind_of(const WireRequest& request) const override {
    const std::string& path = request.path;
    if (path == "/v2/account") return RequestKind::account;
    if (path == "/stream") return RequestKind::stream;
    if (path == "/v2/clock" || path == "/v2/calendar") return RequestKind::clock;
    if (path == by_client_id_path) return RequestKind::find;
    if (path == orders_path && request.method == "POST") return RequestKind::submit;
    if (path == orders_path && request.method == "DELETE") return RequestKind::cancel;
    if (path == orders_path) return RequestKind::list;
    if (below(path, orders_path)) {
      if (request.method == "DELETE") return RequestKind::cancel;
      return request.method == "PATCH" ? RequestKind::replace : RequestKind::find;
    }
    if (path.starts_with(positions_path)) return RequestKind::positions;
    if (path.starts_with(assets_path)) return RequestKind::instruments;
    return path.starts_with(activities_path) ? RequestKind::fills : RequestKind::other;
  }

  WireAnswer answer(const WireRequest& request, Exchange& exchange, const ListFaults& faults) override {
    if (request.header("apca-api-key-id") != laboratory_key ||
        request.header("apca-api-secret-key") != laboratory_secret) {
      return unauthorized();
    }
    if (!count(exchange)) {
      const std::int64_t reset = (exchange.shown_now().nanoseconds() / 60'000'000'000 + 1) * 60;
      return limited(error_answer(429, 42'910'000, "rate limit exceeded"), reset);
    }
    WireAnswer answer = routed(request, exchange, faults);
    const std::int64_t reset = (exchange.shown_now().nanoseconds() / 60'000'000'000 + 1) * 60;
    if (requests_per_minute_ == 0) return answer;
    return limited(std::move(answer), reset);
  }

  WireAnswer unauthorized() const override { return error_answer(401, 40'110'000, "request is not authorized"); }
  WireAnswer forbidden() const override { return json_answer(403, R"({"message":"forbidden."})"); }
  WireAnswer too_many(const Exchange& exchange, std::int64_t seconds) const override {
    WireAnswer answer = error_answer(429, 42'910'000, "rate limit exceeded");
    const std::int64_t limit = requests_per_minute_ == 0 ? 200 : requests_per_minute_;
    answer.headers.emplace_back("X-RateLimit-Limit", std::to_string(limit));
    answer.headers.emplace_back("X-RateLimit-Remaining", "0");
    answer.headers.emplace_back("X-RateLimit-Reset",
                                std::to_string(exchange.shown_now().nanoseconds() / 1'000'000'000 + seconds));
    return answer;
  }
  WireAnswer broken(int status) const override { return error_answer(status, 50'010'000, "internal server error"); }
  std::string account_id() const override { return account_number(seed_); }

 private:
  // False: the minute's requests are used up.
  bool count(const Exchange& exchange) {
    const std::int64_t minute = exchange.now().nanoseconds() / 60'000'000'000;
    if (minute != minute_) used_ = 0;
    minute_ = minute;
    if (requests_per_minute_ != 0 && used_ >= requests_per_minute_) return false;
    ++used_;
    return true;
  }

  WireAnswer limited(WireAnswer answer, std::int64_t reset) const {
    answer.headers.emplace_back("X-RateLimit-Limit", std::to_string(requests_per_minute_));
    answer.headers.emplace_back("X-RateLimit-Remaining", std::to_string(requests_per_minute_ - used_));
    answer.headers.emplace_back("X-RateLimit-Reset", std::to_string(reset));
    return answer;
  }

  WireAnswer routed(const WireRequest& request, Exchange& exchange, const ListFaults& faults) const {
    const Writer writer{exchange, seed_};
    const AlpacaOrders orders{exchange, seed_, faults};
    const std::string& path = request.path;
    const bool gets = request.method == "GET";
    if (path == orders_path && request.method == "POST") return orders.submit(request);
    if (path == orders_path && request.method == "DELETE") return orders.cancel_all();
    if (path == orders_path && gets) return orders.list(request);
    if (path == by_client_id_path && gets) return orders.find_by_client_id(request);
    if (const auto id = below(path, orders_path)) {
      if (gets) return orders.find(*id);
      if (request.method == "DELETE") return orders.cancel(*id);
      if (request.method == "PATCH") return orders.replace(*id, request);
    }
    if (!gets) return error_answer(path.starts_with("/v2/") ? 405 : 404, 40'410'000, "endpoint not found");
    if (path == "/v2/account") return written([&](JsonText& json) { writer.account(json); });
    if (path == "/v2/clock") return written([&](JsonText& json) { writer.clock(json); });
    if (path == "/v2/calendar") return calendar(request, writer);
    if (path == positions_path) return positions(writer, faults);
    if (const auto symbol = below(path, positions_path)) return position(*symbol, writer);
    if (path == assets_path) return assets(request, writer);
    if (const auto symbol = below(path, assets_path)) return asset(*symbol, writer);
    if (path == activities_path) return orders.activities(request, request.parameter("activity_types").value_or(""));
    if (const auto type = below(path, activities_path)) return orders.activities(request, *type);
    return error_answer(404, 40'410'000, "endpoint not found");
  }

  static WireAnswer calendar(const WireRequest& request, const Writer& writer) {
    const Exchange& exchange = writer.exchange;
    const auto day_of = [&request](std::string_view name, Date otherwise) {
      const auto text = request.parameter(name);
      return text ? Date::parse(std::string_view(*text).substr(0, 10)) : Result<Date>(otherwise);
    };
    const Date today = exchange.shown_now().utc_date();
    const auto start = day_of("start", today);
    const auto end = day_of("end", today.plus_days(30));
    if (!start || !end || end->days() - start->days() > 4'000) {
      return error_answer(422, 40'010'001, "start and end must be dates, at most 4000 days apart");
    }
    return written([&](JsonText& json) {
      json.array();
      for (const Date date : exchange.calendar().sessions(*start, *end)) {
        writer.calendar_day(json, {date, exchange.calendar().open(date), exchange.calendar().close(date)});
      }
      json.end();
    });
  }

  static WireAnswer positions(const Writer& writer, const ListFaults& faults) {
    return written([&](JsonText& json) {
      json.array();
      std::size_t left = writer.exchange.holdings().size();
      for (const auto& [symbol, holding] : writer.exchange.holdings()) {
        if (--left > 0 || !faults.short_list) writer.position(json, symbol);
      }
      json.end();
    });
  }

  WireAnswer position(const std::string& name, const Writer& writer) const {
    const std::string symbol = symbol_of(name, writer);
    if (!writer.exchange.holdings().contains(symbol)) return error_answer(404, 40'410'000, "position does not exist");
    return written([&](JsonText& json) { writer.position(json, symbol); });
  }

  static WireAnswer assets(const WireRequest& request, const Writer& writer) {
    const std::string status = request.parameter("status").value_or("");
    return written([&](JsonText& json) {
      json.array();
      for (const auto& [symbol, instrument] : writer.exchange.instruments()) {
        if (status.empty() || (status == "active") == instrument.tradable) writer.asset(json, instrument);
      }
      json.end();
    });
  }

  WireAnswer asset(const std::string& name, const Writer& writer) const {
    const auto found = writer.exchange.instruments().find(symbol_of(name, writer));
    if (found == writer.exchange.instruments().end()) {
      return error_answer(404, 40'410'000, "asset not found for " + name);
    }
    return written([&](JsonText& json) { writer.asset(json, found->second); });
  }

  // A symbol, or an asset's id.
  std::string symbol_of(const std::string& name, const Writer& writer) const {
    for (const auto& [symbol, instrument] : writer.exchange.instruments()) {
      if (uuid(seed_, Named::asset, writer.asset_number(symbol)) == name) return symbol;
    }
    return name;
  }

  std::uint64_t seed_;
  int requests_per_minute_;
  int used_ = 0;
  std::int64_t minute_ = 0;
};

}  // namespace

std::unique_ptr<HttpSimulator> make_alpaca_simulator(std::uint64_t seed, int requests_per_minute) {
  return std::make_unique<AlpacaSimulator>(seed, requests_per_minute);
}

}  // namespace rebalancer::laboratory
