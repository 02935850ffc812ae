#include <csignal>

#include "description.hpp"

static const int crashed = std::raise(SIGSEGV);
BAD_PLUGIN(bad::good("crash_on_load"))
