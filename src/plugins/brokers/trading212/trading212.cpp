// Trading 212, public API v0: demo and live accounts (Invest and Stocks ISA).
#include <algorithm>
#include <map>
#include <set>

#include <rebalancer/plugin.hpp>

#include "account.hpp"
#include "core/base/json_text.hpp"
#include "instruments.hpp"
#include "orders.hpp"
#include "schema_json.hpp"
#include "settings.hpp"

namespace trading212 {
namespace {

namespace sdk = rebalancer::sdk;
namespace support = rebalancer::plugin_support;
using sdk::Failure;

constexpr std::int64_t million = 1'000'000;
constexpr rb_decimal one = 1'000'000'000;

class Trading212 final : public sdk::Broker {
 public:
  Trading212(sdk::Host host, std::string_view config_json)
      : Broker(host, config_json),
        demo_(host.flag("demo")),
        settle_ns_(static_cast<std::int64_t>(host.number("settle_time")) * million),
        timeout_ns_(static_cast<std::int64_t>(host.number("timeout")) * million),
        client_(host, settings_from(host)),
        ledger_(host.text("path")),
        orders_(host, client_, ledger_, settle_ns_),
        account_(host, client_, ledger_, demo_, chosen_from(config_json)) {
    const int places = static_cast<int>(host.number("quantity_places"));
    for (int i = 0; i < places; ++i) quantity_increment_ /= 10;
  }

  void capabilities(rb_capabilities& out) override {
    out.flags = RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    if (demo_) out.flags |= RB_SIMULATED;
    out.dedupe = RB_DEDUPE_NONE;
    out.lookup = RB_LOOKUP_BY_CLIENT_ID;
    // Counted from before the request: the first look may come when its answer is given up, and the last look may have
    // been made a moment before the conclusion. In between the settle time has passed.
    constexpr std::int64_t second_ns = 1000 * million;
    const std::int64_t lag_ns = settle_ns_ + timeout_ns_ + Orders::look_period_ns(settle_ns_);
    out.lookup_lag_s = static_cast<std::uint32_t>((lag_ns + second_ns - 1) / second_ns);
    out.quantity_increment = quantity_increment_;
    out.price_increment = one / 100;
    out.order_value_min = 0;
    out.commission_per_order = 0;
    out.cost_rate = 0;
  }

  void account(const Emit<rb_account>& emit) override {
    const Json json = account_.summary();
    understood(RB_UNAVAILABLE, [&] {
      const Fields fields(json, "the account");
      const Fields cash = fields.object("cash");
      const Json& figures = *json.find("cash");
      const Decimal free = rounded(figures, "availableToTrade", cash.what());
      const bool some = cash.has("reservedForOrders");
      const auto all = add(free, some ? rounded(figures, "reservedForOrders", cash.what()) : Decimal());
      if (!all) cash.wrong("reservedForOrders", all.error().message);
      const Decimal equity = fields.has("totalValue") ? rounded(json, "totalValue", fields.what()) : Decimal();
      emit({sizeof(rb_account), sdk::str(account_.id()), sdk::str(account_.currency()), all->billionths(),
            equity.billionths(), free.billionths()});
      return 0;
    });
  }

  void positions(const Emit<rb_position>& emit) override {
    const Instruments& instruments = account_.instruments();
    std::map<std::string, std::string> told;  // tickers by the names they were told by
    for (const WirePosition& position : client_.positions()) {
      const std::string* symbol = instruments.symbol_of(position.ticker);
      if (position.in_pies.is_positive()) {
        host().warning(fmt::format("position {}: {} of {} are in pies, which the API cannot trade", position.ticker,
                                   position.in_pies.to_string(), position.quantity.to_string()));
      }
      if (symbol == nullptr) {
        host().warning(
            fmt::format("position {} ({}, {}): no symbol is this instrument alone, it is told by its ISIN; "
                        "name it with broker.instruments",
                        position.ticker, position.isin, position.currency));
        if (position.isin.empty()) {
          throw Failure(RB_UNAVAILABLE, fmt::format("position {} has no ISIN, and no symbol leads to it; name it with "
                                                    "broker.instruments",
                                                    position.ticker));
        }
      }
      const std::string& name = symbol == nullptr ? position.isin : *symbol;
      if (const auto [first, fresh] = told.emplace(name, position.ticker); !fresh) {
        throw Failure(
            RB_UNAVAILABLE,
            fmt::format("the positions {} and {} are both {}, which can name only one of them; choose symbols "
                        "with broker.instruments, or hold one of them only",
                        first->second, position.ticker, name));
      }
      emit({sdk::str(name), position.quantity.billionths()});
    }
  }

  void submit(const rb_order& order, const Emit<rb_order_report>& emit) override {
    Entry entry;
    entry.client_id = sdk::view(order.client_id);
    entry.symbol = sdk::view(order.symbol);
    if (order.side != RB_BUY && order.side != RB_SELL) throw Failure(RB_INVALID, "side must be buy or sell");
    if (order.quantity <= 0 || order.limit_price < 0) throw Failure(RB_INVALID, "quantity and limit must be positive");
    entry.quantity = order.side == RB_BUY ? order.quantity : -order.quantity;
    auto before = not_sent_yet([&] { return ledger_.find(entry.client_id); });
    if (before && before->fate != Fate::refused) {
      if (tell_again(*before, order, emit)) return;
      return send(*before, emit);
    }
    // What is refused after two copies is not started anew: the first may have been late.
    if (before && before->resent_at != 0) throw Failure(RB_REJECTED, before->reason);
    not_sent_yet([&] { prepare(entry, order); });
    send(entry, emit);
  }

  void find_order(std::string_view client_id, const Emit<rb_order_report>& emit) override {
    static_cast<void>(account_.id());
    if (const auto entry = ledger_.find(client_id); entry && entry->fate == Fate::refused && !entry->reason.empty()) {
      emit({sizeof(rb_order_report), sdk::str(client_id), sdk::str(""), sdk::str(entry->reason), RB_ORDER_REJECTED, 0,
            0, 0, 0});
      return;
    }
    const Entry entry = identified(client_id);
    tell(orders_.standing(entry), client_id, emit);
  }

  void open_orders(const Emit<rb_order_report>& emit) override {
    static_cast<void>(account_.id());
    const std::vector<WireOrder> pending = orders_.pending();
    const std::map<std::string, std::string> owners = orders_.owners_of(pending);
    std::set<std::string> told;
    for (const WireOrder& order : pending) {
      // Without an id nothing can be said of it, and it must not be kept back.
      if (order.id.empty()) throw Failure(RB_UNAVAILABLE, "the answer cannot be understood: " + order.trouble);
      if (is_final(order) || !told.insert(order.id).second) continue;
      const auto owner = owners.find(order.id);
      const bool ours = owner != owners.end();
      const std::string client_id = ours ? owner->second : "trading212-" + order.id;  // somebody else's
      if (order.trouble.empty()) {
        tell(orders_.pending_standing(order), client_id, emit);
        continue;
      }
      if (ours) throw Failure(RB_UNAVAILABLE, "the answer cannot be understood: " + order.trouble);
      // That it is open is all that is said of somebody else's.
      host().warning(fmt::format("order {} cannot be understood, it is told as open: {}", order.id, order.trouble));
      emit({sizeof(rb_order_report), sdk::str(client_id), sdk::str(order.id), sdk::str(""), RB_OPEN, 0, 0, 0, 0});
    }
  }

  void cancel(std::string_view client_id) override {
    const Entry entry = identified(client_id);
    client_.check_room(Endpoint::cancel);
    forget();
    const sdk::HttpResponse response =
        client_.act(Endpoint::cancel, "DELETE", "orders/" + support::url_encoded(entry.broker_id), "");
    // Asked for: that it is cancelled is said by its state alone.
    if (response.status == 200 || response.status == 204) return;
    const std::string said = error_text(response.body);
    if (response.status == 404 || response.status == 400) {
      throw Failure(RB_REJECTED, fmt::format("order {} cannot be cancelled any more ({})", client_id,
                                             said.empty() ? "it is not pending" : said));
    }
    throw support::failure_of(response, support::Asked::act, fmt::format("cancelling order {}", client_id), said);
  }

  void fills(std::string_view client_id, const Emit<rb_fill>& emit) override {
    const Entry entry = identified(client_id);
    const WireInstrument& instrument = account_.instrument_of(entry.ticker);
    const Standing standing = orders_.standing(entry);
    note_fills(standing);
    understood(RB_UNAVAILABLE, [&] {
      static_cast<void>(fee_of(standing, account_.currency()));
      for (const WireFill& fill : standing.fills) {
        emit({sizeof(rb_fill), sdk::str(fill.id), sdk::str(client_id), sdk::str(entry.symbol),
              entry.quantity > 0 ? RB_BUY : RB_SELL, 0, fill.quantity.billionths(),
              from_wire_price(instrument, fill.price).billionths(), fill.fee.billionths(), fill.at.nanoseconds()});
      }
      return 0;
    });
  }

  void movements(rb_instant from, const Emit<rb_movement>& emit) override {
    const std::string& currency = account_.currency();
    for (const Endpoint endpoint : {Endpoint::dividends, Endpoint::transactions}) {
      client_.movements(endpoint, [&](const WireMovement& movement) {
        if (movement.at.nanoseconds() < from) return false;
        if (!movement.currency.empty() && movement.currency != currency) {
          throw support::BadAnswer(
              fmt::format("{}: it is in {}, the account in {}", movement.id, movement.currency, currency));
        }
        emit({sizeof(rb_movement), sdk::str(movement.id), sdk::str(movement.kind), sdk::str(""),
              sdk::str(movement.text), movement.cash.billionths(), 0, movement.at.nanoseconds()});
        return true;
      });
    }
  }

 private:
  void forget() {
    orders_.forget();
    account_.forget();
  }

  void prepare(Entry& entry, const rb_order& order) {
    if (order.quantity % quantity_increment_ != 0) {
      throw Failure(RB_INVALID, fmt::format("quantity {} must be a multiple of {}",
                                            Decimal::from_billionths(order.quantity).to_string(),
                                            Decimal::from_billionths(quantity_increment_).to_string()));
    }
    client_.check_room(order.limit_price == 0 ? Endpoint::market : Endpoint::limit);
    const WireInstrument& instrument = account_.instruments().of_symbol(entry.symbol);
    entry.ticker = instrument.ticker;
    entry.limit = to_wire_price(instrument, Decimal::from_billionths(order.limit_price)).billionths();
    orders_.take_stock(entry);
    entry.sent_at = host().now();
    ledger_.write(entry);
  }

  // From here on the order may exist, whatever happens: only a clear refusal says otherwise.
  void send(const Entry& entry, const Emit<rb_order_report>& emit) {
    const bool limited = entry.limit != 0;
    rebalancer::JsonText body;
    body.object().member("ticker", entry.ticker);
    body.key("quantity").raw(Decimal::from_billionths(entry.quantity).to_string());
    if (limited) {
      body.key("limitPrice").raw(Decimal::from_billionths(entry.limit).to_string()).member("timeValidity", "DAY");
    } else {
      body.member("extendedHours", false);
    }
    forget();
    const std::string what = fmt::format("order {} ({} {} {})", entry.client_id, entry.quantity > 0 ? "buy" : "sell",
                                         Decimal::from_billionths(std::abs(entry.quantity)).to_string(), entry.symbol);
    sdk::HttpResponse response;
    try {
      const std::string& text = body.end().str();
      response = support::sent_or_surely_not([&] {
        return client_.act(limited ? Endpoint::limit : Endpoint::market, "POST",
                           limited ? "orders/limit" : "orders/market", text);
      });
    } catch (const Failure& failure) {
      // There was no connection, or no request: what had left would be told as RB_TIMEOUT.
      if (failure.code() == RB_EXHAUSTED || failure.code() == RB_INVALID) write_not_looked_at(entry);
      throw;
    }
    if (response.status != 200 && response.status != 201) {
      const Failure failure = refusal_of(response, what);
      if (failure.code() == RB_REJECTED) ledger_.set_refused(entry.client_id, failure.why());
      if (failure.code() == RB_EXHAUSTED) write_not_looked_at(entry);
      throw failure;
    }
    const WireOrder taken = understood(RB_TIMEOUT, [&] {
      const auto json = Json::parse(response.body);
      if (!json) throw support::BadAnswer(json.error().message);
      return order_from(*json);
    });
    if (taken.ticker != entry.ticker || !taken.quantity || taken.quantity->billionths() != entry.quantity) {
      throw Failure(RB_TIMEOUT, fmt::format("{}: the answer is of another order, {} of {}", what,
                                            taken.quantity ? taken.quantity->to_string() : "a value", taken.ticker));
    }
    try {
      ledger_.set_taken(entry.client_id, taken.id);
    } catch (const Failure& failure) {
      throw Failure(RB_TIMEOUT, fmt::format("{}: it was taken as {}, which could not be written down: {}", what,
                                            taken.id, failure.why()));
    }
    // What is filled already has a price in the history only: it is told when it is asked for.
    Standing standing{taken, {}, {}};
    if (taken.filled.is_positive() || taken.status == "FILLED") standing.order.status = "PARTIALLY_FILLED";
    tell(standing, entry.client_id, emit);
  }

  // This copy surely came to nothing; of an earlier one that says nothing.
  void write_not_looked_at(const Entry& entry) {
    if (entry.resent_at == 0) {
      ledger_.set_refused(entry.client_id, "");
    } else {
      ledger_.set_resent(entry.client_id, 0, entry.absent_since);
    }
  }

  // The same order once more: what became of it. False when it may go out a second time, which is written down: when
  // it is proved that it never arrived, and once only.
  bool tell_again(Entry& entry, const rb_order& order, const Emit<rb_order_report>& emit) {
    try {
      const auto limit =
          to_wire_price(account_.instrument_of(entry.ticker), Decimal::from_billionths(order.limit_price));
      const bool same = entry.symbol == sdk::view(order.symbol) && entry.limit == limit.billionths() &&
                        entry.quantity == (order.side == RB_BUY ? order.quantity : -order.quantity);
      if (!same) {
        throw Failure(RB_CONFLICT, fmt::format("the id {} is taken by another order: {} of {}", entry.client_id,
                                               Decimal::from_billionths(entry.quantity).to_string(), entry.symbol));
      }
      if (entry.fate == Fate::unknown && is_absent(entry)) {
        client_.check_room(entry.limit == 0 ? Endpoint::market : Endpoint::limit);
        entry.resent_at = host().now();
        ledger_.set_resent(entry.client_id, entry.resent_at, 0);
        return false;
      }
      tell(orders_.standing(entry), entry.client_id, emit);
      return true;
    } catch (const Failure& failure) {
      if (failure.code() == RB_CONFLICT) throw;
      // Whatever is wrong with looking says nothing about the order.
      throw Failure(RB_TIMEOUT, failure.why());
    }
  }

  // Whether it is proved that an order whose answer was lost never arrived. Throws what leaves that open.
  bool is_absent(Entry& entry) {
    try {
      orders_.identify(entry, Orders::Look::fresh);
      return false;
    } catch (const Failure& failure) {
      if (failure.code() != RB_NOT_FOUND || !orders_.is_absence_proved(entry)) throw;
      if (entry.resent_at == 0) return true;
      throw Failure(RB_CONFLICT, failure.why() + "; it was sent twice and is not sent again");
    }
  }

  Entry identified(std::string_view client_id) {
    static_cast<void>(account_.id());
    auto entry = ledger_.find(client_id);
    if (!entry) throw Failure(RB_NOT_FOUND, fmt::format("no order {} was ever sent from here", client_id));
    if (entry->fate == Fate::refused) {
      throw Failure(RB_NOT_FOUND, fmt::format("order {} was refused: Trading 212 never had it", client_id));
    }
    if (entry->fate == Fate::unknown) orders_.identify(*entry, Orders::Look::recent);
    return *std::move(entry);
  }

  // The cash that was read before a fill is not what there is now.
  void note_fills(const Standing& standing) {
    const auto [known, first] = filled_.try_emplace(standing.order.id, standing.filled);
    const bool newer = std::any_of(standing.fills.begin(), standing.fills.end(),
                                   [&](const WireFill& fill) { return account_.may_not_know_of(fill.at); });
    if (first ? newer : known->second != standing.filled) account_.forget();
    known->second = standing.filled;
  }

  void tell(const Standing& standing, std::string_view client_id, const Emit<rb_order_report>& emit) {
    const WireOrder& order = standing.order;
    State state = state_of(order);
    if (order.status == "REPLACED") {
      throw Failure(RB_CONFLICT,
                    fmt::format("order {}: Trading 212 says that its order {} was replaced by another one, "
                                "which nobody can name; look at the account",
                                client_id, order.id));
    }
    note_fills(standing);
    if (!state.known) {
      host().warning(fmt::format("order {}: Trading 212 says \"{}\", which its documents do not know: taken as open",
                                 client_id, order.status));
    }
    if (state.state == RB_OPEN || state.state == RB_PARTIAL) {
      state.state = standing.filled.is_positive() ? RB_PARTIAL : RB_OPEN;
    }
    const bool ended = state.state == RB_CANCELLED || state.state == RB_ORDER_REJECTED;
    // The last word on an order must be the whole of it.
    if ((ended || state.state == RB_FILLED) && standing.filled != order.filled) {
      throw Failure(RB_UNAVAILABLE, fmt::format("order {}: {} are filled, the history shows {} of them so far",
                                                client_id, order.filled.to_string(), standing.filled.to_string()));
    }
    const std::string reason = ended ? fmt::format("Trading 212 says {}", order.status) : std::string();
    understood(RB_UNAVAILABLE, [&] {
      Decimal price, fee;
      if (standing.filled.is_positive()) {
        price = from_wire_price(account_.instrument_of(order.ticker), average_price(standing));
      }
      fee = fee_of(standing, account_.currency());
      emit({sizeof(rb_order_report), sdk::str(client_id), sdk::str(order.id), sdk::str(reason), state.state, 0,
            standing.filled.billionths(), price.billionths(), fee.billionths()});
      return 0;
    });
  }

  bool demo_;
  std::int64_t settle_ns_, timeout_ns_;
  rb_decimal quantity_increment_ = one;
  Client client_;
  Ledger ledger_;
  Orders orders_;
  AccountBook account_;
  std::map<std::string, Decimal> filled_;  // of the broker's orders, as last told
};

}  // namespace
}  // namespace trading212

REBALANCER_BROKER(trading212::Trading212, "trading212", "1.0.0",
                  "Trading 212: demo and live Invest and Stocks ISA accounts over its public API.", schema_json)
