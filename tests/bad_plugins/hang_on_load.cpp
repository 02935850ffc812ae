#include <unistd.h>

#include "description.hpp"

static const int hung = [] {
  for (;;) pause();
  return 0;
}();
BAD_PLUGIN(bad::good("hang_on_load"))
