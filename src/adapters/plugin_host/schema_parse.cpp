#include <algorithm>
#include <array>
#include <cmath>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/schema_check.hpp"
#include "adapters/plugin_host/schema_node.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer {
namespace {

namespace json = boost::json;
using Node = Schema::Node;
using Type = SchemaType;

template <class Value>
using Names = std::vector<std::pair<std::string, Value>>;

const Names<Type>& type_names() {
  static const Names<Type> names = {{"object", Type::object}, {"array", Type::array},     {"string", Type::string},
                                    {"number", Type::number}, {"integer", Type::integer}, {"boolean", Type::boolean}};
  return names;
}

const Names<SchemaFormat>& format_names() {
  static const Names<SchemaFormat> names = {{"fraction", SchemaFormat::fraction},
                                            {"money", SchemaFormat::money},
                                            {"duration", SchemaFormat::duration},
                                            {"path", SchemaFormat::path}};
  return names;
}

// "$schema" says which JSON Schema an editor should use; the rest is the subset.
const std::vector<std::string> keywords = {
    "$schema",   "type",      "properties", "required",         "additionalProperties",
    "enum",      "minimum",   "maximum",    "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern",    "default",          "description",
    "items",     "secret",    "format"};

template <class Value>
Result<Value> named(const Names<Value>& names, const json::value& value, std::string_view keyword) {
  std::string known;
  for (const auto& [name, meaning] : names) {
    if (value.is_string() && name == std::string_view(value.get_string())) return meaning;
    known += (known.empty() ? "" : ", ") + name;
  }
  return fail(ErrorCode::invalid, "\"{}\" is {}, must be one of {}", keyword, json_text(value), known);
}

std::string at(const std::string& path) { return path.empty() ? "" : path + ": "; }

// One parse of one schema; the first error wins.
class Reader {
 public:
  Result<std::unique_ptr<Node>> node(const json::value& value, const std::string& path) {
    if (!value.is_object()) return fail(ErrorCode::invalid, "{}must be an object", at(path));
    const json::object& object = value.get_object();
    if (auto known = check_keywords(object, path); !known) return fail(known.error());
    auto node = std::make_unique<Node>();
    using Step = Result<void> (Reader::*)(Node&, const json::object&, const std::string&);
    constexpr std::array<Step, 6> steps = {&Reader::read_kind,     &Reader::read_numbers, &Reader::read_text,
                                           &Reader::read_children, &Reader::read_enum,    &Reader::read_default};
    for (const Step step : steps) {
      if (auto done = (this->*step)(*node, object, path); !done) return fail(done.error());
    }
    return node;
  }

 private:
  static Result<void> check_keywords(const json::object& object, const std::string& path) {
    for (const auto& member : object) {
      const std::string key(member.key());
      if (std::find(keywords.begin(), keywords.end(), key) != keywords.end()) continue;
      const auto nearest = nearest_name(key, keywords);
      return fail(ErrorCode::invalid, "{}unknown keyword \"{}\"{}", at(path), key,
                  nearest ? ", did you mean \"" + *nearest + "\"?" : "");
    }
    return {};
  }

  Result<void> read_kind(Node& node, const json::object& object, const std::string& path) {
    const json::value* type = object.if_contains("type");
    if (type == nullptr && !path.empty()) return fail(ErrorCode::invalid, "{}\"type\" is missing", at(path));
    if (type != nullptr) {
      auto found = named(type_names(), *type, "type");
      if (!found) return fail(ErrorCode::invalid, "{}{}", at(path), found.error().message);
      node.type = *found;
    }
    if (path.empty() && node.type != Type::object) return fail(ErrorCode::invalid, "the whole must be an object");
    if (const json::value* format = object.if_contains("format")) {
      auto found = named(format_names(), *format, "format");
      if (!found) return fail(ErrorCode::invalid, "{}{}", at(path), found.error().message);
      node.format = *found;
      const bool number = node.format == SchemaFormat::fraction || node.format == SchemaFormat::duration;
      const bool fits =
          number ? node.type == Type::number || (node.type == Type::integer && node.format == SchemaFormat::duration)
                 : node.type == Type::string;
      if (!fits) {
        return fail(ErrorCode::invalid, "{}format {} needs type {}", at(path), json_text(*format),
                    number ? "number" : "string");
      }
    }
    if (const json::value* secret = object.if_contains("secret")) {
      if (!secret->is_bool() || node.type != Type::string) {
        return fail(ErrorCode::invalid, "{}\"secret\" must be true or false, of a string", at(path));
      }
      node.secret = secret->get_bool();
    }
    if (const json::value* description = object.if_contains("description")) {
      if (!description->is_string()) return fail(ErrorCode::invalid, "{}\"description\" must be a text", at(path));
      node.description = scalar_text(*description);
    }
    return {};
  }

  Result<void> read_numbers(Node& node, const json::object& object, const std::string& path) {
    const bool numeric = node.type == Type::number || node.type == Type::integer || node.format == SchemaFormat::money;
    const std::array<std::pair<const char*, std::optional<double>*>, 4> bounds = {
        {{"minimum", &node.minimum},
         {"maximum", &node.maximum},
         {"exclusiveMinimum", &node.exclusive_minimum},
         {"exclusiveMaximum", &node.exclusive_maximum}}};
    for (const auto& [keyword, bound] : bounds) {
      const json::value* value = object.if_contains(keyword);
      if (value == nullptr) continue;
      if (!value->is_number() || !numeric)
        return fail(ErrorCode::invalid, "{}\"{}\" must be a number, of a number", at(path), keyword);
      *bound = value->to_number<double>();
    }
    return {};
  }

  Result<void> read_text(Node& node, const json::object& object, const std::string& path) {
    const std::array<std::pair<const char*, std::optional<std::size_t>*>, 2> lengths = {
        {{"minLength", &node.length_min}, {"maxLength", &node.length_max}}};
    for (const auto& [keyword, length] : lengths) {
      const json::value* value = object.if_contains(keyword);
      if (value == nullptr) continue;
      if (!value->is_int64() || value->get_int64() < 0 || node.type != Type::string) {
        return fail(ErrorCode::invalid, "{}\"{}\" must be a whole number, of a string", at(path), keyword);
      }
      *length = static_cast<std::size_t>(value->get_int64());
    }
    if (const json::value* pattern = object.if_contains("pattern")) {
      if (!pattern->is_string() || node.type != Type::string) {
        return fail(ErrorCode::invalid, "{}\"pattern\" must be a text, of a string", at(path));
      }
      node.pattern_text = scalar_text(*pattern);
      node.pattern = SchemaPattern::compile(node.pattern_text);
      if (!node.pattern) {
        return fail(ErrorCode::invalid, "{}\"pattern\" is {}, not a regular expression", at(path), json_text(*pattern));
      }
    }
    return {};
  }

  Result<void> read_children(Node& node, const json::object& object, const std::string& path) {
    const auto child_path = [&](std::string_view name) { return path + (path.empty() ? "" : ".") + std::string(name); };
    const auto misplaced = [&](const char* keyword, Type type) {
      return object.contains(keyword) && node.type != type;
    };
    for (const char* keyword : {"properties", "required", "additionalProperties"}) {
      if (misplaced(keyword, Type::object))
        return fail(ErrorCode::invalid, "{}\"{}\" needs type object", at(path), keyword);
    }
    if (misplaced("items", Type::array)) return fail(ErrorCode::invalid, "{}\"items\" needs type array", at(path));
    if (const json::value* properties = object.if_contains("properties")) {
      if (!properties->is_object()) return fail(ErrorCode::invalid, "{}\"properties\" must be an object", at(path));
      for (const auto& member : properties->get_object()) {
        auto child = this->node(member.value(), child_path(std::string_view(member.key())));
        if (!child) return fail(child.error());
        node.properties.emplace_back(std::string(member.key()), *std::move(child));
      }
    }
    if (const json::value* others = object.if_contains("additionalProperties")) {
      if (others->is_bool()) {
        node.other_properties = others->get_bool();
      } else {
        auto child = this->node(*others, child_path("*"));
        if (!child) return fail(child.error());
        node.other_properties_node = *std::move(child);
      }
    }
    if (const json::value* items = object.if_contains("items")) {
      auto child = this->node(*items, child_path("[]"));
      if (!child) return fail(child.error());
      node.items = *std::move(child);
    }
    return read_required(node, object, path);
  }

  static Result<void> read_required(Node& node, const json::object& object, const std::string& path) {
    const json::value* required = object.if_contains("required");
    if (required == nullptr) return {};
    if (!required->is_array()) return fail(ErrorCode::invalid, "{}\"required\" must be a list", at(path));
    for (const json::value& name : required->get_array()) {
      if (!name.is_string() || node.property(std::string_view(name.get_string())) == nullptr) {
        return fail(ErrorCode::invalid, "{}\"required\" names {}, which is not among the properties", at(path),
                    json_text(name));
      }
      node.required.push_back(scalar_text(name));
    }
    return {};
  }

  Result<void> read_enum(Node& node, const json::object& object, const std::string& path) {
    const json::value* allowed = object.if_contains("enum");
    if (allowed == nullptr) return {};
    if (!allowed->is_array() || allowed->get_array().empty()) {
      return fail(ErrorCode::invalid, "{}\"enum\" must be a list of at least one value", at(path));
    }
    node.allowed.assign(allowed->get_array().begin(), allowed->get_array().end());
    return {};
  }

  Result<void> read_default(Node& node, const json::object& object, const std::string& path) {
    const json::value* value = object.if_contains("default");
    if (value == nullptr) return {};
    SchemaCheck check;
    (void)check_node(node, *value, "default", {}, check);
    if (!check.findings.empty()) return fail(ErrorCode::invalid, "{}{}", at(path), check.findings[0].to_string());
    node.default_value = *value;
    return {};
  }
};

}  // namespace

const Schema::Node* Schema::Node::property(std::string_view name) const {
  for (const auto& [key, node] : properties) {
    if (key == name) return node.get();
  }
  return nullptr;
}

std::string SchemaFinding::to_string() const { return path.empty() ? message : path + ": " + message; }

Schema::Schema(std::unique_ptr<Node> root) : root_(std::move(root)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

Result<Schema> Schema::parse(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return fail(value.error());
  auto root = Reader().node(*value, "");
  if (!root) return fail(root.error());
  return Schema(*std::move(root));
}

SchemaCheck Schema::check(const json::value& value, const SchemaOptions& options) const {
  SchemaCheck check;
  check.value = check_node(*root_, value.is_null() ? json::value(json::object()) : value, options.path, options, check);
  return check;
}

}  // namespace rebalancer
