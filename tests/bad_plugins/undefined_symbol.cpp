#include "description.hpp"

extern "C" int a_function_nobody_has(int);

static void* create(const rb_host*, rb_str) {
  return a_function_nobody_has(1) == 0 ? bad::create(nullptr, {}) : nullptr;
}
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("undefined_symbol");
  plugin.create = create;
  return plugin;
}
BAD_PLUGIN(wrong())
