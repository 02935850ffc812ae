#pragma once
#include <cstdint>

#include "core/base/money.hpp"

namespace rebalancer {

// What a broker can do; the plan, its proof and the executor all go by it.
struct BrokerCapabilities {
  enum class Dedupe { none, window, permanent };     // how the broker removes duplicates of a client id
  enum class Lookup { none, by_tag, by_client_id };  // how an order can be found again
  bool simulated = false;                            // no real money anywhere behind it
  bool embedded = false;                             // lives in this program: fills at the marks it is given
  bool market_orders = true;
  bool limit_orders = true;
  Decimal quantity_increment = Decimal::whole(1);                  // 1: whole shares; 0.000000001: fractional
  Decimal price_increment = Decimal::from_billionths(10'000'000);  // 0.01
  Decimal order_value_min;                                         // smallest order value accepted
  Decimal commission_per_order;
  Decimal cost_rate;  // of the value traded: 0.0005 is 5 bp
  Dedupe dedupe = Dedupe::none;
  std::uint32_t dedupe_window_s = 0;
  Lookup lookup = Lookup::none;
  // How long an order that was accepted may not be found. Only an absence that lasts longer says something.
  std::uint32_t lookup_lag_s = 60;
};

}  // namespace rebalancer
