#include <atomic>
#include <string_view>

#include "description.hpp"

// Keeps the contract, and notices when two threads are in it at once.
static const rb_host* the_host;
static void* create_noticing(const rb_host* host, rb_str) {
  the_host = host;
  return bad::create(host, {});
}
static std::atomic<int> inside;
static std::int32_t weigh_alone(void* self, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) {
  const bool alone = inside.fetch_add(1) == 0;
  for (int i = 0; i < 1000 && inside.load() == 1; ++i) std::atomic_signal_fence(std::memory_order_seq_cst);
  const std::int32_t code = alone && inside.load() == 1
                                ? bad::weigh(self, problem, on_allocation, ctx)
                                : the_host->fail(the_host->self, RB_INTERNAL, bad::str("two threads at once"));
  inside.fetch_sub(1);
  return code;
}
static constexpr rb_strategy api{sizeof(rb_strategy), weigh_alone};
constexpr rb_plugin noticing() {
  rb_plugin plugin = bad::good("one_at_a_time");
  plugin.create = create_noticing;
  plugin.api = &api;
  return plugin;
}
BAD_PLUGIN(noticing())
