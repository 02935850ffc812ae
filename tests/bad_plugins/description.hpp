// A strategy that keeps every rule, for each bad plugin to break exactly one.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include <rebalancer/plugin.h>

namespace bad {

constexpr rb_str str(std::string_view text) { return {text.data(), text.size()}; }

inline void* create(const rb_host*, rb_str) {
  static int instance = 0;
  return &instance;
}
inline void destroy(void*) {}

inline std::int32_t weigh(void*, const rb_problem* problem, rb_on_allocation on_allocation, void* ctx) {
  const std::vector<double> weights(problem->prices->cols, 1.0 / static_cast<double>(problem->prices->cols));
  const rb_allocation out{sizeof(rb_allocation), weights.data(), 0, 0, 0, 0, str("")};
  on_allocation(ctx, &out);
  return RB_OK;
}
inline constexpr rb_strategy api{sizeof(rb_strategy), weigh};

constexpr rb_plugin good(std::string_view name) {
  return {RB_MAGIC,       RB_ABI_MAJOR, RB_ABI_MINOR, RB_STRATEGY, str(name), str("1.0.0"),
          str("A test."), str("{}"),    create,       destroy,     &api};
}

}  // namespace bad

#define BAD_PLUGIN(description)                           \
  extern "C" RB_EXPORT const rb_plugin rebalancer_plugin; \
  constinit const rb_plugin rebalancer_plugin = (description);
