#include <cmath>

#include "description.hpp"

// What a plugin from before the certificate and the report would send: a shorter allocation. It must work.
static std::int32_t weigh_shortly(void*, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) {
  struct {
    std::uint64_t size;
    const double* weights;
  } out;
  const std::vector<double> weights(problem->prices->cols, 1.0 / static_cast<double>(problem->prices->cols));
  out = {sizeof out, weights.data()};
  on_allocation(ctx, reinterpret_cast<const rb_allocation*>(&out));
  return RB_OK;
}
static constexpr rb_strategy api{sizeof(rb_strategy), weigh_shortly};
constexpr rb_plugin older() {
  rb_plugin plugin = bad::good("older_strategy");
  plugin.api = &api;
  return plugin;
}
BAD_PLUGIN(older())
