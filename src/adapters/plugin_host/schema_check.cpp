#include "adapters/plugin_host/schema_check.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/schema_node.hpp"
#include "core/base/decimal.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer {
namespace {

namespace json = boost::json;
using Node = Schema::Node;
using Type = SchemaType;

std::string_view a_type(Type type) {
  switch (type) {
    case Type::object:
      return "an object";
    case Type::array:
      return "a list";
    case Type::string:
      return "a text";
    case Type::number:
      return "a number";
    case Type::integer:
      return "a whole number";
    case Type::boolean:
      return "true or false";
  }
  return "";
}

std::string shown(const Node& node, const json::value& value) {
  if (node.secret) return "(secret)";
  std::string text = json_text(value);
  constexpr std::size_t shown_max = 60;
  if (text.size() > shown_max) text = text.substr(0, shown_max) + "...";
  return text;
}

json::value number_of(const std::string& text) {
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  if (const auto parsed = std::from_chars(text.data(), end, whole); parsed.ec == std::errc() && parsed.ptr == end) {
    return whole;
  }
  double number = 0;
  if (const auto parsed = std::from_chars(text.data(), end, number);
      parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(number)) {
    return number;
  }
  return json::value(text);
}

// "A=0.5,B=0.5" as {"A": "0.5", "B": "0.5"}; JSON as what it says. Nothing when it is neither.
std::optional<json::value> object_of(const std::string& text) {
  if (text.starts_with('{')) {
    auto parsed = parse_json(text);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
  }
  json::object object;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string entry = text.substr(start, end - start);
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) return std::nullopt;
    const bool fresh = object.emplace(entry.substr(0, equals), entry.substr(equals + 1)).second;
    if (!fresh) return std::nullopt;
    start = end + 1;
  }
  return json::value(std::move(object));
}

// "A,B" as ["A", "B"]; JSON as what it says.
std::optional<json::value> array_of(const std::string& text) {
  if (text.starts_with('[')) {
    auto parsed = parse_json(text);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
  }
  json::array array;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    array.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return json::value(std::move(array));
}

// A text from the environment or the command line, as what the schema wants; unchanged when it is not that.
json::value from_text(const Node& node, const json::value& value) {
  if (!value.is_string()) return value;
  const std::string text = scalar_text(value);
  switch (node.type) {
    case Type::number:
    case Type::integer:
      return node.format == SchemaFormat::none ? number_of(text) : value;
    case Type::boolean:
      return text == "true" ? json::value(true) : text == "false" ? json::value(false) : value;
    case Type::object:
      return object_of(text).value_or(value);
    case Type::array:
      return array_of(text).value_or(value);
    case Type::string:
      return value;
  }
  return value;
}

class Checker {
 public:
  Checker(const SchemaOptions& options, SchemaCheck& out) : options_(options), out_(out) {}

  json::value check(const Node& node, const json::value& given, const std::string& path) {
    const json::value value = options_.text_values ? from_text(node, given) : given;
    switch (node.type) {
      case Type::object:
        return value.is_object() ? object(node, value.get_object(), path) : wrong_type(node, value, path);
      case Type::array:
        return value.is_array() ? array(node, value.get_array(), path) : wrong_type(node, value, path);
      case Type::boolean:
        if (!value.is_bool()) return wrong_type(node, value, path);
        break;
      case Type::string:
        if (node.format == SchemaFormat::money) return money(node, value, path);
        if (!value.is_string()) return wrong_type(node, value, path);
        return string(node, value, path);
      case Type::number:
      case Type::integer:
        return number(node, value, path);
    }
    check_allowed(node, value, path);
    return value;
  }

 private:
  void report(const std::string& path, std::string message) { out_.findings.push_back({path, std::move(message)}); }
  std::string child_path(const std::string& path, std::string_view name) const {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }
  json::value wrong_type(const Node& node, const json::value& value, const std::string& path) {
    report(path, fmt::format("is {}, must be {}", shown(node, value), a_type(node.type)));
    return value;
  }

  json::value object(const Node& node, const json::object& given, const std::string& path) {
    json::object result;
    for (const auto& member : given) {
      const std::string key(member.key());
      if (node.property(key) != nullptr || node.other_properties) {
        if (node.property(key) == nullptr) result[key] = member.value();
      } else if (node.other_properties_node) {
        result[key] = check(*node.other_properties_node, member.value(), child_path(path, key));
      } else {
        unknown_key(node, key, path);
      }
    }
    for (const auto& [key, child] : node.properties) {
      const json::value* value = given.if_contains(key);
      if (value != nullptr && !value->is_null()) {
        result[key] = check(*child, *value, child_path(path, key));
      } else if (child->default_value) {
        result[key] = check(*child, *child->default_value, child_path(path, key));
      } else if (std::find(node.required.begin(), node.required.end(), key) != node.required.end()) {
        report(path, fmt::format("\"{}\" is missing, it must be given", key));
      }
    }
    return result;
  }

  void unknown_key(const Node& node, const std::string& key, const std::string& path) {
    std::vector<std::string> names;
    for (const auto& property : node.properties) names.push_back(property.first);
    const auto nearest = nearest_name(key, names);
    std::string message = fmt::format("unknown key \"{}\"", key);
    if (nearest) message += fmt::format(", did you mean \"{}\"?", *nearest);
    report(child_path(path, key), std::move(message));
  }

  json::value array(const Node& node, const json::array& given, const std::string& path) {
    if (!node.items) return given;
    json::array result;
    for (std::size_t i = 0; i < given.size(); ++i) {
      result.push_back(check(*node.items, given[i], fmt::format("{}[{}]", path, i)));
    }
    return result;
  }

  json::value string(const Node& node, const json::value& value, const std::string& path) {
    const std::string text = scalar_text(value);
    if (node.secret && !text.empty()) out_.secrets.push_back(text);
    if (node.length_min && text.size() < *node.length_min) {
      if (text.empty()) {
        report(path, "is empty, must not be");
      } else {
        report(path, fmt::format("has {} characters, must have at least {}", text.size(), *node.length_min));
      }
    }
    if (node.length_max && text.size() > *node.length_max) {
      report(path, fmt::format("has {} characters, must have at most {}", text.size(), *node.length_max));
    }
    if (node.pattern && !node.pattern->found_in(text)) {
      report(path, fmt::format("is {}, must match {}", shown(node, value), node.pattern_text));
    }
    check_allowed(node, value, path);
    if (node.format != SchemaFormat::path || text.empty()) return value;
    const std::filesystem::path base =
        options_.base_directory.empty() ? std::filesystem::current_path() : options_.base_directory;
    return json::value(std::filesystem::absolute(base / text).lexically_normal().string());
  }

  json::value money(const Node& node, const json::value& value, const std::string& path) {
    if (!value.is_string() && !value.is_number()) {
      report(path, fmt::format("is {}, must be an amount such as $100000", shown(node, value)));
      return value;
    }
    auto amount = parse_money(scalar_text(value));
    if (!amount) {
      report(path, fmt::format("is {}, {}", shown(node, value), amount.error().message));
      return value;
    }
    check_bounds(node, Decimal::parse(*amount).value_or(Decimal()).to_double(), shown(node, value), path);
    check_allowed(node, json::value(*amount), path);
    return json::value(*amount);
  }

  json::value number(const Node& node, const json::value& value, const std::string& path) {
    json::value result = value;
    if (node.format == SchemaFormat::fraction && (value.is_string() || value.is_number())) {
      auto fraction = fraction_of(value);
      if (!fraction) return unit_error(node, value, path, fraction.error());
      result = *fraction;
    } else if (node.format == SchemaFormat::duration) {
      auto milliseconds = parse_duration_ms(value.is_string() ? scalar_text(value) : "");
      if (!milliseconds) return unit_error(node, value, path, milliseconds.error());
      result = *milliseconds;
    }
    if (!result.is_number()) return wrong_type(node, value, path);
    const double number = result.to_number<double>();
    if (!std::isfinite(number)) return wrong_type(node, value, path);
    if (node.type == Type::integer) {
      constexpr double exact_max = 9007199254740992.0;
      if (number != std::floor(number) || std::abs(number) > exact_max) return wrong_type(node, value, path);
      if (result.is_double()) result = static_cast<std::int64_t>(number);
    }
    check_bounds(node, number, shown(node, value), path);
    check_allowed(node, result, path);
    return result;
  }

  static Result<double> fraction_of(const json::value& value) {
    if (value.is_string()) return parse_fraction(scalar_text(value));
    const double number = value.to_number<double>();
    if (std::abs(number) > 1) {
      return fail(ErrorCode::invalid, "a bare fraction must be at most 1; did you mean {}%?", scalar_text(value));
    }
    return number;
  }

  json::value unit_error(const Node& node, const json::value& value, const std::string& path, const Error& error) {
    report(path, fmt::format("is {}, {}", shown(node, value), error.message));
    return value;
  }

  void check_bounds(const Node& node, double number, const std::string& text, const std::string& path) {
    const auto require = [&](bool good, std::string_view rule, double bound) {
      if (!good) report(path, fmt::format("is {}, must be {} {}", text, rule, bound));
    };
    if (node.minimum) require(number >= *node.minimum, "at least", *node.minimum);
    if (node.maximum) require(number <= *node.maximum, "at most", *node.maximum);
    if (node.exclusive_minimum) require(number > *node.exclusive_minimum, "more than", *node.exclusive_minimum);
    if (node.exclusive_maximum) require(number < *node.exclusive_maximum, "less than", *node.exclusive_maximum);
  }

  void check_allowed(const Node& node, const json::value& value, const std::string& path) {
    if (node.allowed.empty()) return;
    std::vector<std::string> names;
    std::string list;
    for (const json::value& allowed : node.allowed) {
      if (allowed == value) return;
      const bool equal_numbers = allowed.is_number() && value.is_number() &&
                                 std::equal_to<>()(allowed.to_number<double>(), value.to_number<double>());
      if (equal_numbers) return;
      names.push_back(scalar_text(allowed));
      list += (list.empty() ? "" : ", ") + names.back();
    }
    const auto nearest = value.is_string() ? nearest_name(scalar_text(value), names) : std::nullopt;
    report(path, fmt::format("is {}, must be one of {}{}", shown(node, value), list,
                             nearest ? "; did you mean \"" + *nearest + "\"?" : ""));
  }

  const SchemaOptions& options_;
  SchemaCheck& out_;
};

}  // namespace

json::value check_node(const Schema::Node& node, const json::value& value, const std::string& path,
                       const SchemaOptions& options, SchemaCheck& out) {
  return Checker(options, out).check(node, value, path);
}

}  // namespace rebalancer
