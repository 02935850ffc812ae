#pragma once
#include <cstdint>
#include <filesystem>

#include "core/base/error.hpp"

namespace rebalancer {

// Looks for the defined object `rebalancer_plugin` in the file's dynamic symbols without running anything of it.
// Its size in bytes, at least that of the four numbers it starts with.
// Errors: invalid, "not a shared library" or "not a plugin: no symbol 'rebalancer_plugin'".
[[nodiscard]] Result<std::uint64_t> plugin_symbol_size(const std::filesystem::path& file);

}  // namespace rebalancer
