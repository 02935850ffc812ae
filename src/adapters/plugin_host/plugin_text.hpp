#pragma once
#include <string>

#include <rebalancer/plugin.h>

#include "core/base/error.hpp"

namespace rebalancer {

// A text from a plugin, made safe to print: at most `size_max` bytes, valid UTF-8, no control characters.
[[nodiscard]] std::string printable(rb_str text, std::size_t size_max);

// A text from a plugin as it is. Errors: invalid when it is longer than `size_max` or has a size but no bytes.
[[nodiscard]] Result<std::string> exact_text(rb_str text, std::size_t size_max);

// One table for both ways.
[[nodiscard]] ErrorCode error_code_of(int code);  // internal for what is not an rb_code
[[nodiscard]] std::int32_t plugin_code_of(ErrorCode code);

}  // namespace rebalancer
