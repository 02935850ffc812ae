#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("missing_create");
  plugin.create = nullptr;
  return plugin;
}
BAD_PLUGIN(wrong())
