#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("no_api");
  plugin.api = nullptr;
  return plugin;
}
BAD_PLUGIN(wrong())
