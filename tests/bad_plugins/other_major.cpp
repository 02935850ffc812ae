#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("other_major");
  plugin.abi_major = RB_ABI_MAJOR + 1;
  return plugin;
}
BAD_PLUGIN(wrong())
