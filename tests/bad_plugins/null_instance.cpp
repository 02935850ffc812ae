#include "description.hpp"

static void* create(const rb_host*, rb_str) { return nullptr; }
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("null_instance");
  plugin.create = create;
  return plugin;
}
BAD_PLUGIN(wrong())
