// The book of a paper account: cash, positions, orders and fills, in one SQLite file. Every change is one transaction,
// so that a killed process leaves a consistent book. Cash and positions never go below zero.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/portfolio/order.hpp"
#include "core/portfolio/position.hpp"
#include "core/ports/broker_capabilities.hpp"
#include "database.hpp"

namespace paper {

struct LedgerSettings {
  std::string file;  // ":memory:" keeps nothing
  rebalancer::Currency currency = rebalancer::Currency::usd();
  rebalancer::Decimal opening_cash = rebalancer::Decimal::whole(100'000);  // only for a new file
  bool fractional = false;
  rebalancer::Decimal cost_rate;   // of the value traded
  rebalancer::Decimal commission;  // per order, with its first fill
  rebalancer::Decimal order_value_min;
  rebalancer::Decimal slippage;                                       // fraction of the mark, against the order
  rebalancer::Decimal fill_fraction = rebalancer::Decimal::whole(1);  // filled at submission, the rest when asked for
  std::vector<std::string> rejected_symbols;
};

// An order as it stands, open or not.
struct LedgerOrder {
  std::int64_t number = 0;
  rebalancer::Order order;
  rebalancer::OrderState state = rebalancer::OrderState::acknowledged;
  rebalancer::Decimal filled;
  std::string reason;

  [[nodiscard]] rebalancer::Decimal rest() const;
  [[nodiscard]] bool is_open() const { return !rebalancer::is_terminal(state); }
};

// What a fill does: `value` changes hands, `fee` is paid on top.
struct Cost {
  rebalancer::Decimal value;
  rebalancer::Decimal fee;
};

// Throws sdk::Failure.
class Ledger {
 public:
  // Errors: conflict when the file's account is in another currency; invalid for a file that is something else.
  explicit Ledger(LedgerSettings settings);

  [[nodiscard]] rebalancer::BrokerCapabilities capabilities() const;
  // Opening cash of the file, which may differ from the settings'.
  [[nodiscard]] rebalancer::Decimal opening_cash() const { return opening_cash_; }

  [[nodiscard]] rebalancer::Decimal cash();
  // Cash not bespoken by open buys, not below zero.
  [[nodiscard]] rebalancer::Decimal buying_power();
  // None while a position has no mark.
  [[nodiscard]] std::optional<rebalancer::Decimal> equity();
  [[nodiscard]] std::vector<rebalancer::Position> positions();

  // The same order again gives the report of the first; another order under the same id is a conflict, for ever.
  [[nodiscard]] rebalancer::OrderReport submit(const rebalancer::Order& order, rebalancer::Instant now);
  [[nodiscard]] rebalancer::OrderReport find_order(std::string_view client_id, rebalancer::Instant now);
  [[nodiscard]] std::vector<rebalancer::OrderReport> open_orders(rebalancer::Instant now);
  // Errors: conflict when the order ended in another way already.
  void cancel(std::string_view client_id);
  [[nodiscard]] std::vector<rebalancer::Fill> fills(std::string_view client_id);
  // Orders fill at the marks of the session set last; older marks only value positions.
  void set_marks(std::span<const std::pair<rebalancer::Symbol, rebalancer::Price>> marks, rebalancer::Date session,
                 rebalancer::Instant now);

 private:
  void create_or_check();
  [[nodiscard]] std::optional<LedgerOrder> order_named(std::string_view client_id);
  [[nodiscard]] std::vector<LedgerOrder> open();
  [[nodiscard]] rebalancer::Decimal held(const rebalancer::Symbol& symbol);
  [[nodiscard]] std::optional<rebalancer::Price> fill_price(const rebalancer::Symbol& symbol, rebalancer::Side side);
  [[nodiscard]] Cost cost_of(rebalancer::Side side, rebalancer::Decimal quantity, rebalancer::Price price,
                             bool first_fill) const;
  [[nodiscard]] std::string refusal(const rebalancer::Order& order);
  void fill_what_can_be(LedgerOrder& order, rebalancer::Decimal quantity_max, rebalancer::Instant now);
  void fill(LedgerOrder& order, rebalancer::Decimal quantity, rebalancer::Price price, const Cost& cost,
            rebalancer::Instant now);
  void end(LedgerOrder& order, rebalancer::OrderState state, std::string reason);
  [[nodiscard]] rebalancer::OrderReport report(const LedgerOrder& order);

  LedgerSettings settings_;
  Database database_;
  rebalancer::Decimal opening_cash_;
};

}  // namespace paper
