#include <stdexcept>

#include "description.hpp"

// No thunk between its exceptions and us: what a hand-written plugin might do.
static std::int32_t weigh(void*, const rb_problem* problem, rb_on_allocation, void*) {
  if (problem->prices->cols == 1) throw 42;
  throw std::runtime_error("it rains");
}
static constexpr rb_strategy api{sizeof(rb_strategy), weigh};
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("raw_throw");
  plugin.api = &api;
  return plugin;
}
BAD_PLUGIN(wrong())
