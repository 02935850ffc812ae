#include "http/router_rules.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/base/nearest.hpp"
#include "core/base/time.hpp"
#include "http/json_body.hpp"

namespace rebalancer::http {
namespace {

namespace json = boost::json;

std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

json::object parsed_schema(std::string_view schema) {
  json::error_code error;
  json::value value = json::parse({schema.data(), schema.size()}, error);
  assert(!error && value.is_object());
  return value.is_object() ? value.get_object() : json::object();
}

std::optional<double> number_at(const json::object& schema, const char* key) {
  const json::value* value = schema.if_contains(key);
  return value != nullptr && value->is_number() ? std::optional(value->to_number<double>()) : std::nullopt;
}

std::optional<std::size_t> size_at(const json::object& schema, const char* key) {
  const auto number = number_at(schema, key);
  return number && *number >= 0 ? std::optional(static_cast<std::size_t>(*number)) : std::nullopt;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// What was sent, as far as it fits into a sentence.
std::string shown(std::string_view text) {
  constexpr std::size_t shown_bytes_max = 40;
  return text.size() <= shown_bytes_max ? json_string(text) : fmt::format("{} bytes long", text.size());
}

Response bad(std::string_view field, std::string detail, std::string code = "invalid") {
  return problem(400, {std::move(code), std::move(detail), std::string(field)});
}

bool is_json(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type == "application/json";
}

}  // namespace

ValueRule::ValueRule(std::string_view schema) : ValueRule(parsed_schema(schema)) {}

ValueRule::ValueRule(const json::object& schema)
    : minimum_(number_at(schema, "minimum")),
      maximum_(number_at(schema, "maximum")),
      min_length_(size_at(schema, "minLength")),
      max_length_(size_at(schema, "maxLength")) {
  constexpr std::array<std::pair<std::string_view, Type>, 6> types{{{"string", Type::string},
                                                                    {"integer", Type::integer},
                                                                    {"number", Type::number},
                                                                    {"boolean", Type::boolean},
                                                                    {"object", Type::object},
                                                                    {"array", Type::array}}};
  if (const json::value* type = schema.if_contains("type"); type != nullptr && type->is_string()) {
    const auto found = std::ranges::find(types, view(type->get_string()), [](const auto& row) { return row.first; });
    if (found != types.end()) type_ = found->second;
  }
  if (const json::value* choices = schema.if_contains("enum"); choices != nullptr && choices->is_array()) {
    for (const json::value& choice : choices->get_array()) {
      if (choice.is_string()) choices_.emplace_back(view(choice.get_string()));
    }
  }
  const json::value* format = schema.if_contains("format");
  is_date_ = format != nullptr && format->is_string() && format->get_string() == "date";
}

std::optional<std::string> ValueRule::against_text(std::string_view text) const {
  switch (type_) {
    case Type::integer: {
      const auto number = whole_number<std::int64_t>(text);
      if (!number) return fmt::format("is {}, must be an integer", shown(text));
      return against_number(static_cast<double>(*number), text);
    }
    case Type::number: {
      const auto number = whole_number<double>(text);
      if (!number || !std::isfinite(*number)) return fmt::format("is {}, must be a number", shown(text));
      return against_number(*number, text);
    }
    case Type::boolean:
      if (text == "true" || text == "false") return std::nullopt;
      return fmt::format("is {}, must be true or false", shown(text));
    default:
      return against_string(text);
  }
}

std::optional<std::string> ValueRule::against(const json::value& value) const {
  switch (type_) {
    case Type::any:
      return std::nullopt;
    case Type::string:
      if (!value.is_string()) return "must be a string";
      return against_string(view(value.get_string()));
    case Type::integer:
    case Type::number: {
      if (!value.is_number()) return "must be a number";
      const double number = value.to_number<double>();
      // JSON Schema: 1.0 is an integer.
      if (type_ == Type::integer && number != std::floor(number)) {
        return fmt::format("is {}, must be an integer", json_number(number));
      }
      return against_number(number, json_number(number));
    }
    case Type::boolean:
      return value.is_bool() ? std::nullopt : std::optional<std::string>("must be true or false");
    case Type::object:
      return value.is_object() ? std::nullopt : std::optional<std::string>("must be an object");
    case Type::array:
      return value.is_array() ? std::nullopt : std::optional<std::string>("must be an array");
  }
  return std::nullopt;
}

std::optional<std::string> ValueRule::against_number(double number, std::string_view shown) const {
  if (minimum_ && number < *minimum_) return fmt::format("is {}, must be at least {}", shown, json_number(*minimum_));
  if (maximum_ && number > *maximum_) return fmt::format("is {}, must be at most {}", shown, json_number(*maximum_));
  return std::nullopt;
}

std::optional<std::string> ValueRule::against_string(std::string_view text) const {
  if (!choices_.empty() && std::ranges::find(choices_, text) == choices_.end()) {
    std::string detail = fmt::format("is {}, must be one of {}", shown(text), fmt::join(choices_, ", "));
    if (const auto near = nearest_name(text, choices_)) detail += fmt::format("; did you mean \"{}\"?", *near);
    return detail;
  }
  const std::size_t size = characters(text);
  if (min_length_ && size < *min_length_) {
    return fmt::format("has {} characters, must have at least {}", size, *min_length_);
  }
  if (max_length_ && size > *max_length_) {
    return fmt::format("has {} characters, must have at most {}", size, *max_length_);
  }
  if (is_date_ && !Date::parse(text)) return fmt::format("is {}, must be a day such as 2026-11-23", shown(text));
  return std::nullopt;
}

RequestRules::RequestRules(const Route& route)
    : takes_body_(!route.body_schema.empty()), body_required_(route.body_required) {
  for (const Parameter& parameter : route.parameters) {
    const bool of_path = parameter.in == Parameter::In::path;
    (of_path ? path_ : query_).push_back({parameter.name, parameter.required, ValueRule(parameter.schema)});
    if (!of_path) query_names_.push_back(parameter.name);
  }
  if (!takes_body_) return;
  const json::object schema = parsed_schema(route.body_schema);
  if (const json::value* properties = schema.if_contains("properties"); properties != nullptr) {
    for (const auto& member : properties->as_object()) {
      key_names_.emplace_back(view(member.key()));
      const bool has_rule = member.value().is_object();
      keys_.push_back({key_names_.back(), false, ValueRule(has_rule ? member.value().get_object() : json::object())});
    }
  }
  if (const json::value* required = schema.if_contains("required"); required != nullptr) {
    for (const json::value& name : required->as_array()) {
      const auto row = std::ranges::find(keys_, view(name.as_string()), &Row::name);
      assert(row != keys_.end());
      if (row != keys_.end()) row->required = true;
    }
  }
  const json::value* more = schema.if_contains("additionalProperties");
  is_closed_ = more != nullptr && more->is_bool() && !more->get_bool();
}

std::optional<Response> RequestRules::check(const Request& request) const {
  if (auto wrong = check_query(request)) return wrong;
  if (auto wrong = check_path(request)) return wrong;
  return check_body(request);
}

std::optional<Response> RequestRules::check_query(const Request& request) const {
  for (auto sent = request.query.begin(); sent != request.query.end(); ++sent) {
    const auto& [name, text] = *sent;
    const auto row = std::ranges::find(query_, name, &Row::name);
    if (row == query_.end()) {
      std::string detail = fmt::format("there is no parameter {}", shown(name));
      if (const auto near = nearest_name(name, query_names_)) detail += fmt::format("; did you mean \"{}\"?", *near);
      return bad(name, std::move(detail), "unknown_parameter");
    }
    const auto is_it = [&name = name](const auto& other) { return other.first == name; };
    if (std::any_of(request.query.begin(), sent, is_it)) {
      return bad(name, fmt::format("parameter {} is given twice", name));
    }
    if (const auto why = row->rule.against_text(text)) return bad(name, fmt::format("parameter {} {}", name, *why));
  }
  for (const Row& row : query_) {
    const auto is_it = [&row](const auto& sent) { return sent.first == row.name; };
    if (row.required && std::ranges::none_of(request.query, is_it)) {
      return bad(row.name, fmt::format("parameter {} is missing", row.name));
    }
  }
  return std::nullopt;
}

std::optional<Response> RequestRules::check_path(const Request& request) const {
  for (const Row& row : path_) {
    const auto sent = request.parameters.find(row.name);
    if (sent == request.parameters.end()) continue;
    if (const auto why = row.rule.against_text(sent->second)) {
      return bad(row.name, fmt::format("{} in the path {}", row.name, *why));
    }
  }
  return std::nullopt;
}

std::optional<Response> RequestRules::check_body(const Request& request) const {
  if (request.body.empty()) {
    if (body_required_) return bad({}, "this request needs a body, a JSON object", "body_missing");
    return check_keys({});
  }
  if (!takes_body_) return bad({}, "this request takes no body", "no_body_taken");
  const auto coding = request.header("content-encoding");
  if (const auto type = request.header("content-type"); !type || !is_json(*type) || (coding && *coding != "identity")) {
    Response response = problem(415, {"unsupported_media_type", "the body must be application/json, not encoded"});
    response.headers.emplace_back("Accept", "application/json");
    return response;
  }
  const auto parsed = parse_strict_json(request.body);
  if (!parsed) return problem(400, {"invalid_json", parsed.error().detail, {}, parsed.error().line});
  if (!parsed->is_object()) return bad({}, "the body must be a JSON object");
  return check_keys(parsed->get_object());
}

std::optional<Response> RequestRules::check_keys(const json::object& body) const {
  for (const auto& member : body) {
    const std::string_view key = view(member.key());
    const auto row = std::ranges::find(keys_, key, &Row::name);
    if (row == keys_.end()) {
      if (is_closed_) return problem(400, unknown_key(key, key_names_));
      continue;
    }
    if (const auto why = row->rule.against(member.value())) return bad(key, fmt::format("{} {}", key, *why));
  }
  for (const Row& row : keys_) {
    if (row.required && !body.contains(row.name)) return bad(row.name, fmt::format("{} is missing", row.name));
  }
  return std::nullopt;
}

}  // namespace rebalancer::http
