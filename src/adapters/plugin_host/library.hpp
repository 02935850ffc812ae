#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include <rebalancer/plugin.h>

#include "adapters/plugin_host/plugin_host.hpp"

namespace rebalancer {

// A loaded file that kept every rule of the contract. It stays loaded for ever: thread-locals, vtables and unique
// symbols make unloading a lie.
struct Library {
  const rb_plugin* plugin = nullptr;
  PluginKind kind{};
  std::string name, version, summary, schema_text;
};

// Reads the symbol table, loads with every symbol resolved, then matches. Runs the file's static initializers.
// Errors: invalid with the reason, without the file's name.
[[nodiscard]] Result<Library> load_library(const std::filesystem::path& file);

// The rules of the contract alone. `symbol_size`: the exported object's, from the symbol table.
[[nodiscard]] Result<Library> match_plugin(const rb_plugin& plugin, std::uint64_t symbol_size);

}  // namespace rebalancer
