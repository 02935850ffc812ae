#include <algorithm>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/schema_node.hpp"

namespace rebalancer {
namespace {

namespace json = boost::json;
using Node = Schema::Node;

std::string_view kind_text(const Node& node) {
  switch (node.format) {
    case SchemaFormat::fraction:
      return "fraction such as 5% or 0.05";
    case SchemaFormat::money:
      return "amount such as $1000";
    case SchemaFormat::duration:
      return "duration such as 30s or 15m";
    case SchemaFormat::path:
      return "path, relative to this file";
    case SchemaFormat::none:
      break;
  }
  switch (node.type) {
    case SchemaType::object:
      return "section";
    case SchemaType::array:
      return "list";
    case SchemaType::string:
      return node.secret ? "secret text: ${NAME} or file:PATH" : "text";
    case SchemaType::number:
      return "number";
    case SchemaType::integer:
      return "whole number";
    case SchemaType::boolean:
      return "true or false";
  }
  return "";
}

std::string rules_text(const Node& node, bool required) {
  std::string text(kind_text(node));
  const auto bound = [&](const char* words, const std::optional<double>& value) {
    if (value) text += fmt::format(", {} {}", words, *value);
  };
  bound("at least", node.minimum);
  bound("more than", node.exclusive_minimum);
  bound("at most", node.maximum);
  bound("less than", node.exclusive_maximum);
  if (node.length_min) text += fmt::format(", at least {} characters", *node.length_min);
  if (node.length_max) text += fmt::format(", at most {} characters", *node.length_max);
  if (!node.pattern_text.empty()) text += ", matching " + node.pattern_text;
  std::string allowed;
  for (const json::value& value : node.allowed) allowed += (allowed.empty() ? "" : ", ") + scalar_text(value);
  if (!allowed.empty()) text += ": " + allowed;
  if (node.items) text += fmt::format(" of {}s", kind_text(*node.items));
  if (node.other_properties_node)
    text += fmt::format(" of names, each with a {}", rules_text(*node.other_properties_node, false));
  if (required && !node.default_value) text += "; must be given";
  return text;
}

// Plain where YAML reads it back as the same text, quoted where it might not.
std::string yaml_scalar(const json::value& value) {
  const std::string text = scalar_text(value);
  if (!value.is_string()) return json_text(value);
  const bool plain = !text.empty() && text.find_first_of(":#{}[],&*!|>'\"%@`\n\\") == std::string::npos &&
                     text.find_first_not_of("0123456789.+-eE_") != std::string::npos && text.front() != ' ' &&
                     text.back() != ' ' && text.front() != '-' && text.front() != '?' && text != "true" &&
                     text != "false" && text != "null" && text != "yes" && text != "no" && text != "~";
  return plain || text.ends_with('%') ? text : json_text(value);
}

void print(const Node& node, const std::string& indent, std::string& out) {
  for (const auto& [key, child] : node.properties) {
    const bool required = std::find(node.required.begin(), node.required.end(), key) != node.required.end();
    if (!child->description.empty()) out += indent + "# " + child->description + "\n";
    out += indent + "# " + rules_text(*child, required) + "\n";
    const bool section = child->type == SchemaType::object && !child->properties.empty();
    if (section) {
      out += indent + key + ":\n";
      print(*child, indent + "  ", out);
    } else if (child->default_value) {
      out += indent + key + ": " + yaml_scalar(*child->default_value) + "\n";
    } else {
      // A key that must be given stands there to be filled in, any other is only shown.
      out += indent + (required ? "" : "# ") + key + ":\n";
    }
  }
}

}  // namespace

Result<std::string> schema_as_yaml(std::string_view schema_text) {
  auto schema = Schema::parse(schema_text);
  if (!schema) return fail(schema.error());
  std::string out;
  if (!schema->root().description.empty()) out += "# " + schema->root().description + "\n";
  print(schema->root(), "", out);
  return out.empty() ? "# nothing to configure\n" : out;
}

}  // namespace rebalancer
