#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "adapters/plugin_host/library.hpp"
#include "adapters/plugin_host/plugin_text.hpp"

namespace rebalancer {
namespace {

constexpr std::size_t name_size_max = 64;
constexpr std::size_t line_size_max = 300;
constexpr std::size_t schema_size_max = 256 * 1024;
constexpr std::uint64_t api_size_max = 64 * 1024;

struct RequiredFunction {
  const char* name;
  std::size_t offset;
};

#define REQUIRED(api, function) \
  RequiredFunction { #function, offsetof(api, function) }
constexpr RequiredFunction provider_functions[] = {REQUIRED(rb_provider, bars)};
constexpr RequiredFunction broker_functions[] = {
    REQUIRED(rb_broker, capabilities), REQUIRED(rb_broker, account),    REQUIRED(rb_broker, positions),
    REQUIRED(rb_broker, submit),       REQUIRED(rb_broker, find_order), REQUIRED(rb_broker, open_orders),
    REQUIRED(rb_broker, cancel),       REQUIRED(rb_broker, fills),
};
constexpr RequiredFunction strategy_functions[] = {REQUIRED(rb_strategy, weigh)};
constexpr RequiredFunction analytic_functions[] = {REQUIRED(rb_analytic, run)};
constexpr RequiredFunction store_functions[] = {REQUIRED(rb_store, write), REQUIRED(rb_store, read),
                                                REQUIRED(rb_store, range), REQUIRED(rb_store, symbols)};
#undef REQUIRED

std::span<const RequiredFunction> required_functions(PluginKind kind) {
  switch (kind) {
    case PluginKind::provider:
      return provider_functions;
    case PluginKind::broker:
      return broker_functions;
    case PluginKind::strategy:
      return strategy_functions;
    case PluginKind::analytic:
      return analytic_functions;
    case PluginKind::store:
      return store_functions;
  }
  return {};
}

Result<void> match_api(const void* api, PluginKind kind) {
  if (api == nullptr) return fail(ErrorCode::invalid, "its {} functions are missing", name_of(kind));
  std::uint64_t size = 0;  // every api table starts with it
  std::memcpy(&size, api, sizeof size);
  if (size > api_size_max) return fail(ErrorCode::invalid, "its {} functions have size {}", name_of(kind), size);
  for (const RequiredFunction& function : required_functions(kind)) {
    void* pointer = nullptr;
    if (size >= function.offset + sizeof pointer) {
      std::memcpy(&pointer, static_cast<const char*>(api) + function.offset, sizeof pointer);
    }
    if (pointer == nullptr) return fail(ErrorCode::invalid, "{} function {} is missing", name_of(kind), function.name);
  }
  return {};
}

bool is_plugin_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

Result<Library> match_plugin(const rb_plugin& plugin, std::uint64_t symbol_size) {
  if (plugin.magic != RB_MAGIC) {
    return fail(ErrorCode::invalid, "not a plugin: magic is 0x{:08x}, must be 0x{:08x}", plugin.magic, RB_MAGIC);
  }
  if (plugin.abi_major != RB_ABI_MAJOR || plugin.abi_minor > RB_ABI_MINOR) {
    return fail(ErrorCode::invalid,
                "built for plugin ABI {}.{}, this program speaks {}.0 to {}.{}; rebuild it against "
                "rebalancer/plugin.h",
                plugin.abi_major, plugin.abi_minor, RB_ABI_MAJOR, RB_ABI_MAJOR, RB_ABI_MINOR);
  }
  if (symbol_size < sizeof(rb_plugin)) {
    return fail(ErrorCode::invalid, "'{}' has {} bytes, must have {}", RB_PLUGIN_SYMBOL, symbol_size,
                sizeof(rb_plugin));
  }
  if (plugin.kind < RB_PROVIDER || plugin.kind > RB_STORE) {
    return fail(ErrorCode::invalid, "kind is {}, must be {} to {}", plugin.kind, int{RB_PROVIDER}, int{RB_STORE});
  }
  Library library{&plugin, static_cast<PluginKind>(plugin.kind), {}, {}, {}, {}};
  library.name = printable(plugin.name, name_size_max);
  library.version = printable(plugin.version, line_size_max);
  library.summary = printable(plugin.summary, line_size_max);
  if (plugin.name.size > name_size_max || !is_plugin_name(library.name)) {
    return fail(ErrorCode::invalid, "name is \"{}\", must be [a-z][a-z0-9_]*, at most {} characters", library.name,
                name_size_max);
  }
  if (plugin.create == nullptr) return fail(ErrorCode::invalid, "function create is missing");
  if (plugin.destroy == nullptr) return fail(ErrorCode::invalid, "function destroy is missing");
  if (auto matched = match_api(plugin.api, library.kind); !matched) return fail(matched.error());
  auto schema_text = exact_text(plugin.config_schema, schema_size_max);
  if (!schema_text) return fail(ErrorCode::invalid, "schema: {}", schema_text.error().message);
  library.schema_text = *std::move(schema_text);
  if (auto schema = Schema::parse(library.schema_text); !schema) {
    return fail(ErrorCode::invalid, "schema: {}", schema.error().message);
  }
  return library;
}

}  // namespace rebalancer
