// Alpaca, Trading API v2: paper and live accounts.
#include <algorithm>
#include <map>
#include <set>

#include <rebalancer/plugin.hpp>

#include "client.hpp"
#include "core/base/json_text.hpp"
#include "schema_json.hpp"
#include "update_stream.hpp"

namespace alpaca {
namespace {

namespace sdk = rebalancer::sdk;
namespace support = rebalancer::plugin_support;
using sdk::Failure;

// What is true of account and market now is true for so long.
constexpr std::int64_t state_lasts_ns = 30'000'000'000;
constexpr rb_decimal one = 1'000'000'000;
constexpr std::size_t replacements_max = 20;

// Whether there is real money behind an address is what its host says, however it is written.
void check_host(std::string_view url, bool paper) {
  const std::size_t slashes = url.find("//");
  std::string host(url.substr(slashes == std::string_view::npos ? 0 : slashes + 2));
  host.resize(std::min(host.find_first_of("/?#"), host.size()));
  if (host.find('@') != std::string::npos) throw Failure(RB_INVALID, "base_url must not hold a user or a password");
  host.resize(std::min(host.find(':'), host.size()));
  while (host.ends_with('.')) host.pop_back();
  std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (host != "alpaca.markets" && !host.ends_with(".alpaca.markets")) return;
  if (host == "api.alpaca.markets") {
    if (paper)
      throw Failure(RB_INVALID, "base_url is the live host, and paper is true: real money would look like paper");
  } else if (host == "paper-api.alpaca.markets") {
    if (!paper) throw Failure(RB_INVALID, "base_url is the paper host, and paper is false");
  } else {
    throw Failure(RB_INVALID, fmt::format("base_url names {}, orders go to api.alpaca.markets or "
                                          "paper-api.alpaca.markets",
                                          host));
  }
}

ClientSettings settings_from(const sdk::Host& host) {
  ClientSettings settings;
  settings.api_key = host.text("api_key");
  settings.secret_key = host.text("secret_key");
  for (const std::string* key : {&settings.api_key, &settings.secret_key}) {
    if (key->find_first_of(" \t\r\n") != std::string::npos) {
      throw Failure(RB_INVALID, "api_key and secret_key must be one word each, without blanks around them");
    }
  }
  settings.base_url = host.text("base_url");
  if (settings.base_url.empty()) {
    settings.base_url = host.flag("paper") ? "https://paper-api.alpaca.markets" : "https://api.alpaca.markets";
  }
  while (settings.base_url.ends_with('/')) settings.base_url.pop_back();
  if (settings.base_url.ends_with("/v2")) settings.base_url.resize(settings.base_url.size() - 3);
  check_host(settings.base_url, host.flag("paper"));
  settings.timeout_ms = static_cast<std::int64_t>(host.number("timeout"));
  settings.stream = host.flag("stream");
  return settings;
}

class Alpaca final : public sdk::Broker {
 public:
  Alpaca(sdk::Host host, std::string_view config_json)
      : Broker(host, config_json),
        paper_(host.flag("paper")),
        fractional_(host.flag("fractional")),
        queue_when_closed_(host.flag("queue_when_closed")),
        lookup_lag_s_(static_cast<std::uint32_t>((host.number("lookup_lag") + 999) / 1000)),
        client_(host, settings_from(host)),
        stream_(client_.settings()) {}

  void capabilities(rb_capabilities& out) override {
    out.flags = RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    if (paper_) out.flags |= RB_SIMULATED;
    // A client id is taken for ever, also after its order was cancelled.
    out.dedupe = RB_DEDUPE_PERMANENT;
    out.lookup = RB_LOOKUP_BY_CLIENT_ID;
    out.lookup_lag_s = lookup_lag_s_;
    out.quantity_increment = fractional_ ? 1 : one;
    out.price_increment = one / 100;
    out.order_value_min = fractional_ ? one : 0;
    out.commission_per_order = 0;
    out.cost_rate = 0;
  }

  void account(const Emit<rb_account>& emit) override {
    const Json json = client_.account();
    understood(RB_UNAVAILABLE, [&] {
      const Fields fields(json, "the account");
      const std::string id = fields.text(fields.has("account_number") ? "account_number" : "id");
      const std::string currency = fields.text_or("currency", "USD");
      const auto cash = fields.rounded_decimal("cash");
      if (!cash) fields.wrong("cash", "is missing");
      emit({sizeof(rb_account), sdk::str(id), sdk::str(currency), cash->billionths(),
            fields.rounded_decimal("equity").value_or(Decimal()).billionths(),
            fields.rounded_decimal("buying_power").value_or(Decimal()).billionths()});
      return 0;
    });
  }

  void positions(const Emit<rb_position>& emit) override {
    // Whoever compares these with the orders compares them with the orders of now.
    stream_.hints().news_of_all();
    const Json json = client_.positions();
    understood(RB_UNAVAILABLE, [&] {
      for (const Json& item : support::items_of(json, "the list of positions")) {
        const std::string symbol = Fields(item, "a position").text("symbol");
        const Fields fields(item, "position " + symbol);
        Decimal quantity = fields.decimal("qty");
        const bool is_short = fields.text_or("side", "long") == "short";
        // A short one is told with a sign by some accounts and without by others.
        if (is_short && quantity.is_positive()) quantity = Decimal::from_billionths(-quantity.billionths());
        emit({sdk::str(symbol), quantity.billionths()});
      }
      return 0;
    });
  }

  void submit(const rb_order& order, const Emit<rb_order_report>& emit) override {
    const std::string client_id(sdk::view(order.client_id)), symbol(sdk::view(order.symbol));
    if (order.side != RB_BUY && order.side != RB_SELL) throw Failure(RB_INVALID, "side must be buy or sell");
    before_order();
    check_asset(symbol, order.quantity);

    rebalancer::JsonText body;
    body.object().member("symbol", symbol).member("qty", wire_decimal(order.quantity));
    body.member("side", order.side == RB_BUY ? "buy" : "sell").member("time_in_force", "day");
    body.member("type", order.limit_price == 0 ? "market" : "limit");
    if (order.limit_price != 0) body.member("limit_price", wire_decimal(order.limit_price));
    body.member("client_order_id", client_id);
    OrderHints& hints = listened_to();
    hints.expect(client_id);
    const OrderHints::Look look = hints.look(now());
    const std::string& text = body.end().str();
    const auto response = support::sent_or_surely_not([&] { return client_.act("POST", "/v2/orders", text); });
    if (response.status == 200 || response.status == 201) {
      const WireOrder taken = understood(RB_TIMEOUT, [&] {
        const auto json = Json::parse(response.body);
        if (!json) throw support::BadAnswer(json.error().message);
        return order_from(*json);
      });
      if (taken.client_id != client_id) {
        throw Failure(RB_TIMEOUT, fmt::format("order {}: the answer is of order {}", client_id, taken.client_id));
      }
      check_same(taken, order);
      // Its figures are of now: nobody has replaced it yet.
      hints.seen(client_id, taken, look);
      tell(taken, client_id, emit);
      return;
    }
    const WireError error = error_from(response.body);
    if (response.status == 422 && error.message.find("must be unique") != std::string::npos) {
      tell(taken_before(order, client_id), client_id, emit);
      return;
    }
    const std::string what = fmt::format("order {} ({} {} {})", client_id, order.side == RB_BUY ? "buy" : "sell",
                                         wire_decimal(order.quantity), symbol);
    Failure failure = client_.failure_of(response, support::Asked::act, what);
    // There is nothing to be found where an order is made.
    if (failure.code() == RB_NOT_FOUND) throw Failure(RB_TIMEOUT, failure.why());
    throw failure;
  }

  void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) override {
    OrderHints& hints = stream_.hints();
    if (const auto unchanged = hints.snapshot(client_id, now())) return tell(*unchanged, client_id, emit);
    const OrderHints::Look look = hints.look(now());
    const auto found = client_.order_by_client_id(client_id);
    if (!found) throw Failure(RB_NOT_FOUND, fmt::format("Alpaca has no order {}", client_id));
    // One that was replaced has ended by itself, so what took its place is asked for each time.
    hints.seen(client_id, *found, look);
    if (is_open(state_of(*found))) listened_to();
    tell(latest(*found), client_id, emit);
  }

  void open_orders(const Emit<rb_order_report>& emit) override {
    for (const WireOrder& order : client_.open_orders()) tell(order, order.client_id, emit);
  }

  void cancel(std::string_view client_id) override {
    const auto found = client_.order_by_client_id(client_id);
    if (!found) throw Failure(RB_NOT_FOUND, fmt::format("Alpaca has no order {}", client_id));
    const WireOrder order = chain_of(*found).back();
    stream_.hints().news(client_id);
    const sdk::HttpResponse response = client_.act("DELETE", "/v2/orders/" + support::url_encoded(order.id), "");
    // Asked for: that it is cancelled is said by its state alone.
    if (response.status == 204 || response.status == 200 || response.status == 207) return;
    const WireError error = error_from(response.body);
    if (response.status == 422) {
      throw Failure(RB_REJECTED, fmt::format("order {} cannot be cancelled any more ({})", client_id,
                                             error.message.empty() ? order.status : error.message));
    }
    const std::string what = fmt::format("cancelling order {}", client_id);
    if (response.status == 404 && !says_there_is_none(error)) {
      throw Failure(RB_UNAVAILABLE,
                    fmt::format("{}: HTTP 404 that is not Alpaca's: {}", what, support::excerpt(response.body)));
    }
    throw client_.failure_of(response, support::Asked::act, what);
  }

  void fills(std::string_view client_id, const Emit<rb_fill>& emit) override {
    const auto order = client_.order_by_client_id(client_id);
    if (!order) throw Failure(RB_NOT_FOUND, fmt::format("Alpaca has no order {}", client_id));
    for (const WireFill& fill : fills_of(chain_of(*order))) {
      emit({sizeof(rb_fill), sdk::str(fill.id), sdk::str(client_id), sdk::str(fill.symbol),
            fill.side == "buy" ? RB_BUY : RB_SELL, 0, fill.quantity.billionths(), fill.price.billionths(), 0,
            fill.at.nanoseconds()});
    }
  }

  void movements(rb_instant from, const Emit<rb_movement>& emit) override {
    client_.activities("", Instant::from_nanoseconds(from), [&](const Json& item) {
      const auto movement = movement_from(item);
      if (!movement || movement->type == "FILL") return;
      const bool shares = movement->quantity != Decimal();
      emit({sizeof(rb_movement), sdk::str(movement->id), sdk::str(movement->type),
            sdk::str(shares ? std::string_view(movement->symbol) : std::string_view()), sdk::str(movement->text),
            movement->cash.billionths(), movement->quantity.billionths(), movement->at.nanoseconds()});
    });
  }

 private:
  [[nodiscard]] Instant now() const { return Instant::from_nanoseconds(host().now()); }

  // The hints, with somebody who hears them: for when there is an order that something may happen to.
  OrderHints& listened_to() {
    stream_.open();
    if (const auto warning = stream_.warning()) host().warning(*warning);
    return stream_.hints();
  }

  // Refuses what Alpaca would refuse or keep until tomorrow. Asked again only when what is known is old.
  void before_order() {
    const std::int64_t now = host().now();
    if (checked_from_ <= now && now < checked_until_) return;
    std::int64_t lasts_ns = state_lasts_ns;
    const Json account = client_.account();
    understood(RB_UNAVAILABLE, [&] {
      const Fields fields(account, "the account");
      const std::string status = fields.text("status");
      if (status != "ACTIVE") {
        throw Failure(RB_REJECTED, fmt::format("the account is {}, orders need an ACTIVE one", status));
      }
      for (const char* flag : {"trading_blocked", "account_blocked", "trade_suspended_by_user"}) {
        if (fields.boolean_or(flag, false)) {
          throw Failure(RB_REJECTED, fmt::format("the account says {}: it takes no orders", flag));
        }
      }
      return 0;
    });
    if (!queue_when_closed_) {
      const Json clock = client_.clock();
      understood(RB_UNAVAILABLE, [&] {
        const Fields fields(clock, "the market's clock");
        if (!fields.boolean("is_open")) {
          throw Failure(RB_REJECTED, fmt::format("the market is closed until {}, and queue_when_closed is off",
                                                 fields.text("next_open")));
        }
        // Open is true until the close, and no longer: what comes later would be kept until tomorrow.
        lasts_ns = 0;
        if (fields.has("timestamp") && fields.has("next_close")) {
          const Instant shown = fields.instant("timestamp"), close = fields.instant("next_close");
          lasts_ns = std::clamp<std::int64_t>(close.nanoseconds() - shown.nanoseconds(), 0, state_lasts_ns);
        }
        return 0;
      });
    }
    checked_from_ = now;
    checked_until_ = now + lasts_ns;
  }

  void check_asset(const std::string& symbol, rb_decimal quantity) {
    const auto known = fractionable_.find(symbol);
    bool fractionable = known != fractionable_.end() && known->second;
    if (known == fractionable_.end()) {
      const auto json = client_.asset(symbol);
      if (!json) throw Failure(RB_REJECTED, fmt::format("Alpaca does not know the symbol {}", symbol));
      understood(RB_UNAVAILABLE, [&] {
        const Fields fields(*json, "asset " + symbol);
        const std::string status = fields.text("status");
        if (status != "active" || !fields.boolean("tradable")) {
          throw Failure(RB_REJECTED, fmt::format("{} is {} and {}tradable at Alpaca", symbol, status,
                                                 fields.boolean("tradable") ? "" : "not "));
        }
        // Positions and orders come under that name, and under no other.
        if (const std::string name = fields.text("symbol"); name != symbol) {
          throw Failure(RB_REJECTED, fmt::format("Alpaca calls {} {}: use that", symbol, name));
        }
        fractionable = fields.boolean_or("fractionable", false);
        return 0;
      });
      fractionable_.emplace(symbol, fractionable);
    }
    if (!fractionable && quantity % one != 0) {
      throw Failure(RB_REJECTED, fmt::format("{} is traded in whole shares only at Alpaca, the order is for {}", symbol,
                                             wire_decimal(quantity)));
    }
  }

  // Throws when an order under our id is not the one that we mean: a person has to look.
  static void check_same(const WireOrder& told, const rb_order& order) {
    const bool same = told.symbol == sdk::view(order.symbol) &&
                      (order.side == RB_BUY ? told.side == "buy" : told.side.starts_with("sell")) && told.quantity &&
                      told.quantity->billionths() == order.quantity &&
                      told.limit.value_or(Decimal()).billionths() == order.limit_price;
    if (same) return;
    throw Failure(RB_CONFLICT, fmt::format("the id {} is taken by another order: {} {} {}{}", told.client_id, told.side,
                                           told.quantity ? told.quantity->to_string() : "by value", told.symbol,
                                           told.limit ? " at " + told.limit->to_string() : ""));
  }

  // The id is taken: by this very order, whose answer was lost, or by another one. It exists, so no failure to look at
  // it may say that nothing was carried out.
  [[nodiscard]] WireOrder taken_before(const rb_order& order, const std::string& client_id) const {
    try {
      const auto found = client_.order_by_client_id(client_id);
      if (found) {
        check_same(*found, order);
        return latest(*found);
      }
    } catch (const Failure& failure) {
      if (failure.code() == RB_CONFLICT) throw;
      throw Failure(RB_TIMEOUT, failure.why());
    }
    throw Failure(RB_TIMEOUT, fmt::format("Alpaca says that order {} exists, and does not find it", client_id));
  }

  // An order that somebody replaced goes on as what took its place: all of them, ours first.
  [[nodiscard]] std::vector<WireOrder> chain_of(const WireOrder& order) const {
    std::vector<WireOrder> chain{order};
    while (!chain.back().replaced_by.empty()) {
      if (chain.size() > replacements_max) {
        throw Failure(RB_UNAVAILABLE, fmt::format("order {}: its replacements do not end", order.client_id));
      }
      chain.push_back(client_.order(chain.back().replaced_by));
    }
    if (chain.back().status == "replaced") {
      throw Failure(RB_UNAVAILABLE, fmt::format("order {}: Alpaca says replaced, and not by what", order.client_id));
    }
    return chain;
  }

  [[nodiscard]] std::vector<WireFill> fills_of(const std::vector<WireOrder>& chain) const {
    std::vector<WireFill> fills;
    std::set<std::string> ids;
    bool any = false;
    for (const WireOrder& order : chain) {
      ids.insert(order.id);
      any = any || order.filled.is_positive();
    }
    if (!any) return fills;
    // From a day before: whatever the server's clock did in between, no fill of it is left out.
    constexpr std::int64_t day_ns = 86'400'000'000'000;
    const Instant from = Instant::from_nanoseconds(chain.front().submitted_at.nanoseconds() - day_ns);
    client_.activities("FILL", from, [&](const Json& item) {
      WireFill fill = fill_from(item);
      if (!ids.contains(fill.order_id)) return;
      if (fill.side != "buy" && !fill.side.starts_with("sell")) {
        throw support::BadAnswer(fmt::format("activity {}: side is \"{}\"", fill.id, fill.side));
      }
      fills.push_back(std::move(fill));
    });
    return fills;
  }

  // The order as it stands now. What an order had traded before somebody replaced it is counted fill by fill: the
  // documents do not say whether the next one's figures hold it.
  [[nodiscard]] WireOrder latest(const WireOrder& order) const {
    const std::vector<WireOrder> chain = chain_of(order);
    WireOrder last = chain.back();
    const auto has_traded = [](const WireOrder& link) { return link.filled.is_positive(); };
    if (std::none_of(chain.begin(), chain.end() - 1, has_traded)) return last;
    const auto total = sum_of(fills_of(chain));
    if (!total) throw Failure(RB_UNAVAILABLE, fmt::format("order {}: {}", order.client_id, total.error().message));
    for (const WireOrder& link : chain) {
      if (link.filled > total->quantity) {
        throw Failure(RB_UNAVAILABLE, fmt::format("order {}: {} are filled, fills of {} are told", order.client_id,
                                                  link.filled.to_string(), total->quantity.to_string()));
      }
    }
    last.filled = total->quantity;
    last.average_price = total->average_price;
    return last;
  }

  void tell(const WireOrder& order, std::string_view client_id, const Emit<rb_order_report>& emit) {
    const State state = state_of(order);
    if (!state.known) {
      host().warning(fmt::format("order {}: Alpaca says \"{}\", which its documents do not know: taken as open",
                                 client_id, order.status));
    }
    const std::string reason = state.state == RB_CANCELLED || state.state == RB_ORDER_REJECTED
                                   ? fmt::format("Alpaca says {}", order.status)
                                   : std::string();
    emit({sizeof(rb_order_report), sdk::str(client_id), sdk::str(order.id), sdk::str(reason), state.state, 0,
          order.filled.billionths(), order.average_price.value_or(Decimal()).billionths(), 0});
  }

  bool paper_, fractional_, queue_when_closed_;
  std::uint32_t lookup_lag_s_;
  Client client_;
  UpdateStream stream_;
  std::int64_t checked_from_ = 0, checked_until_ = 0;
  std::map<std::string, bool> fractionable_;
};

}  // namespace
}  // namespace alpaca

REBALANCER_BROKER(alpaca::Alpaca, "alpaca", "1.0.0", "Alpaca: paper and live accounts over its Trading API.",
                  schema_json)
