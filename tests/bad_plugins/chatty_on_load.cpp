#include <cstdio>

#include "description.hpp"

// Keeps the contract, but talks while it is loaded: none of it may be read as the probe's report.
static const int talked = [] {
  for (int i = 0; i < 3; ++i) std::puts("-it is broken");
  std::fflush(stdout);
  return 0;
}();
BAD_PLUGIN(bad::good("chatty_on_load"))
