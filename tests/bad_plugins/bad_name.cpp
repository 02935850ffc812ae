#include "description.hpp"

BAD_PLUGIN(bad::good("Best Strategy\n"))
