#include "adapters/plugin_host/plugin_host.hpp"

#include <algorithm>
#include <map>

#include "adapters/plugin_host/instance.hpp"
#include "adapters/plugin_host/plugin_files.hpp"
#include "adapters/plugin_host/probe.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer {
namespace {

namespace fs = std::filesystem;

std::string labelled(const fs::path& file, const std::string& reason) {
  return fmt::format("{}: {}", file.filename().string(), reason);
}

}  // namespace

std::string_view name_of(PluginKind kind) {
  switch (kind) {
    case PluginKind::provider:
      return "provider";
    case PluginKind::broker:
      return "broker";
    case PluginKind::strategy:
      return "strategy";
    case PluginKind::analytic:
      return "analytic";
    case PluginKind::store:
      return "store";
  }
  return "";
}

struct PluginHost::State {
  std::vector<PluginInfo> infos;
  std::vector<Library> libraries;  // one per info; without a plugin when it was refused

  void add(const PluginFile& file);
  void probe(const std::vector<fs::path>& real, const PluginHostSettings& settings);
  void load(const std::vector<fs::path>& real);
  void refuse_twins();
  [[nodiscard]] Result<std::unique_ptr<Instance>> create(PluginKind kind, std::size_t index,
                                                         const boost::json::value& section,
                                                         const InstanceOptions& options) const;
};

void PluginHost::State::add(const PluginFile& file) {
  PluginInfo info;
  info.file = file.file;
  info.refusal = file.refusal;
  infos.push_back(std::move(info));
  libraries.emplace_back();
}

void PluginHost::State::probe(const std::vector<fs::path>& real, const PluginHostSettings& settings) {
  std::vector<std::size_t> indices;
  std::vector<std::string> files;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (!infos[i].usable()) continue;
    indices.push_back(i);
    files.push_back(real[i].string());
  }
  std::error_code error;
  const fs::path prober = settings.prober.empty() ? fs::read_symlink("/proc/self/exe", error) : settings.prober;
  const auto refusals = probe_in_child(files, prober, settings.probe_limit);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    PluginInfo& info = infos[indices[i]];
    if (!refusals[i].empty()) info.refusal = labelled(info.file, refusals[i]);
  }
}

void PluginHost::State::load(const std::vector<fs::path>& real) {
  for (std::size_t i = 0; i < infos.size(); ++i) {
    PluginInfo& info = infos[i];
    if (!info.usable()) continue;
    auto library = load_library(real[i]);
    if (!library) {
      info.refusal = labelled(info.file, library.error().message);
      continue;
    }
    info.kind = library->kind;
    info.name = library->name;
    info.version = library->version;
    info.summary = library->summary;
    info.schema_text = library->schema_text;
    libraries[i] = *std::move(library);
  }
}

void PluginHost::State::refuse_twins() {
  std::map<std::pair<PluginKind, std::string>, std::vector<std::size_t>> namesakes;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].usable()) namesakes[{*infos[i].kind, infos[i].name}].push_back(i);
  }
  for (const auto& [key, indices] : namesakes) {
    if (indices.size() < 2) continue;
    for (const std::size_t i : indices) {
      std::string others;
      for (const std::size_t j : indices) {
        if (j != i) others += (others.empty() ? "" : " and ") + infos[j].file.string();
      }
      infos[i].refusal = labelled(infos[i].file, fmt::format("{} \"{}\" is also in {}; keep one of them",
                                                             name_of(key.first), key.second, others));
    }
  }
}

Result<std::unique_ptr<Instance>> PluginHost::State::create(PluginKind kind, std::size_t index,
                                                            const boost::json::value& section,
                                                            const InstanceOptions& options) const {
  const Library& library = libraries[index];
  if (options.clock == nullptr || options.events == nullptr) {
    return fail(ErrorCode::internal, "a {} cannot be created without a clock and events", name_of(kind));
  }
  const auto schema = Schema::parse(library.schema_text);
  if (!schema) return fail(schema.error());
  const std::string path = options.section.empty() ? std::string(name_of(kind)) : options.section;
  const SchemaCheck checked = schema->check(section, {path, options.base_directory, options.text_values});
  if (!checked.ok()) {
    std::string lines;
    for (const SchemaFinding& finding : checked.findings) lines += (lines.empty() ? "" : "\n") + finding.to_string();
    return fail(ErrorCode::invalid, "{}", lines);
  }
  return Instance::create(library, {options.clock, options.events, options.http, options.stop}, checked);
}

PluginHost::PluginHost(std::unique_ptr<State> state) : state_(std::move(state)) {}
PluginHost::PluginHost(PluginHost&&) noexcept = default;
PluginHost& PluginHost::operator=(PluginHost&&) noexcept = default;
PluginHost::~PluginHost() = default;

PluginHost PluginHost::load(const PluginHostSettings& settings) {
  auto state = std::make_unique<State>();
  std::vector<fs::path> real;
  for (const PluginFile& file : find_plugin_files(settings.directories, settings.files)) {
    state->add(file);
    real.push_back(file.real);
  }
  state->probe(real, settings);
  state->load(real);
  state->refuse_twins();
  return PluginHost(std::move(state));
}

std::span<const PluginInfo> PluginHost::plugins() const { return state_->infos; }

Result<const PluginInfo*> PluginHost::find(PluginKind kind, std::string_view name) const {
  const PluginInfo* refused = nullptr;
  const std::string long_name = fmt::format("{}_{}", name, name_of(kind));
  std::vector<std::string> names;
  for (const PluginInfo& info : state_->infos) {
    const bool same = info.kind == kind && info.name == name;
    if (same && info.usable()) return &info;
    // A file that never told its name is known by the name it has in the folder: "csv.so", "csv_store.so".
    const std::string stem = info.file.stem().string();
    if (same || (!info.kind && (stem == name || stem == long_name))) refused = &info;
    if (info.kind == kind && info.usable()) names.push_back(info.name);
  }
  if (refused != nullptr) return fail(ErrorCode::invalid, "{}", refused->refusal);
  const auto nearest = nearest_name(name, names);
  return fail(ErrorCode::not_found, "there is no {} \"{}\"{}", name_of(kind), name,
              nearest ? ", did you mean \"" + *nearest + "\"?" : "");
}

namespace {

template <class Port, class State>
Result<std::unique_ptr<Port>> create_with(const PluginHost& host, const State& state, PluginKind kind,
                                          std::string_view name, const boost::json::value& section,
                                          const InstanceOptions& options,
                                          std::unique_ptr<Port> (*make_proxy)(std::unique_ptr<Instance>)) {
  const auto info = host.find(kind, name);
  if (!info) return fail(info.error());
  const auto index = static_cast<std::size_t>(*info - state.infos.data());
  auto instance = state.create(kind, index, section, options);
  if (!instance) return fail(instance.error());
  return make_proxy(*std::move(instance));
}

}  // namespace

Result<std::unique_ptr<Provider>> PluginHost::create_provider(std::string_view name, const boost::json::value& section,
                                                              const InstanceOptions& options) const {
  return create_with(*this, *state_, PluginKind::provider, name, section, options, &make_provider_proxy);
}
Result<std::unique_ptr<Broker>> PluginHost::create_broker(std::string_view name, const boost::json::value& section,
                                                          const InstanceOptions& options) const {
  return create_with(*this, *state_, PluginKind::broker, name, section, options, &make_broker_proxy);
}
Result<std::unique_ptr<Strategy>> PluginHost::create_strategy(std::string_view name, const boost::json::value& section,
                                                              const InstanceOptions& options) const {
  return create_with(*this, *state_, PluginKind::strategy, name, section, options, &make_strategy_proxy);
}
Result<std::unique_ptr<Analytic>> PluginHost::create_analytic(std::string_view name, const boost::json::value& section,
                                                              const InstanceOptions& options) const {
  return create_with(*this, *state_, PluginKind::analytic, name, section, options, &make_analytic_proxy);
}
Result<std::unique_ptr<PriceStore>> PluginHost::create_store(std::string_view name, const boost::json::value& section,
                                                             const InstanceOptions& options) const {
  return create_with(*this, *state_, PluginKind::store, name, section, options, &make_store_proxy);
}

}  // namespace rebalancer
