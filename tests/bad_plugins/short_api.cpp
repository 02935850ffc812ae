#include "description.hpp"

// Its size ends before the function that every strategy has.
static constexpr rb_strategy shorter{sizeof(std::uint64_t), bad::weigh};
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("short_api");
  plugin.api = &shorter;
  return plugin;
}
BAD_PLUGIN(wrong())
