#include "description.hpp"

// Points nowhere: reading the description crashes.
static const char* const nowhere = reinterpret_cast<const char*>(16);
extern "C" RB_EXPORT const rb_plugin rebalancer_plugin;
const rb_plugin rebalancer_plugin = [] {
  rb_plugin plugin = bad::good("wild_pointer");
  plugin.summary = {nowhere, 20};
  return plugin;
}();
