#include "app/config.hpp"

#include <algorithm>
#include <fstream>
#include <set>

#include "app/config_keys.hpp"
#include "app/config_layers.hpp"
#include "app/config_rules.hpp"
#include "app/config_secrets.hpp"
#include "app/config_sources.hpp"
#include "app/limit_texts.hpp"
#include "core/base/json_text.hpp"
#include "core/base/nearest.hpp"
#include "core/portfolio/glide_path.hpp"

namespace rebalancer::app {
namespace {

using Kind = ConfigNode::Kind;

std::string joined(std::string_view section, std::string_view key) {
  return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
}

// Is `key` of a plugin section the plugin's own, and not the host's?
bool is_own_key(const SectionRow& section, const std::string& use, std::string_view key) {
  if (!section.plugin || key == "use") return false;
  // The built-in store has a path and nothing else; other stores may do with "path" what they like.
  if (section.path == "store") return use != "sqlite";
  return find_key(section.path + "." + std::string(key)) == nullptr;
}

// Every scalar as text: what it is a plugin's schema knows, and "007" may well be a key.
void write_json(JsonText& json, const ConfigNode& node) {
  switch (node.kind) {
    case Kind::null:
      json.null();
      return;
    case Kind::scalar:
      json.value(std::string_view(node.text));
      return;
    case Kind::sequence:
      json.array();
      for (const ConfigNode& item : node.items) write_json(json, item);
      json.end();
      return;
    case Kind::map:
      json.object();
      for (const ConfigMember& member : node.members) {
        json.key(member.key);
        write_json(json, member.value());
      }
      json.end();
  }
}

class Reader {
 public:
  Reader(Config& config, const ConfigNode& root, Complaints& complaints)
      : config_(config), root_(root), complaints_(complaints) {}

  void read() {
    if (root_.kind != Kind::map && root_.kind != Kind::null) {
      say("", root_.origin, "the configuration is " + root_.display() + ", must be a map");
      return;
    }
    check_members(root_, "", nullptr);
    read_keys();
    read_providers();
    read_plugin("store", config_.store);
    read_plugin("strategy", config_.strategy);
    read_plugin("broker", config_.broker);
    if (find_value("mode") == nullptr) config_.mode = default_mode(config_.broker.use);
    require_tickers();
    if (config_.portfolio.age_years) config_.optimizer.age_years = *config_.portfolio.age_years;
    if (config_.optimizer.gross_max) open_sides(config_.optimizer.class_limits, *config_.optimizer.gross_max);
    const bool has_absolute =
        find_value("rebalance.threshold") != nullptr || find_value("rebalance.absolute_threshold") != nullptr;
    if (config_.rebalance.relative_band_fraction && !has_absolute) config_.rebalance.absolute_band_fraction.reset();
  }

  // First parts of the paths something is wrong at.
  [[nodiscard]] const std::set<std::string>& bad_sections() const { return bad_sections_; }

 private:
  const ConfigNode* find_value(std::string_view path) const { return search(root_, path).found; }

  void say(std::string_view path, const Origin& at, std::string message) {
    bad_sections_.emplace(path.substr(0, path.find_first_of(".[")));
    complaints_.say(at, std::move(message));
  }
  void complain(const ConfigNode& node, std::string_view path, std::string_view rule) {
    bad_sections_.emplace(path.substr(0, path.find_first_of(".[")));
    complaints_.add(node, path, rule);
  }

  // Complains about keys nobody knows and sections that are no maps.
  void check_members(const ConfigNode& map, const std::string& path, const SectionRow* section) {
    const ConfigNode* use = map.find("use");
    const std::string plugin = use != nullptr ? use->text : (path == "store" ? config_.store.use : "");
    for (const ConfigMember& member : map.members) {
      const std::string full = joined(path, member.key);
      if (section != nullptr && is_own_key(*section, plugin, member.key)) continue;
      const KeyRow* row = find_key(full);
      if (row != nullptr && row->path != full && map.find(row->path.substr(path.size() + 1)) != nullptr) {
        say(full, member.origin, fmt::format("{} is another name of {}, which is there too", full, row->path));
      }
      if (row != nullptr) continue;
      const SectionRow* inner = find_section(full);
      if (inner == nullptr) {
        say(full, member.origin, unknown_key(path, member.key));
      } else if (full != "provider") {
        check_section(member, full, *inner);
      }
    }
  }

  void check_section(const ConfigMember& member, const std::string& path, const SectionRow& section) {
    const ConfigNode& value = member.value();
    if (value.kind == Kind::map) {
      check_members(value, path, &section);
    } else if (value.kind == Kind::null) {
      say(path, member.origin, path + " is empty: give it keys, or delete the line");
    } else {
      complain(value, path, fmt::format("must be a map{}", section.plugin ? " such as {use: NAME}" : ""));
    }
  }

  static std::string unknown_key(const std::string& section, const std::string& key) {
    std::vector<std::string> siblings;
    std::vector<std::string> elsewhere;  // last parts of all paths
    const auto consider = [&](const std::string& path) {
      const std::size_t dot = path.rfind('.');
      const std::string parent = dot == std::string::npos ? "" : path.substr(0, dot);
      const std::string name = dot == std::string::npos ? path : path.substr(dot + 1);
      if (parent == section) siblings.push_back(name);
      if (parent != section) elsewhere.push_back(name);
    };
    for (const KeyRow& row : key_table()) {
      consider(row.path);
      if (!row.other_name.empty()) consider(row.path.substr(0, row.path.rfind('.') + 1) + row.other_name);
    }
    for (const SectionRow& row : section_table()) consider(row.path);
    const std::string place = section.empty() ? "the configuration" : section;
    std::string message = fmt::format("{} has no key \"{}\"", place, std::string_view(key).substr(0, 40));
    if (const auto nearest = nearest_name(key, siblings))
      return message + fmt::format("; did you mean \"{}\"?", *nearest);
    for (const KeyRow& row : key_table()) {
      if (row.path.ends_with("." + key)) return message + fmt::format("; did you mean {}?", row.path);
    }
    if (const auto nearest = nearest_name(key, elsewhere)) {
      for (const KeyRow& row : key_table()) {
        if (row.path.ends_with("." + *nearest)) return message + fmt::format("; did you mean {}?", row.path);
      }
    }
    std::string listed;
    for (const std::string& name : siblings) listed += (listed.empty() ? "" : ", ") + name;
    return message + (listed.empty() ? "" : "; it has " + listed);
  }

  void read_keys() {
    for (const KeyRow& row : key_table()) {
      if (row.read == nullptr) continue;
      if (row.path == "store.path" && search(root_, "store.use").found != nullptr &&
          search(root_, "store.use").found->text != "sqlite") {
        continue;
      }
      std::string path = row.path;
      const ConfigNode* node = find_value(path);
      if (node == nullptr && !row.other_name.empty()) {
        path = path.substr(0, path.rfind('.') + 1) + row.other_name;
        node = find_value(path);
      }
      if (node == nullptr) continue;
      read_key(row, path, *node);
    }
  }

  void read_key(const KeyRow& row, const std::string& path, const ConfigNode& node) {
    const Kind wanted = row.shape == KeyShape::scalar ? Kind::scalar
                        : row.shape == KeyShape::list ? Kind::sequence
                                                      : Kind::map;
    const bool blank = node.kind == Kind::scalar && trimmed(node.text).empty();
    if (node.kind == Kind::null || blank) {
      say(path, search(root_, path).nearest, path + " has no value: give it one, or delete the line");
    } else if (node.kind != wanted && !(row.also_word && node.kind == Kind::scalar)) {
      complain(node, path,
               fmt::format("must be {}{}", row.type, row.example.empty() ? "" : ", such as " + row.example));
    } else {
      const std::size_t before = complaints_.count();
      row.read(config_, node, path, complaints_);
      if (complaints_.count() > before) bad_sections_.emplace(path.substr(0, path.find_first_of(".[")));
    }
  }

  void read_plugin(const std::string& path, PluginSection& section) {
    section.path = path;
    const ConfigNode* node = find_value(path);
    if (node == nullptr || node->kind != Kind::map) return;
    section.settings_json = own_settings(*node, *find_section(path.substr(0, path.find('['))), section.use);
  }

  static std::string own_settings(const ConfigNode& node, const SectionRow& section, const std::string& use) {
    JsonText json;
    json.object();
    for (const ConfigMember& member : node.members) {
      if (!is_own_key(section, use, member.key)) continue;
      json.key(member.key);
      write_json(json, member.value());
    }
    return json.end().str();
  }

  void read_providers() {
    const ConfigNode* node = root_.find("provider");
    if (node == nullptr) {
      say("provider", root_.origin,
          "provider is missing: say where prices come from, such as provider: {use: csv, path: prices.csv}");
      return;
    }
    if (node->kind == Kind::sequence && !node->items.empty()) {
      for (std::size_t i = 0; i < node->items.size(); ++i) {
        read_provider(node->items[i], fmt::format("provider[{}]", i));
      }
    } else if (node->kind == Kind::sequence) {
      say("provider", node->origin, "provider is an empty list, must name at least one");
    } else {
      read_provider(*node, "provider");
    }
  }

  void read_provider(const ConfigNode& node, const std::string& path) {
    if (node.kind != Kind::map) {
      complain(node, path, "must be a map such as {use: csv, path: prices.csv}");
      return;
    }
    const ConfigNode* use = node.find("use");
    if (use == nullptr) {
      say("provider", node.origin, path + ".use is missing: the name of a provider plugin");
      return;
    }
    static const KeyRow name_row = [] {
      KeyRow row = *find_key("broker.use");  // the same kind of value
      row.example = "csv";
      row.read = [](Config& config, const ConfigNode& name, const std::string& at, Complaints& complaints) {
        Config scratch;
        find_key("broker.use")->read(scratch, name, at, complaints);
        config.providers.push_back({.use = scratch.broker.use, .path = at.substr(0, at.rfind('.'))});
      };
      return row;
    }();
    const std::size_t before = config_.providers.size();
    read_key(name_row, path + ".use", *use);
    if (config_.providers.size() > before) {
      config_.providers.back().settings_json = own_settings(node, *find_section("provider"), use->text);
    }
  }

  void require_tickers() {
    const ConfigNode* node = find_value("portfolio.tickers");
    if (node == nullptr) {
      say("portfolio", search(root_, "portfolio").nearest,
          "portfolio.tickers is missing: the symbols money may be put into, such as [SPY, BND]");
    } else if (node->kind == Kind::sequence && node->items.empty()) {
      say("portfolio", node->origin, "portfolio.tickers is an empty list, must name at least one symbol");
    }
  }

  Config& config_;
  const ConfigNode& root_;
  Complaints& complaints_;
  std::set<std::string> bad_sections_;
};

std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::error_code failed;
  if (std::filesystem::is_directory(file, failed)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text;
  constexpr std::size_t bytes_max = std::size_t{2} << 20;  // read_yaml refuses half of it
  text.resize(bytes_max);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

std::vector<Overlay> setting_overlays(const ConfigRequest& request) {
  std::vector<Overlay> overlays;
  for (const auto& [key, value] : request.settings) {
    overlays.push_back({.path = key, .text = value, .origin = {.kind = Origin::Kind::setting, .name = key}});
  }
  std::stable_partition(overlays.begin(), overlays.end(),
                        [](const Overlay& overlay) { return overlay.path.ends_with(".use"); });
  return overlays;
}

// Reads the file; a missing one is an empty one unless somebody named it.
ConfigNode file_layer(const ConfigRequest& request, std::vector<Problem>& problems) {
  const Origin origin{.kind = Origin::Kind::file, .name = request.file.string()};
  if (const auto text = request.text ? request.text : text_of(request.file)) {
    ConfigNode root = read_yaml(*text, origin, problems);
    root.origin = origin;  // of a key that is missing altogether: the file, no line of it
    return root;
  }
  if (request.file_given) {
    problems.push_back(problem_at(origin, "the configuration file cannot be read"));
  }
  return {.kind = ConfigNode::Kind::map};
}

std::vector<Overlay> upper_layers(const ConfigRequest& request, const ConfigNode& file,
                                  std::vector<std::string>& notices, std::vector<Problem>& problems) {
  const std::vector<Overlay> settings = setting_overlays(request);
  std::vector<Overlay> environment = environment_overlays(request.environment, problems);
  const auto peek_without_familiar = [&](std::string_view path) -> std::string {
    for (auto layer = settings.rbegin(); layer != settings.rend(); ++layer) {
      if (layer->path == path) return layer->text;
    }
    for (const Overlay& overlay : environment) {
      if (overlay.path == path) return overlay.text;
    }
    return "";
  };
  // BROKER_TYPE and STORAGE_TYPE decide what other familiar names mean, so the first look is at the names alone.
  std::vector<std::string> unused;
  const std::vector<Overlay> names = familiar_overlays(request.environment, peek_without_familiar, unused);
  const Peek peek = [&](std::string_view path) {
    if (const std::string value = peek_without_familiar(path); !value.empty()) return value;
    for (const Overlay& overlay : names) {
      if (overlay.path == path && path.ends_with(".use")) return overlay.text;
    }
    const ConfigNode* found = search(file, path).found;
    if (found != nullptr && found->kind == ConfigNode::Kind::scalar) return found->text;
    return std::string(path == "store.use" ? Config{}.store.use : path == "broker.use" ? Config{}.broker.use : "");
  };
  std::vector<Overlay> layers = familiar_overlays(request.environment, peek, notices);
  layers.insert(layers.end(), environment.begin(), environment.end());
  // Who says DRY_RUN=true does not want another variable to undo it.
  std::stable_partition(layers.begin(), layers.end(),
                        [](const Overlay& overlay) { return overlay.path != "mode" || overlay.text != "dry_run"; });
  layers.insert(layers.end(), settings.begin(), settings.end());
  return layers;
}

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::dry_run:
      return "dry_run";
    case Mode::paper:
      return "paper";
    case Mode::live:
      return "live";
  }
  return "dry_run";
}

Mode default_mode(std::string_view broker) { return broker == "paper" ? Mode::paper : Mode::dry_run; }

std::optional<double> Config::age_on(Date day) const {
  if (glide_path_date && !optimizer.glide_curve.empty()) {
    constexpr double days_per_year = 365.25;
    return std::max(0.0, static_cast<double>(glide_path_date->days() - day.days()) / days_per_year);
  }
  if (portfolio.age_years) return portfolio.age_years;
  if (!portfolio.birth_date) return std::nullopt;
  const auto age = rebalancer::age_on(*portfolio.birth_date, day);
  return age ? std::optional(*age) : std::nullopt;
}

std::string Config::locate(std::string_view path) const {
  return sources == nullptr ? "default" : search(sources->root, path).nearest.to_string();
}

Problem Config::problem_at(std::string_view path, std::string_view message) const {
  const Origin origin = sources == nullptr ? Origin{} : search(sources->root, path).nearest;
  return app::problem_at(origin, redact(message));
}

std::vector<std::string> Config::secrets() const {
  return sources == nullptr ? std::vector<std::string>{} : sources->secrets;
}

std::string Config::redact(std::string_view text) const {
  return sources == nullptr ? std::string(text) : redacted(text, sources->secrets);
}

tl::expected<Config, std::vector<Problem>> load_config(const ConfigRequest& request) {
  std::vector<Problem> problems;
  Complaints complaints(problems);
  Config config;
  config.file = request.file;
  config.directory = request.file.parent_path();
  auto sources = std::make_shared<ConfigSources>();
  sources->root = file_layer(request, problems);
  // What a broken file says further down is unknown: anything more would be guesses.
  if (!problems.empty() && sources->root.kind == ConfigNode::Kind::null) return tl::unexpected(std::move(problems));
  if (request.file_given && !problems.empty() && sources->root.origin.kind == Origin::Kind::none) {
    return tl::unexpected(std::move(problems));
  }
  const bool no_file = sources->root.origin.kind == Origin::Kind::none;

  const std::vector<Overlay> layers = upper_layers(request, sources->root, config.notices, problems);
  apply(layers, sources->root, config.notices, problems);
  fetch_secrets(sources->root, request.environment, config.directory, problems);
  sources->secrets = secrets_of(sources->root);
  Reader reader(config, sources->root, complaints);
  reader.read();
  check_rules(config, sources->root, reader.bad_sections(), complaints, config.notices);
  if (problems.empty()) {
    config.sources = std::move(sources);
    return config;
  }
  if (no_file) {
    problems.insert(problems.begin(),
                    {.message = fmt::format("there is no {} here: copy the sample, or name a file with --config FILE",
                                            request.file.string())});
  }
  for (Problem& problem : problems) problem.message = redacted(problem.message, sources->secrets);
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    if (a.file.empty() || b.file.empty()) return !a.file.empty() && b.file.empty();
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return tl::unexpected(std::move(problems));
}

}  // namespace rebalancer::app
