#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("bad_schema");
  plugin.config_schema = bad::str(R"({"properties": {"speed": {"type": "number", "minium": 0}}})");
  return plugin;
}
BAD_PLUGIN(wrong())
