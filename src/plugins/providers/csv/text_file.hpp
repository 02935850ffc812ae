#pragma once
#include <cstddef>
#include <string>

#include "core/base/error.hpp"

// The whole of a text file, decompressed when it is gzip, whatever its name says. Errors: not_found, unavailable when
// it cannot be read, invalid when the compressed data is damaged or cut, exhausted beyond `bytes_max`.
[[nodiscard]] rebalancer::Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);
