// Foreign text made safe to print: one line, no control characters, valid UTF-8, bounded.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace rebalancer::system {

// At most `size_max` bytes of `text` and, when something was cut, how much: "abc... (+120 bytes)". Never cuts inside a
// character. `left_out` more bytes were cut off before.
[[nodiscard]] std::string bounded(std::string_view text, std::size_t size_max, std::size_t left_out = 0);

// `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);

// `text` for a terminal: what could move the cursor, change colours or turn the writing direction becomes \n, \x1b or
// \u202e. Bytes that are no UTF-8 become \xff.
[[nodiscard]] std::string terminal_text(std::string_view text);

}  // namespace rebalancer::system
