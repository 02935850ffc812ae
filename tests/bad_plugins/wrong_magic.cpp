#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("wrong_magic");
  plugin.magic = 0x4c4c4548;
  return plugin;
}
BAD_PLUGIN(wrong())
