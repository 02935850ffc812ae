#include "description.hpp"

constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("newer_minor");
  plugin.abi_minor = RB_ABI_MINOR + 1;
  return plugin;
}
BAD_PLUGIN(wrong())
