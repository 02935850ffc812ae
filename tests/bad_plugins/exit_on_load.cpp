#include <cstdlib>

#include "description.hpp"

[[maybe_unused]] static const int left = (std::_Exit(3), 0);
BAD_PLUGIN(bad::good("exit_on_load"))
