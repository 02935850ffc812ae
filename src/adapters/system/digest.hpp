#pragma once
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace rebalancer::system {

// 64 lower-case hexadecimal digits. Throws std::runtime_error when OpenSSL has no SHA-256.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// Errors: not_found when there is no such file, invalid when it is not a regular one, unavailable when it cannot be
// read.
[[nodiscard]] Result<std::string> sha256_hex_of_file(const std::string& file);

}  // namespace rebalancer::system
