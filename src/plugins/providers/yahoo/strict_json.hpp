#pragma once
#include <string_view>

#include <boost/json/value.hpp>

#include "core/base/error.hpp"

namespace rebalancer::yahoo {

// Boost.JSON keeps the last of two equal keys without a word; here that is an error, as is nesting deeper than 32.
// Errors: invalid, the message says what is wrong with the text and where.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);

}  // namespace rebalancer::yahoo
