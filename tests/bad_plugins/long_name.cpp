#include "description.hpp"

// A size that no text has: whoever believes it reads far beyond the end.
constexpr rb_plugin wrong() {
  rb_plugin plugin = bad::good("a_long_name_that_goes_on_and_on_until_it_has_more_than_sixty_four_characters");
  plugin.name.size = 1'000'000'000'000;
  return plugin;
}
BAD_PLUGIN(wrong())
