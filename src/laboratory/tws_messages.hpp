// What TWS sends, field by field, for server versions 157 to 200.
#pragma once
#include <string>

#include "laboratory/exchange.hpp"
#include "laboratory/tws_fields.hpp"

namespace rebalancer::laboratory::tws {

inline constexpr int version_min = 157;
inline constexpr int version_max = 200;

// An order as TWS knows it, beside the exchange's.
struct Known {
  std::int64_t client_id = 0;
  std::int64_t order_id = 0;
  std::int64_t perm_id = 0;
  std::string order_ref;
};

[[nodiscard]] std::string status_text(OrderStatus status);
// "20260413 15:27:04 US/Eastern"
[[nodiscard]] std::string eastern_time(Instant instant);

struct Messages {
  const Exchange& exchange;
  int version;
  std::string account;

  [[nodiscard]] Fields error(std::int64_t id, int code, std::string_view text) const;
  [[nodiscard]] Fields open_order(const ExchangeOrder& order, const Known& known) const;
  [[nodiscard]] Fields order_status(const ExchangeOrder& order, const Known& known) const;
  [[nodiscard]] Fields completed_order(const ExchangeOrder& order, const Known& known) const;
  [[nodiscard]] Fields execution(std::int64_t request, const Execution& execution, const Known& known) const;
  [[nodiscard]] Fields commission(const Execution& execution) const;
  [[nodiscard]] Fields position(const std::string& symbol, Decimal quantity, Decimal average_cost) const;
  [[nodiscard]] Fields contract(std::int64_t request, const Instrument& instrument) const;

  [[nodiscard]] std::int64_t contract_id(const std::string& symbol) const;
  // Empty when there is none.
  [[nodiscard]] std::string symbol_of(std::int64_t contract_id) const;
  [[nodiscard]] static std::string execution_id(const Execution& execution);

 private:
  [[nodiscard]] std::string trading_hours() const;
};

}  // namespace rebalancer::laboratory::tws
