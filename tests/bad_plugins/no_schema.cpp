#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("no_schema");
  plugin.config_schema = bad::str("{\"type\": ");
  return plugin;
}
BAD_PLUGIN(wrong())
