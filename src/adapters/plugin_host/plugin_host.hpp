// From a folder of shared libraries to typed instances: find, read, probe in a child, load, match, check the
// configuration, create. Every step can say no, in one sentence, and none of them takes the process down.
#pragma once
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "adapters/plugin_host/schema.hpp"
#include "core/base/clock.hpp"
#include "core/ports/analytic.hpp"
#include "core/ports/broker.hpp"
#include "core/ports/events.hpp"
#include "core/ports/http_client.hpp"
#include "core/ports/price_store.hpp"
#include "core/ports/provider.hpp"
#include "core/ports/strategy.hpp"

namespace rebalancer {

enum class PluginKind { provider = 1, broker, strategy, analytic, store };
[[nodiscard]] std::string_view name_of(PluginKind kind);

struct PluginInfo {
  std::filesystem::path file;
  std::optional<PluginKind> kind;  // none when the file was refused before it could be asked
  std::string name;
  std::string version;
  std::string summary;
  std::string schema_text;  // JSON Schema, parsed once already
  std::string refusal;      // "x.so: not a shared library"; empty: usable

  [[nodiscard]] bool usable() const { return refusal.empty(); }
};

struct PluginHostSettings {
  std::vector<std::filesystem::path> directories;  // every *.so in them
  std::vector<std::filesystem::path> files;        // and these
  // Started as `prober plugins probe FILE...`, which must end in probe_main. Empty: this very executable.
  std::filesystem::path prober;
  std::chrono::milliseconds probe_limit{5000};  // for each file
};

// What one instance gets from the program. Clock, events and http must outlive it.
struct InstanceOptions {
  const Clock* clock = nullptr;
  Events* events = nullptr;
  HttpClient* http = nullptr;            // null: this program has none
  std::string section;                   // where its configuration stands, for messages: "strategy"
  std::filesystem::path base_directory;  // relative paths in the configuration start here; empty: the working directory
  bool text_values = false;              // see SchemaOptions
  std::stop_token stop;                  // ends long calls
};

class PluginHost {
 public:
  // Never fails as a whole: what is wrong with a file or a folder is in its PluginInfo.
  [[nodiscard]] static PluginHost load(const PluginHostSettings& settings);
  PluginHost(PluginHost&&) noexcept;
  PluginHost& operator=(PluginHost&&) noexcept;
  ~PluginHost();

  // In the order found: folder by folder, sorted by file name. Refused ones too.
  [[nodiscard]] std::span<const PluginInfo> plugins() const;

  // Errors: invalid with the refusal's sentence when a file of that name is there but was refused; not_found, with the
  // nearest name.
  [[nodiscard]] Result<const PluginInfo*> find(PluginKind kind, std::string_view name) const;

  // Checks `section` (an object, without the key "use") against the plugin's schema, then creates. Errors: find's;
  // invalid with one line per broken rule; whatever the plugin says.
  [[nodiscard]] Result<std::unique_ptr<Provider>> create_provider(std::string_view name,
                                                                  const boost::json::value& section,
                                                                  const InstanceOptions& options) const;
  [[nodiscard]] Result<std::unique_ptr<Broker>> create_broker(std::string_view name, const boost::json::value& section,
                                                              const InstanceOptions& options) const;
  [[nodiscard]] Result<std::unique_ptr<Strategy>> create_strategy(std::string_view name,
                                                                  const boost::json::value& section,
                                                                  const InstanceOptions& options) const;
  [[nodiscard]] Result<std::unique_ptr<Analytic>> create_analytic(std::string_view name,
                                                                  const boost::json::value& section,
                                                                  const InstanceOptions& options) const;
  [[nodiscard]] Result<std::unique_ptr<PriceStore>> create_store(std::string_view name,
                                                                 const boost::json::value& section,
                                                                 const InstanceOptions& options) const;

 private:
  struct State;
  explicit PluginHost(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The child's side of the probe: `rebalancer plugins probe FILE...` ends here. Loads each file, says on stdout how that
// went, and leaves with _exit.
[[noreturn]] void probe_main(std::span<const std::string> files);

}  // namespace rebalancer
