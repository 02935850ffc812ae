// A plugin's settings against its schema: what comes through keeps every rule, and no secret is told.
#include <cmath>
#include <filesystem>

#include <boost/json/object.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/plugin_host/schema_check.hpp"
#include "core/base/decimal.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

namespace json = boost::json;

// One of everything.
constexpr std::string_view schema_text = R"({
  "type": "object", "additionalProperties": false, "required": ["name"],
  "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 8},
    "kind": {"type": "string", "enum": ["one", "two"], "default": "one"},
    "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "cash": {"type": "string", "format": "money", "minimum": 0, "maximum": 1000000},
    "path": {"type": "string", "format": "path"},
    "token": {"type": "string", "secret": true},
    "count": {"type": "integer", "minimum": -5, "maximum": 500},
    "ratio": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 10},
    "share": {"type": "number", "format": "fraction", "minimum": 0, "maximum": 1, "default": "5%"},
    "wait": {"type": "number", "format": "duration", "maximum": 60000},
    "flag": {"type": "boolean", "default": false},
    "list": {"type": "array", "items": {"type": "string"}},
    "weights": {"type": "object", "additionalProperties": {"type": "number", "format": "fraction", "minimum": 0}}
  }})";

const json::value* member(const json::object& object, const char* name) { return object.if_contains(name); }

void expect_number(const json::object& object, const char* name, double minimum, double maximum) {
  const json::value* value = member(object, name);
  if (value == nullptr) return;
  expect(value->is_number(), "a number is a number", name);
  const double number = value->to_number<double>();
  expect(number >= minimum && number <= maximum, "a number keeps its bounds", name);
}

std::string text_of(const json::value& value) {
  expect(value.is_string(), "a text is a text");
  return std::string(value.get_string());
}

void check_rules(const json::value& value) {
  expect(value.is_object(), "settings are an object");
  const json::object& settings = value.get_object();
  expect(settings.size() <= 13, "no key is unknown");
  const std::string name = text_of(settings.at("name"));
  expect(!name.empty() && name.size() <= 8, "a text keeps its length", name);
  const std::string kind = text_of(settings.at("kind"));
  expect(kind == "one" || kind == "two", "a choice is one of those allowed", kind);
  if (const json::value* code = member(settings, "code"))
    expect(text_of(*code).size() == 3, "a text keeps its pattern");
  if (const json::value* cash = member(settings, "cash")) {
    const auto amount = Decimal::parse(text_of(*cash));
    expect(amount && !amount->is_negative() && *amount <= Decimal::whole(1'000'000), "money is a decimal in its bounds",
           text_of(*cash));
  }
  if (const json::value* path = member(settings, "path"); path != nullptr && !text_of(*path).empty()) {
    const std::filesystem::path file(text_of(*path));
    expect(file.is_absolute() && file == file.lexically_normal(), "a path is absolute", file.string());
  }
  expect_number(settings, "count", -5, 500);
  expect_number(settings, "ratio", 0, 10);
  expect_number(settings, "share", 0, 1);
  expect_number(settings, "wait", -INFINITY, 60'000);
  expect(settings.at("flag").is_bool(), "a flag is true or false");
  if (const json::value* weights = member(settings, "weights")) {
    for (const auto& weight : weights->as_object()) {
      expect(weight.value().is_number() && weight.value().to_number<double>() >= 0, "a weight is a fraction");
    }
  }
}

// A secret that stands nowhere else in the settings stands in no message either.
void check_secret(std::string_view input, const json::value& given, const SchemaCheck& checked) {
  const json::value* token = given.is_object() ? member(given.get_object(), "token") : nullptr;
  if (token == nullptr || !token->is_primitive()) return;
  const std::string secret = scalar_text(*token);
  constexpr std::size_t telling = 12;  // shorter ones may stand in a message by chance
  if (secret.size() < telling || input.find(secret) != input.rfind(secret)) return;
  for (const SchemaFinding& finding : checked.findings) {
    expect(finding.message.find(secret) == std::string::npos, "a secret is in no message", finding.to_string());
  }
}

void check(std::string_view input) {
  static const Schema schema = Schema::parse(schema_text).value();
  const auto given = parse_json(input);
  if (!given) return;
  for (const bool as_text : {false, true}) {
    const SchemaOptions options{.path = "broker", .base_directory = "/somewhere", .text_values = as_text};
    const SchemaCheck checked = schema.check(*given, options);
    for (const SchemaFinding& finding : checked.findings) {
      expect(!finding.message.empty(), "a finding has a message");
      expect(finding.path.starts_with("broker"), "a finding has its place", finding.path);
    }
    check_secret(input, *given, checked);
    if (checked.ok()) check_rules(checked.value);
  }
}

const Target target("schema_check", check);

}  // namespace
}  // namespace rebalancer::fuzz
