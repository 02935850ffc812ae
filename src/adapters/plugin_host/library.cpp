#include "adapters/plugin_host/library.hpp"

#include <dlfcn.h>
#include <list>
#include <mutex>
#include <string_view>

#include <boost/dll/shared_library.hpp>

#include "adapters/plugin_host/elf_file.hpp"
#include "adapters/plugin_host/plugin_text.hpp"

namespace rebalancer {
namespace {

// Boost.DLL would unload when the object goes: these never go.
void keep_for_ever(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto& kept = *new std::list<boost::dll::shared_library>();
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(library));
}

// Boost.DLL wraps dlerror's text as "... failed: <file>: undefined symbol: x (<file>: ...) [system:..]"; the linker's
// own sentence, without the path, is what a person needs.
std::string linker_sentence(std::string_view dlerror_text, const std::filesystem::path& file) {
  const std::string prefix = file.string() + ": ";
  if (dlerror_text.starts_with(prefix)) dlerror_text.remove_prefix(prefix.size());
  return printable({dlerror_text.data(), dlerror_text.size()}, 500);
}

}  // namespace

Result<Library> load_library(const std::filesystem::path& file) {
  const auto symbol_size = plugin_symbol_size(file);
  if (!symbol_size) return fail(symbol_size.error());

  namespace dll = boost::dll;
  dll::fs::error_code error;
  dll::shared_library library;
  library.load(file.string(), error, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  if (error) {
    // load() leaves dlerror's text unread when it reports through an error code.
    const char* text = ::dlerror();
    return fail(ErrorCode::invalid, "{}", linker_sentence(text != nullptr ? text : error.message(), file));
  }
  const rb_plugin& plugin = library.get<const rb_plugin>(RB_PLUGIN_SYMBOL);
  keep_for_ever(std::move(library));
  return match_plugin(plugin, *symbol_size);
}

}  // namespace rebalancer
