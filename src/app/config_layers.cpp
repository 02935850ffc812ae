#include "app/config_layers.hpp"

#include <algorithm>
#include <array>

#include "app/config_keys.hpp"
#include "app/units.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer::app {
namespace {

// Set by scripts and tests of this tree, not configuration.
constexpr std::array<std::string_view, 3> reserved{"REBALANCER_REFERENCE_DIR", "REBALANCER_SOURCE_DIR",
                                                   "REBALANCER_BINARY_DIR"};

bool opens_structure(std::string_view text) { return text.starts_with('[') || text.starts_with('{'); }

ConfigNode scalar(std::string_view text, const Overlay& overlay) {
  return {
      .kind = ConfigNode::Kind::scalar, .text = std::string(text), .secret = overlay.secret, .origin = overlay.origin};
}

// The overlay's text as the kind of value that stands at its path.
ConfigNode node_of(const Overlay& overlay, std::vector<Problem>& problems) {
  const std::string_view text = trimmed(overlay.text);
  const KeyRow* row = find_key(overlay.path);
  if (row != nullptr && row->shape == KeyShape::scalar) return scalar(text, overlay);
  if (opens_structure(text) && !overlay.secret) {
    std::vector<Problem> found;
    ConfigNode node = read_yaml(text, overlay.origin, found);
    // A plugin's own key may well be a word that starts with a bracket.
    const bool may_be_a_word = row == nullptr && find_section(overlay.path) == nullptr;
    if (found.empty() || !may_be_a_word) {
      problems.insert(problems.end(), found.begin(), found.end());
      return node;
    }
  }
  if (row == nullptr) return scalar(overlay.secret ? std::string_view(overlay.text) : text, overlay);
  ConfigNode node{.kind = ConfigNode::Kind::sequence, .origin = overlay.origin};
  if (row->shape == KeyShape::list) {
    for (const std::string& piece : split(text, ',')) node.items.push_back(scalar(piece, overlay));
    return node;
  }
  if (row->also_word && text.find('=') == std::string_view::npos) return scalar(text, overlay);
  const auto pairs = parse_assignments(text);
  if (!pairs) {
    problems.push_back(problem_at(
        overlay.origin, fmt::format("{} is \"{}\", must be NAME=value,NAME=value", overlay.path, text.substr(0, 40))));
    return {.kind = ConfigNode::Kind::map, .origin = overlay.origin};
  }
  node.kind = ConfigNode::Kind::map;
  for (const auto& [name, value] : *pairs) node.members.push_back({name, overlay.origin, {scalar(value, overlay)}});
  return node;
}

std::string default_plugin(const std::string& section) {
  const Config defaults;
  if (section == "store") return defaults.store.use;
  if (section == "strategy") return defaults.strategy.use;
  if (section == "broker") return defaults.broker.use;
  return "";
}

// Another plugin takes over the section: what was the first one's own goes, what is the host's stays.
void drop_own_keys(ConfigNode& section, const std::string& path, const Overlay& overlay,
                   std::vector<std::string>& notices) {
  std::string dropped;
  const auto is_own = [&](const ConfigMember& member) {
    const std::string key_path = path + "." + member.key;
    const bool host_key = find_key(key_path) != nullptr && key_path != "store.path";
    if (host_key || member.origin.kind != Origin::Kind::file) return false;
    dropped += (dropped.empty() ? "" : ", ") + member.key;
    return true;
  };
  std::erase_if(section.members, is_own);
  if (dropped.empty()) return;
  notices.push_back(fmt::format("{}.use is {} from {}: {} of the file does not apply", path, overlay.text,
                                overlay.origin.to_string(), dropped));
}

void apply_one(const Overlay& overlay, ConfigNode& root, std::vector<std::string>& notices,
               std::vector<Problem>& problems) {
  ConfigNode* at = &root;
  const std::vector<std::string> steps = split(overlay.path, '.');
  std::string walked;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool last = i + 1 == steps.size();
    const std::string& step = steps[i];
    if (at->kind == ConfigNode::Kind::null) at->kind = ConfigNode::Kind::map;
    if (at->kind == ConfigNode::Kind::sequence) {
      const auto index = parse_integer(step, 0, static_cast<std::int64_t>(at->items.size()) - 1);
      if (!index) {
        problems.push_back(
            problem_at(overlay.origin, fmt::format("{} is a list, so \"{}\" {}", walked, step, index.error().message)));
        return;
      }
      ConfigNode& item = at->items[static_cast<std::size_t>(*index)];
      if (last) item = node_of(overlay, problems);
      at = &item;
      continue;
    }
    // A word where a section belongs is complained about when the tree is read.
    if (at->kind != ConfigNode::Kind::map) return;
    ConfigNode* next = at->find(step);
    if (last) {
      const std::string used = next != nullptr ? next->text : default_plugin(walked);
      if (step == "use" && used != overlay.text) drop_own_keys(*at, walked, overlay, notices);
      std::erase_if(at->members, [&](const ConfigMember& member) {
        const KeyRow* row = find_key(overlay.path);
        return member.key == step || (row != nullptr && row == find_key(walked + "." + member.key));
      });
      at->members.push_back({step, overlay.origin, {node_of(overlay, problems)}});
      return;
    }
    if (next == nullptr) {
      at->members.push_back({step, overlay.origin, {{.kind = ConfigNode::Kind::map, .origin = overlay.origin}}});
      next = &at->members.back().value();
    }
    walked += (walked.empty() ? "" : ".") + step;
    at = next;
  }
}

}  // namespace

std::vector<Overlay> environment_overlays(const Environment& environment, std::vector<Problem>& problems) {
  std::vector<Overlay> overlays;
  std::vector<std::string> names;
  for (const KeyRow& row : key_table()) names.push_back(row.environment_name());
  for (const auto& [name, value] : environment.all()) {
    if (!name.starts_with("REBALANCER_") || std::find(reserved.begin(), reserved.end(), name) != reserved.end())
      continue;
    if (value.empty() || name == "REBALANCER_EXECUTOR_DRY_RUN") continue;  // the latter is a familiar name
    const Origin origin{.kind = Origin::Kind::environment, .name = name};
    std::string path;
    for (const KeyRow& row : key_table()) {
      if (row.environment_name() == name) path = row.path;
    }
    for (const SectionRow& section : section_table()) {
      const std::string prefix = environment_name_of(section.path);
      if (!path.empty() || !section.plugin) continue;
      if (name == prefix) path = section.path;
      if (name.starts_with(prefix + "_") && name.size() > prefix.size() + 1) {
        path = section.path + "." + lower_case(std::string_view(name).substr(prefix.size() + 1));
      }
    }
    if (path.empty()) {
      const auto nearest = nearest_name(name, names);
      problems.push_back(problem_at(origin, fmt::format("{} is not a key of the configuration{}", name,
                                                        nearest ? fmt::format("; did you mean {}?", *nearest) : "")));
      continue;
    }
    overlays.push_back({.path = path, .text = value, .origin = origin});
  }
  // A section's "use" first: it decides which of the file's keys still apply.
  std::stable_partition(overlays.begin(), overlays.end(),
                        [](const Overlay& overlay) { return overlay.path.ends_with(".use"); });
  return overlays;
}

void apply(const std::vector<Overlay>& overlays, ConfigNode& root, std::vector<std::string>& notices,
           std::vector<Problem>& problems) {
  for (const Overlay& overlay : overlays) apply_one(overlay, root, notices, problems);
}

}  // namespace rebalancer::app
