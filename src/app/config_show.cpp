#include "app/config_show.hpp"

#include <algorithm>

#include "app/config_keys.hpp"
#include "app/config_sources.hpp"
#include "app/terminal.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

// One line of the output: a key with its value, or a section's name.
struct Leaf {
  std::vector<std::string> steps;  // the path's parts; "- 0" for a place in a list. A plugin's own key is one part,
  std::string path;                // whatever characters are in it.
  std::string yaml;
  std::string json;
};

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  std::string step;
  for (const char c : path) {
    if (c == '.' || c == '[') {
      steps.push_back(std::move(step));
      step.clear();
    }
    if (c == '[') step = "- ";
    if (c != '.' && c != '[' && c != ']') step += c;
  }
  steps.push_back(std::move(step));
  return steps;
}

const ConfigNode* node_at(const Config& config, std::string_view path) {
  return config.sources == nullptr ? nullptr : search(config.sources->root, path).found;
}

bool holds_secret(const ConfigNode& node) {
  return node.secret || std::any_of(node.items.begin(), node.items.end(), holds_secret) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const ConfigMember& member) { return holds_secret(member.value()); });
}

std::string flow_yaml(const ConfigNode& node) {
  std::string text;
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "null";
    case ConfigNode::Kind::scalar:
      return node.secret ? "\"***\"" : yaml_scalar(node.text);
    case ConfigNode::Kind::sequence:
      for (const ConfigNode& item : node.items) text += (text.empty() ? "" : ", ") + flow_yaml(item);
      return "[" + text + "]";
    case ConfigNode::Kind::map:
      for (const ConfigMember& member : node.members) {
        text += (text.empty() ? "" : ", ") + yaml_scalar(member.key) + ": " + flow_yaml(member.value());
      }
      return "{" + text + "}";
  }
  return text;
}

std::string flow_json(const ConfigNode& node) {
  std::string text;
  switch (node.kind) {
    case ConfigNode::Kind::null:
      return "null";
    case ConfigNode::Kind::scalar:
      return json_string(node.secret ? "***" : node.text);
    case ConfigNode::Kind::sequence:
      for (const ConfigNode& item : node.items) text += (text.empty() ? "" : ", ") + flow_json(item);
      return "[" + text + "]";
    case ConfigNode::Kind::map: {
      std::vector<std::string> entries;
      for (const ConfigMember& member : node.members) {
        entries.push_back(json_string(member.key) + ": " + flow_json(member.value()));
      }
      std::sort(entries.begin(), entries.end());
      for (const std::string& entry : entries) text += (text.empty() ? "" : ", ") + entry;
      return "{" + text + "}";
    }
  }
  return text;
}

// The keys of a plugin section that are the plugin's own, by name.
void add_own(const Config& config, const std::string& path, std::vector<Leaf>& leaves) {
  const ConfigNode* section = node_at(config, path);
  if (section == nullptr) return;
  std::vector<const ConfigMember*> own;
  for (const ConfigMember& member : section->members) {
    const std::string prefix = path.starts_with("provider") ? "provider" : path;
    const bool other_store = prefix == "store" && config.store.use != "sqlite";
    const bool host_key = find_key(prefix + "." + member.key) != nullptr;
    if (member.key != "use" && (!host_key || other_store)) own.push_back(&member);
  }
  std::sort(own.begin(), own.end(), [](const ConfigMember* a, const ConfigMember* b) { return a->key < b->key; });
  for (const ConfigMember* member : own) {
    std::vector<std::string> steps = steps_of(path);
    steps.push_back(member->key);
    leaves.push_back(
        {std::move(steps), path + "." + member->key, flow_yaml(member->value()), flow_json(member->value())});
  }
}

std::vector<Leaf> leaves_of(const Config& config) {
  std::vector<Leaf> leaves;
  for (const KeyRow& row : key_table()) {
    if (row.path == "provider.use") {
      for (const PluginSection& provider : config.providers) {
        leaves.push_back({steps_of(provider.path + ".use"), provider.path + ".use", yaml_scalar(provider.use),
                          json_string(provider.use)});
        add_own(config, provider.path, leaves);
      }
      continue;
    }
    if (row.path == "store.path" && config.store.use != "sqlite") continue;
    const ConfigNode* node = node_at(config, row.path);
    const auto yaml = row.yaml(config);
    if (yaml) {
      const bool secret = node != nullptr && holds_secret(*node);
      leaves.push_back(
          {steps_of(row.path), row.path, secret ? "\"***\"" : *yaml, secret ? "\"***\"" : row.json(config)});
    }
    if (row.path == "store.use") add_own(config, "store", leaves);
    if (row.path == "strategy.use") add_own(config, "strategy", leaves);
    if (row.path == "broker.use") add_own(config, "broker", leaves);
  }
  return leaves;
}

std::string origin_of(const Config& config, const std::string& path) {
  const KeyRow* row = find_key(path);
  const bool by_other_name = row != nullptr && !row->other_name.empty() && node_at(config, path) == nullptr;
  const std::string other = by_other_name ? path.substr(0, path.rfind('.') + 1) + row->other_name : path;
  if (path == "mode" && node_at(config, path) == nullptr) return "default, broker.use is " + config.broker.use;
  // locate() answers for the section when the key itself is not there; a default has no place.
  return node_at(config, other) == nullptr ? "default" : config.locate(other);
}

}  // namespace

std::string config_yaml(const Config& config, bool origins) {
  std::string text;
  std::vector<std::string> open;
  for (const Leaf& leaf : leaves_of(config)) {
    const std::vector<std::string>& steps = leaf.steps;
    std::size_t same = 0;
    while (same < open.size() && same + 1 < steps.size() && open[same] == steps[same]) ++same;
    open.assign(steps.begin(), steps.end() - 1);
    std::string line;
    for (std::size_t depth = same; depth < steps.size(); ++depth) {
      const std::string margin(2 * depth, ' ');
      // A list item's first key stands on the line of its dash.
      const bool is_item = steps[depth].starts_with("- ");
      if (is_item) {
        line = margin + "- ";
        continue;
      }
      const bool after_dash = depth > same && steps[depth - 1].starts_with("- ");
      line = (after_dash ? line : margin) + yaml_scalar(steps[depth]) + ":";
      if (depth + 1 < steps.size()) text += line + "\n";
    }
    line += " " + leaf.yaml;
    if (origins) {
      const int gap = std::max(1, 44 - width_of(line));
      line += std::string(static_cast<std::size_t>(gap), ' ') + "# " + origin_of(config, leaf.path);
    }
    text += line + "\n";
  }
  return text;
}

std::string config_json(const Config& config) {
  JsonText json;
  json.object();
  std::vector<std::string> open;
  for (const Leaf& leaf : leaves_of(config)) {
    const std::vector<std::string>& steps = leaf.steps;
    std::size_t same = 0;
    while (same < open.size() && same + 1 < steps.size() && open[same] == steps[same]) ++same;
    for (std::size_t depth = open.size(); depth > same; --depth) json.end();
    for (std::size_t depth = same; depth + 1 < steps.size(); ++depth) {
      if (!steps[depth].starts_with("- ")) json.key(steps[depth]);
      if (steps[depth + 1].starts_with("- ")) {
        json.array();
      } else {
        json.object();
      }
    }
    json.key(steps.back()).raw(leaf.json);
    open.assign(steps.begin(), steps.end() - 1);
  }
  for (std::size_t depth = open.size(); depth > 0; --depth) json.end();
  return json.end().str();
}

std::string origins_json(const Config& config) {
  JsonText json;
  json.object();
  for (const Leaf& leaf : leaves_of(config)) json.member(leaf.path, origin_of(config, leaf.path));
  return json.end().str();
}

}  // namespace rebalancer::app
