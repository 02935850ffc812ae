#pragma once
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "core/base/error.hpp"

namespace rebalancer {

// Boost.JSON keeps the last of duplicate keys; here they are an error. At most 32 levels deep. Errors: invalid.
[[nodiscard]] Result<boost::json::value> parse_json(std::string_view text);

// Shortest round trip for numbers (0.6, where Boost.JSON writes 6E-1), no blanks.
[[nodiscard]] std::string json_text(const boost::json::value& value);

// A scalar as a person would write it: 0.02, true, a word without quotes.
[[nodiscard]] std::string scalar_text(const boost::json::value& scalar);

}  // namespace rebalancer
