#include "tidy/layout.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <boost/json.hpp>
#include <yaml-cpp/yaml.h>

namespace rebalancer::tidy {
namespace {

constexpr std::array mirrored{"tests/core/", "tests/services/", "tests/adapters/", "tests/runtime/",
                              "tests/http/", "tests/app/",      "tests/plugins/",  "tests/laboratory/"};
constexpr std::array kinds{"providers", "brokers", "strategies", "analytics", "stores"};
const std::string plugin_root = "src/plugins/";
const std::string test_ending = "_test.cpp";

using Tree = std::map<std::string, const SourceFile*>;

std::string singular(std::string_view kinds_folder) {
  if (kinds_folder == "strategies") return "strategy";
  if (kinds_folder == "analytics") return "analytics";
  return std::string(kinds_folder.substr(0, kinds_folder.size() - 1));
}

std::string_view trimmed(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// As it is, or as an indented block.
bool shows(const std::string& readme, std::string_view sample) {
  std::string indented;
  for (const auto line : lines_of(trimmed(sample)))
    indented += (indented.empty() ? "    " : "\n    ") + std::string(line);
  return readme.find(trimmed(sample)) != std::string::npos || readme.find(indented) != std::string::npos;
}

struct Plugin {
  std::string folder;  // with its slash
  std::string kind;    // providers, ...
  std::string name;
};

std::vector<Plugin> plugins_of(const Tree& tree) {
  std::vector<Plugin> plugins;
  for (const auto& [path, file] : tree) {
    if (!is_under(path, plugin_root)) continue;
    const std::size_t kind_end = path.find('/', plugin_root.size());
    if (kind_end == std::string::npos) continue;
    const std::size_t name_end = path.find('/', kind_end + 1);
    if (name_end == std::string::npos) continue;
    Plugin plugin{path.substr(0, name_end + 1), path.substr(plugin_root.size(), kind_end - plugin_root.size()),
                  path.substr(kind_end + 1, name_end - kind_end - 1)};
    if (plugins.empty() || plugins.back().folder != plugin.folder) plugins.push_back(std::move(plugin));
  }
  return plugins;
}

// The schema's own keys, from its text; nothing, with a finding, when it is no schema.
std::optional<boost::json::object> schema_of(const SourceFile& file, std::vector<Finding>& findings) {
  boost::system::error_code error;
  const auto value = boost::json::parse(file.text, error);
  if (error || !value.is_object()) {
    findings.push_back({file.path, 0, "not a JSON object"});
    return std::nullopt;
  }
  return value.get_object();
}

void check_schema(const SourceFile& file, const boost::json::object& schema, std::vector<Finding>& findings) {
  const auto* closed = schema.if_contains("additionalProperties");
  if (closed == nullptr || *closed != boost::json::value(false)) {
    findings.push_back({file.path, 0, "additionalProperties must be false: an unknown key is an error"});
  }
  const auto* properties = schema.if_contains("properties");
  if (properties == nullptr || !properties->is_object()) return;
  for (const auto& property : properties->get_object()) {
    if (!property.value().is_object() || !property.value().get_object().contains("description")) {
      findings.push_back({file.path, 0, "property " + std::string(property.key()) + " has no description"});
    }
  }
}

void check_sample(const Plugin& plugin, const SourceFile& file, const boost::json::object& schema,
                  std::vector<Finding>& findings) {
  const auto add = [&](const std::string& what) { findings.push_back({file.path, 0, what}); };
  YAML::Node part;
  try {
    part = YAML::Load(file.text)[singular(plugin.kind)];
  } catch (const YAML::Exception& error) {
    return add(error.what());
  }
  if (plugin.kind == "analytics") {  // a list of names, without options
    const bool named = part && part.IsSequence() && std::any_of(part.begin(), part.end(), [&](const auto& entry) {
                         return entry.template as<std::string>("") == plugin.name;
                       });
    if (!named) add("must be a list `analytics:` with " + plugin.name);
    return;
  }
  if (!part || !part.IsMap()) return add("must be a section `" + singular(plugin.kind) + ":`");
  if (!part["use"] || part["use"].as<std::string>("") != plugin.name) add("must say use: " + plugin.name);
  const auto* properties = schema.if_contains("properties");
  for (const auto& entry : part) {
    const auto key = entry.first.as<std::string>();
    const bool known = properties != nullptr && properties->is_object() && properties->get_object().contains(key);
    if (key != "use" && !known) add(key + " is no property of schema.json");
  }
  const auto* required = schema.if_contains("required");
  if (required == nullptr || !required->is_array()) return;
  for (const auto& key : required->get_array()) {
    const std::string name(key.as_string());
    if (!part[name]) add("lacks " + name + ", which schema.json requires");
  }
}

bool exists_below(const std::set<std::string>& paths, const std::string& folder) {
  const auto next = paths.lower_bound(folder);
  return next != paths.end() && is_under(*next, folder);
}

bool has_subject(const std::set<std::string>& paths, const std::string& folder, std::string stem) {
  for (;;) {
    const std::string subject = "src/" + folder + stem;
    if (paths.contains(subject + ".hpp") || paths.contains(subject + ".cpp") || paths.contains(subject + ".h") ||
        exists_below(paths, subject + "/")) {
      return true;
    }
    const std::size_t cut = stem.rfind('_');
    if (cut == std::string::npos) return false;
    stem.resize(cut);
  }
}

}  // namespace

std::set<std::string> paths_of(const std::vector<SourceFile>& files) {
  std::set<std::string> paths;
  for (const SourceFile& file : files) paths.insert(file.path);
  return paths;
}

std::vector<Finding> check_plugins(const std::vector<SourceFile>& files) {
  Tree tree;
  for (const SourceFile& file : files) tree.emplace(file.path, &file);
  const auto find = [&tree](const std::string& path) {
    const auto found = tree.find(path);
    return found == tree.end() ? nullptr : found->second;
  };
  std::vector<Finding> findings;
  const SourceFile* list = find(plugin_root + "CMakeLists.txt");
  for (const Plugin& plugin : plugins_of(tree)) {
    const auto add = [&](const std::string& what) { findings.push_back({plugin.folder, 0, what}); };
    if (std::ranges::find(kinds, plugin.kind) == kinds.end()) add(plugin.kind + " is no kind of plugin");
    const SourceFile* source = find(plugin.folder + plugin.name + ".cpp");
    const SourceFile* schema_file = find(plugin.folder + "schema.json");
    const SourceFile* sample = find(plugin.folder + "sample.yaml");
    const SourceFile* readme = find(plugin.folder + "README.md");
    if (source == nullptr) add("lacks " + plugin.name + ".cpp");
    if (schema_file == nullptr) add("lacks schema.json");
    if (sample == nullptr) add("lacks sample.yaml");
    if (readme == nullptr) add("lacks README.md");
    const std::string entry = "rebalancer_plugin(" + plugin.kind + " " + plugin.name;
    if (list == nullptr || list->text.find(entry) == std::string::npos)
      add("has no line " + entry + " in CMakeLists.txt");
    if (source != nullptr && (source->code.find("REBALANCER_") == std::string::npos ||
                              source->text.find('"' + plugin.name + '"') == std::string::npos)) {
      findings.push_back({source->path, 0, "does not register the name " + plugin.name});
    }
    if (readme != nullptr && sample != nullptr && !shows(readme->text, sample->text)) {
      findings.push_back({readme->path, 0, "does not show sample.yaml as it is"});
    }
    if (schema_file == nullptr) continue;
    const auto schema = schema_of(*schema_file, findings);
    if (!schema) continue;
    check_schema(*schema_file, *schema, findings);
    if (sample != nullptr) check_sample(plugin, *sample, *schema, findings);
  }
  return findings;
}

std::vector<Finding> check_mirror(const std::set<std::string>& paths) {
  std::vector<Finding> findings;
  for (const std::string& path : paths) {
    if (std::ranges::none_of(mirrored, [&path](const char* folder) { return is_under(path, folder); })) continue;
    if (!path.ends_with(test_ending)) continue;
    const std::size_t slash = path.rfind('/') + 1;
    const std::string folder = path.substr(6, slash - 6);
    const std::string stem = path.substr(slash, path.size() - slash - test_ending.size());
    if (!has_subject(paths, folder, stem))
      findings.push_back({path, 0, "tests nothing named " + stem + " in src/" + folder});
  }
  return findings;
}

std::vector<Finding> check_built(const std::set<std::string>& paths, std::string_view compile_commands,
                                 const std::string& root) {
  std::vector<Finding> findings;
  for (const std::string& path : paths) {
    if (!path.ends_with(".cpp") && !path.ends_with(".c")) continue;
    if (compile_commands.find('"' + root + '/' + path + '"') == std::string_view::npos) {
      findings.push_back({path, 0, "no target builds it"});
    }
  }
  return findings;
}

}  // namespace rebalancer::tidy
