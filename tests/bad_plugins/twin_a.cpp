#include "description.hpp"

BAD_PLUGIN(bad::good("twin"))
