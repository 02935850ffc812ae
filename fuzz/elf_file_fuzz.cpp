// A plugin's file is looked at before anything of it runs.
#include <cstddef>

#include <rebalancer/plugin.h>

#include "adapters/plugin_host/elf_file.hpp"
#include "support/memory_file.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

void check(std::string_view input) {
  const MemoryFile file(input);
  const auto size = plugin_symbol_size(file.path());
  if (!size) {
    expect(size.error().code == ErrorCode::invalid, "a file is refused as invalid", size.error().message);
    return expect_message(size.error().message, 200);
  }
  expect(input.starts_with("\x7f"
                           "ELF"),
         "a plugin is an ELF file");
  expect(input.find(RB_PLUGIN_SYMBOL) != std::string_view::npos, "a plugin names its symbol");
  expect(*size >= offsetof(rb_plugin, name), "a plugin's symbol holds what is read of it first");
}

const Target target("elf_file", check);

}  // namespace
}  // namespace rebalancer::fuzz
