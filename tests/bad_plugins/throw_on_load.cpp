#include <stdexcept>

#include "description.hpp"

static int thrown() { throw std::runtime_error("not while loading"); }
static const int never = thrown();
BAD_PLUGIN(bad::good("throw_on_load"))
