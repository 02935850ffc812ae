// A broker's account and the market behind it, without a wire: a value that takes orders, fills them by seeded rules in
// a time of its own, and is the truth that a test compares with.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/calendar.hpp"
#include "laboratory/market.hpp"

namespace rebalancer::laboratory {

struct MatchingRules {
  int pieces_max = 3;                                                        // an order fills in 1 to this many
  std::chrono::nanoseconds fill_pause_max = std::chrono::milliseconds(400);  // before each piece
  std::chrono::nanoseconds cancel_pause_max = std::chrono::milliseconds(300);
  int slippage_basis_points_max = 5;  // of a market order
};

struct ExchangeSettings {
  std::uint64_t seed = 7;
  Instant start;
  std::string calendar = "24x7";  // "XNYS": the hours of New York
  std::string currency = "USD";
  Decimal cash = Decimal::whole(100'000);
  std::vector<Instrument> instruments;
  std::map<std::string, Decimal> quantities;  // held at the start, by symbol or by a short name that only one has
  MatchingRules rules;
  bool unsettled_cash_buys = true;  // a sale's money may be spent before it settles
  bool client_ids = true;           // the broker knows client ids, and each is unique for ever
  Decimal notional_min = Decimal::whole(1);
};

// The instruments a user finds without saying anything.
[[nodiscard]] std::vector<Instrument> usual_instruments();

struct Session {
  Date date;
  Instant open;
  Instant close;
};

class Exchange {
 public:
  // Errors: not_found for an unknown calendar.
  [[nodiscard]] static Result<Exchange> make(ExchangeSettings settings);

  // Time passes: what was planned until then happens, in its order. An earlier time changes nothing.
  void advance_to(Instant now);
  void advance(std::chrono::nanoseconds duration);
  // To the next session's open; what was good for the day has expired.
  void pass_night();
  // What the broker's clock shows; it may be wrong by what `jump_clock` added.
  [[nodiscard]] Instant shown_now() const;
  [[nodiscard]] Instant now() const { return now_; }
  void jump_clock(std::chrono::nanoseconds by) { clock_error_ += by; }
  [[nodiscard]] bool is_open() const;
  // The one that goes on, else the next.
  [[nodiscard]] Session session() const { return session_at(now_); }
  [[nodiscard]] Session session_after(const Session& session) const;
  [[nodiscard]] const Calendar& calendar() const { return *calendar_; }

  [[nodiscard]] Outcome<std::uint64_t> submit(OrderRequest request);
  [[nodiscard]] Outcome<void> cancel(std::uint64_t order);
  // Only for an order of which nothing has filled. The old one becomes `replaced`; the number of the new one.
  [[nodiscard]] Outcome<std::uint64_t> replace(std::uint64_t order, OrderRequest request);

  // Look-ups of one order by a client; each uses up one of its hidden look-ups. Null: there is none to be seen.
  [[nodiscard]] const ExchangeOrder* look_up(std::uint64_t order);
  [[nodiscard]] const ExchangeOrder* look_up(std::string_view client_id);
  // In the order they came, without those that are hidden; that too uses up one look-up of each.
  [[nodiscard]] std::vector<const ExchangeOrder*> visible_orders();

  // What happens to the account from outside of the interface.
  void split(const std::string& symbol, std::int64_t shares, std::int64_t for_each, bool is_told = true);
  void pay_dividend(const std::string& symbol, Decimal per_share);
  void transfer(Decimal amount);
  void trade_outside(const std::string& symbol, Decimal quantity);  // negative: sold
  void set_price(const std::string& symbol, Decimal price);
  void set_tradable(const std::string& symbol, bool tradable);
  void set_blocked(bool blocked) { blocked_ = blocked; }

  // What happens to one order. It must exist.
  void hide(std::uint64_t order, int lookups);
  void reject_later(std::uint64_t order);
  void spread_over_days(std::uint64_t order, int days);
  void never_fill(std::uint64_t order);

  // The truth.
  [[nodiscard]] const std::vector<ExchangeOrder>& orders() const { return orders_; }
  [[nodiscard]] const std::vector<Execution>& executions() const { return executions_; }
  [[nodiscard]] const std::vector<AccountEvent>& events() const { return events_; }
  [[nodiscard]] const std::map<std::string, Holding>& holdings() const { return holdings_; }  // none is zero
  [[nodiscard]] const std::map<std::string, Instrument>& instruments() const { return instruments_; }
  [[nodiscard]] const ExchangeOrder* order_of(std::string_view client_id) const;
  [[nodiscard]] Decimal cash() const { return cash_; }
  [[nodiscard]] Decimal unsettled_cash() const;
  [[nodiscard]] Decimal reserved_cash() const;  // for buys that are open
  [[nodiscard]] Decimal buying_power() const;
  [[nodiscard]] Decimal held_for_orders(const std::string& symbol) const;
  [[nodiscard]] Decimal quantity_of(const std::string& symbol) const;
  [[nodiscard]] Decimal market_value(const std::string& symbol) const;  // in the account's currency
  [[nodiscard]] Decimal equity() const;
  [[nodiscard]] bool is_blocked() const { return blocked_; }
  [[nodiscard]] const ExchangeSettings& settings() const { return settings_; }
  // A sentence for each law that the account breaks: what it holds and has must follow from what happened to it.
  [[nodiscard]] std::vector<std::string> broken_laws() const;

 private:
  struct Unsettled {
    Decimal amount;
    Instant until;
  };

  Exchange(ExchangeSettings settings, std::shared_ptr<const Calendar> calendar);
  [[nodiscard]] Session session_at(Instant instant) const;
  [[nodiscard]] Outcome<void> check(const OrderRequest& request, Decimal freed_cash, Decimal freed_quantity) const;
  [[nodiscard]] Outcome<void> check_price(const OrderRequest& request) const;
  [[nodiscard]] Outcome<void> check_funds(const OrderRequest& request, Decimal freed_cash,
                                          Decimal freed_quantity) const;
  [[nodiscard]] std::uint64_t take(OrderRequest request);
  void plan(ExchangeOrder& order);
  void route();
  [[nodiscard]] Decimal worst_value(const OrderRequest& request, Decimal quantity) const;
  [[nodiscard]] Decimal reservation(const ExchangeOrder& order) const;
  [[nodiscard]] Decimal fill_price(const ExchangeOrder& order) const;
  [[nodiscard]] bool is_marketable(const ExchangeOrder& order) const;
  void happen(ExchangeOrder& order, Instant at);
  void fill_next_piece(ExchangeOrder& order, Instant at);
  void book(Execution execution);
  void finish(ExchangeOrder& order, OrderStatus status, Instant at, std::string reason);
  [[nodiscard]] std::optional<Instant> next_moment(const ExchangeOrder& order) const;
  [[nodiscard]] ExchangeOrder& open_order(std::uint64_t order) { return orders_.at(order - 1); }

  ExchangeSettings settings_;
  std::shared_ptr<const Calendar> calendar_;
  Instant now_;
  std::chrono::nanoseconds clock_error_{};
  std::map<std::string, Instrument> instruments_;
  std::map<std::string, Holding> holdings_;
  std::vector<ExchangeOrder> orders_;
  std::map<std::string, std::uint64_t, std::less<>> by_client_id_;
  std::vector<std::uint64_t> open_;  // numbers, ascending
  std::uint64_t done_ = 0;
  std::vector<Execution> executions_;
  std::vector<AccountEvent> events_;
  std::vector<Unsettled> unsettled_;
  Decimal cash_;
  bool blocked_ = false;
};

}  // namespace rebalancer::laboratory
