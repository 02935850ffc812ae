#include "description.hpp"

static constexpr rb_strategy nothing{sizeof(rb_strategy), nullptr};
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("missing_function");
  plugin.api = &nothing;
  return plugin;
}
BAD_PLUGIN(wrong())
