// Trading 212's public API v0 over HTTP: routes, the two kinds of keys, a limit for each endpoint.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "laboratory/arithmetic.hpp"
#include "laboratory/trading212_orders.hpp"

namespace rebalancer::laboratory {
namespace {

using namespace trading212;

constexpr std::string_view prefix = "/api/v0/equity/";
constexpr std::int64_t second = 1'000'000'000;

struct Endpoint {
  std::string_view method;
  std::string_view path;  // below the prefix; one that ends with a slash takes an id
  RequestKind kind;
  std::int64_t requests;
  std::int64_t period_s;
};

constexpr std::array endpoints{
    Endpoint{"GET", "account/summary", RequestKind::account, 1, 5},
    Endpoint{"GET", "positions", RequestKind::positions, 1, 1},
    Endpoint{"GET", "orders", RequestKind::list, 1, 5},
    Endpoint{"GET", "orders/", RequestKind::find, 1, 1},
    Endpoint{"DELETE", "orders/", RequestKind::cancel, 50, 60},
    Endpoint{"POST", "orders/market", RequestKind::submit, 50, 60},
    Endpoint{"POST", "orders/limit", RequestKind::submit, 1, 2},
    Endpoint{"GET", "history/orders", RequestKind::fills, 6, 60},
    Endpoint{"GET", "history/dividends", RequestKind::other, 6, 60},
    Endpoint{"GET", "history/transactions", RequestKind::other, 6, 60},
    Endpoint{"GET", "metadata/instruments", RequestKind::instruments, 1, 50},
    Endpoint{"GET", "metadata/exchanges", RequestKind::clock, 1, 30},
};

const Endpoint* endpoint_of(const WireRequest& request) {
  if (!request.path.starts_with(prefix)) return nullptr;
  const std::string_view path = std::string_view(request.path).substr(prefix.size());
  const auto found = std::ranges::find_if(endpoints, [&](const Endpoint& endpoint) {
    const bool takes_id = endpoint.path.ends_with('/');
    return request.method == endpoint.method &&
           (takes_id ? path.starts_with(endpoint.path) && path.size() > endpoint.path.size() : path == endpoint.path);
  });
  return found == endpoints.end() ? nullptr : &*found;
}

template <class Write>
WireAnswer written(const Write& write) {
  JsonText json;
  write(json);
  return json_answer(200, json.str());
}

class Trading212Simulator final : public HttpSimulator {
 public:
  Trading212Simulator(std::uint64_t seed, bool rate_limits) : seed_(seed), rate_limits_(rate_limits) {}

  RequestKind kind_of(const WireRequest& request) const override {
    const Endpoint* endpoint = endpoint_of(request);
    return endpoint == nullptr ? RequestKind::other : endpoint->kind;
  }

  WireAnswer answer(const WireRequest& request, Exchange& exchange, const ListFaults& faults) override {
    const std::string pair = std::string(laboratory_key) + ":" + std::string(laboratory_secret);
    const std::string given = request.header("authorization");
    if (given != "Basic " + encode_base64(pair) && given != laboratory_key) return unauthorized();
    const Endpoint* endpoint = endpoint_of(request);
    if (endpoint == nullptr) return problem(404, "not-found", "there is no such endpoint");
    if (!rate_limits_) return routed(request, *endpoint, exchange, faults);
    Used& used = used_[static_cast<std::size_t>(endpoint - endpoints.data())];
    const std::int64_t now_s = exchange.now().nanoseconds() / second;
    if (now_s >= used.reset_s) used = {0, now_s + endpoint->period_s};
    const bool allowed = used.count < endpoint->requests;
    if (allowed) ++used.count;
    const std::int64_t shown_s = exchange.shown_now().nanoseconds() / second - now_s + used.reset_s;
    return limited(allowed ? routed(request, *endpoint, exchange, faults) : refused_as_too_many(), *endpoint,
                   used.count, shown_s);
  }

  WireAnswer unauthorized() const override { return {401, {}, ""}; }
  WireAnswer forbidden() const override {
    return {403, {{"Content-Type", "text/plain"}}, "Scope(orders:execute) missing for API key"};
  }
  WireAnswer too_many(const Exchange& exchange, std::int64_t seconds) const override {
    return limited(refused_as_too_many(), {"", "", RequestKind::other, 1, seconds}, 1,
                   exchange.shown_now().nanoseconds() / second + seconds);
  }
  WireAnswer broken(int status) const override { return {status, {}, ""}; }
  std::string account_id() const override { return std::to_string(account_number(seed_)); }

 private:
  struct Used {
    std::int64_t count = 0;
    std::int64_t reset_s = 0;
  };

  static WireAnswer refused_as_too_many() {
    return json_answer(429, R"({"context":{"type":"TooManyRequests"},"code":"BusinessException"})");
  }

  static WireAnswer limited(WireAnswer answer, const Endpoint& endpoint, std::int64_t used, std::int64_t reset_s) {
    answer.headers.emplace_back("x-ratelimit-limit", std::to_string(endpoint.requests));
    answer.headers.emplace_back("x-ratelimit-period", std::to_string(endpoint.period_s));
    answer.headers.emplace_back("x-ratelimit-remaining", std::to_string(endpoint.requests - used));
    answer.headers.emplace_back("x-ratelimit-reset", std::to_string(reset_s));
    answer.headers.emplace_back("x-ratelimit-used", std::to_string(used));
    return answer;
  }

  WireAnswer routed(const WireRequest& request, const Endpoint& endpoint, Exchange& exchange,
                    const ListFaults& faults) const {
    const Orders orders{exchange, seed_, faults};
    const std::string_view path = endpoint.path;
    const std::string_view id = std::string_view(request.path).substr(prefix.size() + path.size());
    if (path == "account/summary") return summary(exchange);
    if (path == "positions") return positions(request, orders);
    if (path == "orders") return orders.pending();
    if (path == "orders/") return request.method == "GET" ? orders.find(id) : orders.cancel(id);
    if (path == "orders/market" || path == "orders/limit") return orders.submit(request, path == "orders/limit");
    if (path == "history/orders") return orders.history(request);
    if (path == "history/dividends") return dividends(orders);
    if (path == "history/transactions") return transactions(exchange);
    return path == "metadata/instruments" ? instruments(exchange) : exchanges(exchange);
  }

  WireAnswer summary(const Exchange& exchange) const {
    const Decimal reserved = exchange.reserved_cash();
    const Decimal value = minus(exchange.equity(), exchange.cash());
    Decimal cost;
    for (const auto& [symbol, holding] : exchange.holdings()) cost = plus(cost, holding.cost);
    return written([&](JsonText& json) {
      json.object().member("id", account_number(seed_)).member("currency", exchange.settings().currency);
      number(json, "totalValue", exchange.equity());
      json.key("cash").object();
      number(json, "availableToTrade", exchange.buying_power());
      number(json, "reservedForOrders", reserved);
      number(json, "inPies", Decimal());
      json.end().key("investments").object();
      number(json, "currentValue", value);
      number(json, "totalCost", cost);
      number(json, "realizedProfitLoss", Decimal());
      number(json, "unrealizedProfitLoss", minus(value, cost));
      json.end().end();
    });
  }

  static WireAnswer positions(const WireRequest& request, const Orders& orders) {
    const Exchange& exchange = orders.exchange;
    const std::string ticker = request.parameter("ticker").value_or("");
    return written([&](JsonText& json) {
      json.array();
      std::size_t left = exchange.holdings().size();
      for (const auto& [symbol, holding] : exchange.holdings()) {
        const bool dropped = --left == 0 && orders.faults.short_list;
        if (dropped || (!ticker.empty() && ticker != symbol)) continue;
        const Instrument& instrument = exchange.instruments().at(symbol);
        const Decimal value = exchange.market_value(symbol);
        json.object().key("instrument");
        orders.write_instrument(json, instrument);
        number(json, "quantity", holding.quantity);
        number(json, "quantityAvailableForTrading", minus(holding.quantity, exchange.held_for_orders(symbol)));
        number(json, "quantityInPies", Decimal());
        number(json, "averagePricePaid", over(over(holding.cost, holding.quantity), instrument.rate));
        number(json, "currentPrice", instrument.price);
        json.member("createdAt", moment(exchange.settings().start)).key("walletImpact").object();
        json.member("currency", exchange.settings().currency);
        number(json, "totalCost", holding.cost);
        number(json, "currentValue", value);
        number(json, "unrealizedProfitLoss", minus(value, holding.cost));
        number(json, "fxImpact", Decimal());
        json.end().end();
      }
      json.end();
    });
  }

  static WireAnswer dividends(const Orders& orders) {
    const Exchange& exchange = orders.exchange;
    return written([&](JsonText& json) {
      json.object().key("items").array();
      for (auto event = exchange.events().rbegin(); event != exchange.events().rend(); ++event) {
        if (event->kind != AccountEvent::Kind::dividend) continue;
        const Instrument& instrument = exchange.instruments().at(event->symbol);
        json.object().member("ticker", event->symbol).key("instrument");
        orders.write_instrument(json, instrument);
        json.member("type", "ORDINARY").member("currency", exchange.settings().currency);
        json.member("tickerCurrency", instrument.currency).member("paidOn", moment(event->at));
        number(json, "amount", event->amount);
        number(json, "quantity", event->quantity);
        number(json, "grossAmountPerShare", event->per_share);
        json.member("reference", fmt::format("DIV-{}", event->number)).end();
      }
      json.end().key("nextPagePath").null().end();
    });
  }

  static WireAnswer transactions(const Exchange& exchange) {
    return written([&](JsonText& json) {
      json.object().key("items").array();
      for (auto event = exchange.events().rbegin(); event != exchange.events().rend(); ++event) {
        if (event->kind != AccountEvent::Kind::transfer) continue;
        json.object().member("type", event->amount.is_negative() ? "WITHDRAW" : "DEPOSIT");
        json.member("currency", exchange.settings().currency).member("dateTime", moment(event->at));
        number(json, "amount", event->amount);
        json.member("reference", fmt::format("TXN-{}", event->number)).end();
      }
      json.end().key("nextPagePath").null().end();
    });
  }

  static WireAnswer instruments(const Exchange& exchange) {
    return written([&](JsonText& json) {
      json.array();
      for (const auto& [symbol, instrument] : exchange.instruments()) {
        json.object().member("ticker", symbol).member("type", "ETF").member("workingScheduleId", 71);
        json.member("isin", instrument.isin).member("currencyCode", instrument.currency);
        json.member("name", instrument.name);
        json.member("shortName", instrument.short_name.empty() ? symbol : instrument.short_name);
        json.member("maxOpenQuantity", 1'000'000).member("extendedHours", false);
        json.member("addedOn", "2018-07-12T07:10:11.000Z").end();
      }
      json.end();
    });
  }

  static WireAnswer exchanges(const Exchange& exchange) {
    Session session = exchange.session();
    return written([&](JsonText& json) {
      json.array().object().member("id", 53).member("name", "Laboratory").key("workingSchedules").array();
      json.object().member("id", 71).key("timeEvents").array();
      for (int i = 0; i < 5; ++i) {
        json.object().member("date", moment(session.open)).member("type", "OPEN").end();
        json.object().member("date", moment(session.close)).member("type", "CLOSE").end();
        session = exchange.session_after(session);
      }
      json.end().end().end().end().end();
    });
  }

  std::uint64_t seed_;
  bool rate_limits_;
  std::array<Used, endpoints.size()> used_{};
};

}  // namespace

std::unique_ptr<HttpSimulator> make_trading212_simulator(std::uint64_t seed, bool rate_limits) {
  return std::make_unique<Trading212Simulator>(seed, rate_limits);
}

std::vector<Instrument> trading212_instruments() {
  std::vector<Instrument> instruments = usual_instruments();
  for (Instrument& instrument : instruments) {
    instrument.short_name = instrument.symbol;
    instrument.symbol += "_US_EQ";
  }
  const auto amount = [](std::int64_t ten_thousandths) { return Decimal::from_billionths(ten_thousandths * 100'000); };
  const Decimal conversion_fee = amount(15);  // 0.15 % where the currency is not the account's
  instruments.push_back({.symbol = "VOD_US_EQ",
                         .short_name = "VOD",
                         .name = "Vodafone Group (ADR)",
                         .isin = "US92857W3088",
                         .price = amount(119'500)});
  instruments.push_back({.symbol = "VODl_EQ",
                         .short_name = "VOD",
                         .name = "Vodafone Group",
                         .isin = "GB00BH4HKS39",
                         .currency = "GBX",
                         .price = amount(883'000),
                         .rate = amount(132),
                         .fee_rate = conversion_fee});
  instruments.push_back({.symbol = "SXR8d_EQ",
                         .short_name = "SXR8",
                         .name = "iShares Core S&P 500",
                         .isin = "IE00B5BMR087",
                         .currency = "EUR",
                         .price = amount(6'281'200),
                         .rate = amount(11'600),
                         .fee_rate = conversion_fee});
  return instruments;
}

}  // namespace rebalancer::laboratory
