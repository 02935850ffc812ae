#include <cstddef>

#include "description.hpp"

// A broker built for 1.0: its capabilities end before lookup_lag_s, and it writes all that it knows of. It must work.
struct Capabilities10 {
  std::uint64_t size;
  std::uint32_t flags, dedupe, lookup, dedupe_window_s;
  rb_decimal quantity_increment, price_increment, order_value_min, commission_per_order, cost_rate;
};
static_assert(sizeof(Capabilities10) < sizeof(rb_capabilities));
static_assert(sizeof(Capabilities10) == offsetof(rb_capabilities, lookup_lag_s));

static constexpr rb_decimal one = 1'000'000'000;

static std::int32_t capabilities(void*, rb_capabilities* out) {
  if (out->size < sizeof(Capabilities10)) return RB_INTERNAL;
  const Capabilities10 own{sizeof own,
                           RB_SIMULATED | RB_LIMIT_ORDERS,
                           RB_DEDUPE_WINDOW,
                           RB_LOOKUP_BY_CLIENT_ID,
                           120,
                           one / 1000,
                           one / 10,
                           one * 5,
                           one * 2,
                           one / 2000};
  *reinterpret_cast<Capabilities10*>(out) = own;
  return RB_OK;
}
static std::int32_t account(void*, rb_on_account on_account, void* ctx) {
  const rb_account told{sizeof told, bad::str("7"), bad::str("USD"), one, one, one};
  on_account(ctx, &told);
  return RB_OK;
}
static std::int32_t positions(void*, rb_on_position, void*) { return RB_OK; }
static std::int32_t submit(void*, const rb_order* order, rb_on_order on_order, void* ctx) {
  const rb_order_report told{sizeof told, order->client_id, bad::str("b1"), bad::str(""), RB_OPEN, 0, 0, 0, 0};
  on_order(ctx, &told);
  return RB_OK;
}
static std::int32_t find_order(void*, rb_str, rb_on_order, void*) { return RB_NOT_FOUND; }
static std::int32_t open_orders(void*, rb_on_order, void*) { return RB_OK; }
static std::int32_t cancel(void*, rb_str) { return RB_OK; }
static std::int32_t fills(void*, rb_str, rb_on_fill, void*) { return RB_OK; }

static constexpr rb_broker api{sizeof(rb_broker), capabilities, account, positions, submit, find_order,
                               open_orders,       cancel,       fills,   nullptr,   nullptr};
constexpr rb_plugin older() {
  rb_plugin plugin = bad::good("older_broker");
  plugin.abi_minor = 0;
  plugin.kind = RB_BROKER;
  plugin.api = &api;
  return plugin;
}
BAD_PLUGIN(older())
