#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("unknown_kind");
  plugin.kind = 77;
  return plugin;
}
BAD_PLUGIN(wrong())
