// Alpaca's orders and activities: made, found, listed, replaced, cancelled.
#pragma once
#include "laboratory/alpaca_json.hpp"
#include "laboratory/json_fields.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory::alpaca {

struct AlpacaOrders {
  Exchange& exchange;
  std::uint64_t seed;
  const ListFaults& faults;

  [[nodiscard]] WireAnswer submit(const WireRequest& request) const;
  [[nodiscard]] WireAnswer list(const WireRequest& request) const;
  [[nodiscard]] WireAnswer find(std::string_view id) const;
  [[nodiscard]] WireAnswer find_by_client_id(const WireRequest& request) const;
  [[nodiscard]] WireAnswer replace(std::string_view id, const WireRequest& request) const;
  [[nodiscard]] WireAnswer cancel(std::string_view id) const;
  [[nodiscard]] WireAnswer cancel_all() const;
  // `types`: separated by commas; empty for all.
  [[nodiscard]] WireAnswer activities(const WireRequest& request, std::string_view types) const;

 private:
  [[nodiscard]] Result<OrderRequest> read_order(const JsonFields& fields) const;
  [[nodiscard]] WireAnswer order_answer(const ExchangeOrder& order) const;
};

}  // namespace rebalancer::laboratory::alpaca
