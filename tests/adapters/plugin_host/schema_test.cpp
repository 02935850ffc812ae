#include "adapters/plugin_host/schema.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "adapters/plugin_host/schema_check.hpp"

using namespace rebalancer;

namespace {

Schema schema_of(const std::string& text) {
  auto schema = Schema::parse(text);
  REQUIRE_MESSAGE(schema.has_value(), schema.error().message);
  return *std::move(schema);
}

// One property named x.
SchemaCheck checked(const std::string& property, const std::string& value, SchemaOptions options = {}) {
  const Schema schema = schema_of(R"({"properties": {"x": )" + property + "}}");
  return schema.check(boost::json::parse(R"({"x": )" + value + "}"), options);
}
std::string finding(const std::string& property, const std::string& value, const SchemaOptions& options = {}) {
  const SchemaCheck check = checked(property, value, options);
  REQUIRE(check.findings.size() == 1);
  return check.findings[0].to_string();
}
boost::json::value good(const std::string& property, const std::string& value, const SchemaOptions& options = {}) {
  const SchemaCheck check = checked(property, value, options);
  for (const SchemaFinding& wrong : check.findings) FAIL(wrong.to_string());
  return check.value.at("x");
}
std::string schema_error(const std::string& text) {
  const auto schema = Schema::parse(text);
  REQUIRE_FALSE(schema);
  CHECK(schema.error().code == ErrorCode::invalid);
  return schema.error().message;
}

}  // namespace

TEST_CASE("every broken rule is told at once, with its place and the nearest name") {
  const Schema schema = schema_of(R"({"required": ["path"], "properties": {
      "path": {"type": "string"}, "risk_free": {"type": "number", "maximum": 1, "default": 0.02},
      "nested": {"type": "object", "properties": {"deep": {"type": "boolean"}}},
      "list": {"type": "array", "items": {"type": "integer"}}}})");
  const SchemaCheck check = schema.check(
      boost::json::parse(R"({"risk_fre": 1, "risk_free": 1.2, "nested": {"deep": 3, "depp": 1}, "list": [1, "b"]})"),
      {.path = "strategy"});
  std::vector<std::string> all;
  for (const SchemaFinding& wrong : check.findings) all.push_back(wrong.to_string());
  CHECK(all == std::vector<std::string>{
                   "strategy.risk_fre: unknown key \"risk_fre\", did you mean \"risk_free\"?",
                   "strategy: \"path\" is missing, it must be given",
                   "strategy.risk_free: is 1.2, must be at most 1",
                   "strategy.nested.depp: unknown key \"depp\", did you mean \"deep\"?",
                   "strategy.nested.deep: is 3, must be true or false",
                   "strategy.list[1]: is \"b\", must be a whole number",
               });
}

TEST_CASE("defaults are filled in, also inside of sections, and null is as good as nothing") {
  const Schema schema = schema_of(R"({"properties": {"a": {"type": "integer", "default": 3},
      "b": {"type": "object", "default": {}, "properties": {"c": {"type": "number", "format": "fraction",
      "default": "5%"}}}, "d": {"type": "string"}}})");
  CHECK(schema.check(boost::json::parse(R"({"a": null, "d": null})"), {}).value ==
        boost::json::parse(R"({"a": 3, "b": {"c": 0.05}})"));
  CHECK(schema.check(nullptr, {}).value == boost::json::parse(R"({"a": 3, "b": {"c": 0.05}})"));
}

TEST_CASE("types are told apart") {
  CHECK(finding(R"({"type": "number"})", R"("abc")") == "x: is \"abc\", must be a number");
  CHECK(finding(R"({"type": "number"})", R"("0.5")") == "x: is \"0.5\", must be a number");
  CHECK(finding(R"({"type": "integer"})", "1.5") == "x: is 1.5, must be a whole number");
  CHECK(good(R"({"type": "integer"})", "2.0") == 2);
  CHECK(finding(R"({"type": "string"})", "5") == "x: is 5, must be a text");
  CHECK(finding(R"({"type": "boolean"})", R"("true")") == "x: is \"true\", must be true or false");
  CHECK(finding(R"({"type": "array"})", "{}") == "x: is {}, must be a list");
  CHECK(finding(R"({"type": "object"})", "[]") == "x: is [], must be an object");
}

TEST_CASE("bounds hold up to their last value") {
  CHECK(good(R"({"type": "number", "minimum": 0, "maximum": 1})", "0") == 0);
  CHECK(good(R"({"type": "number", "minimum": 0, "maximum": 1})", "1") == 1);
  CHECK(finding(R"({"type": "number", "minimum": 0})", "-0.1") == "x: is -0.1, must be at least 0");
  CHECK(finding(R"({"type": "number", "exclusiveMinimum": 0})", "0") == "x: is 0, must be more than 0");
  CHECK(finding(R"({"type": "number", "exclusiveMaximum": 1})", "1") == "x: is 1, must be less than 1");
}

TEST_CASE("texts have lengths, patterns and lists of what is allowed") {
  CHECK(finding(R"({"type": "string", "minLength": 1})", R"("")") == "x: is empty, must not be");
  CHECK(finding(R"({"type": "string", "minLength": 3})", R"("ab")") == "x: has 2 characters, must have at least 3");
  CHECK(finding(R"({"type": "string", "maxLength": 1})", R"("ab")") == "x: has 2 characters, must have at most 1");
  CHECK(finding(R"({"type": "string", "pattern": "^[A-Z]+$"})", R"("usd")") == "x: is \"usd\", must match ^[A-Z]+$");
  CHECK(finding(R"({"type": "string", "enum": ["single", "average"]})", R"("averge")") ==
        "x: is \"averge\", must be one of single, average; did you mean \"average\"?");
  CHECK(good(R"({"type": "integer", "enum": [1, 2]})", "2") == 2);
  // A pattern is never tried on a text that is too long for it.
  const std::string long_text(100'000, 'A');
  CHECK(checked(R"({"type": "string", "pattern": "^(A|B)*$"})", '"' + long_text + '"').findings.size() == 1);
}

TEST_CASE("a fraction is written as a percentage, in basis points or as a number up to 1") {
  const char* const fraction = R"({"type": "number", "format": "fraction"})";
  CHECK(good(fraction, R"("5%")") == 0.05);
  CHECK(good(fraction, R"("25bp")") == 0.0025);
  CHECK(good(fraction, R"("0.1 %")") == 0.001);
  CHECK(good(fraction, R"("150%")") == 1.5);
  CHECK(good(fraction, "0.05") == 0.05);
  CHECK(good(fraction, "1") == 1.0);
  CHECK(finding(fraction, "5") == "x: is 5, a bare fraction must be at most 1; did you mean 5%?");
  CHECK(finding(fraction, R"("5")") == "x: is \"5\", a bare fraction must be at most 1; did you mean 5%?");
  CHECK(finding(fraction, R"("1e3%")") == "x: is \"1e3%\", must be a fraction such as 5%, 25bp or 0.05");
  CHECK(finding(R"({"type": "number", "format": "fraction", "maximum": 0.5})", R"("60%")") ==
        "x: is \"60%\", must be at most 0.5");
}

TEST_CASE("money becomes an exact decimal text") {
  const char* const money = R"({"type": "string", "format": "money", "minimum": 0})";
  CHECK(good(money, R"("$100000")") == "100000");
  CHECK(good(money, R"("100000 USD")") == "100000");
  CHECK(good(money, R"("0.10")") == "0.1");
  CHECK(good(money, "250") == "250");
  CHECK(good(money, "250.25") == "250.25");
  CHECK(finding(money, R"("-$5")") == "x: is \"-$5\", must be at least 0");
  CHECK(finding(money, R"("100 EUR")") ==
        "x: is \"100 EUR\", must be an amount such as $100000 or \"100000 USD\", without thousands separators");
  CHECK(finding(money, R"("$100,000")") ==
        "x: is \"$100,000\", must be an amount such as $100000 or \"100000 USD\", without thousands separators");
  CHECK(finding(money, "true") == "x: is true, must be an amount such as $100000");
}

TEST_CASE("a duration becomes milliseconds, and must say its unit") {
  const char* const duration = R"({"type": "number", "format": "duration", "maximum": 3600000})";
  CHECK(good(duration, R"("250ms")") == 250);
  CHECK(good(duration, R"("30s")") == 30'000);
  CHECK(good(duration, R"("1.5m")") == 90'000);
  CHECK(good(duration, R"("1h")") == 3'600'000);
  CHECK(good(R"({"type": "integer", "format": "duration"})", R"("1d")") == 86'400'000);
  CHECK(finding(duration, R"("2h")") == "x: is \"2h\", must be at most 3600000");
  CHECK(finding(duration, "30") == "x: is 30, must be a number with its unit, such as 250ms, 30s, 15m, 2h or 1d");
  CHECK(finding(duration, R"("0.1ms")") == "x: is \"0.1ms\", must be a whole number of milliseconds");
}

TEST_CASE("a path starts at the base directory unless it is absolute") {
  const char* const path = R"({"type": "string", "format": "path"})";
  CHECK(good(path, R"("data/../prices.csv")", {.base_directory = "/home/ada"}) == "/home/ada/prices.csv");
  CHECK(good(path, R"("/etc/prices.csv")", {.base_directory = "/home/ada"}) == "/etc/prices.csv");
}

TEST_CASE("a secret is kept apart and never shown") {
  const char* const secret = R"({"type": "string", "secret": true, "maxLength": 4, "pattern": "^x"})";
  const SchemaCheck check = checked(secret, R"("hunter2")");
  CHECK(check.secrets == std::vector<std::string>{"hunter2"});
  REQUIRE(check.findings.size() == 2);
  CHECK(check.findings[0].to_string() == "x: has 7 characters, must have at most 4");
  CHECK(check.findings[1].to_string() == "x: is (secret), must match ^x");
}

TEST_CASE("names that are not properties are errors unless the schema says what they are") {
  const Schema open = schema_of(R"({"additionalProperties": true})");
  CHECK(open.check(boost::json::parse(R"({"a": [1]})"), {}).value == boost::json::parse(R"({"a": [1]})"));
  const char* const weights = R"({"type": "object", "additionalProperties": {"type": "number", "format": "fraction"}})";
  CHECK(good(weights, R"({"SPY": "60%", "BND": 0.4})") == boost::json::parse(R"({"SPY": 0.6, "BND": 0.4})"));
  CHECK(finding(weights, R"({"SPY": true})") == "x.SPY: is true, must be a number");
}

TEST_CASE("texts become what the schema wants where everything is text") {
  const SchemaOptions text{.text_values = true};
  CHECK(good(R"({"type": "number"})", R"("0.02")", text) == 0.02);
  CHECK(good(R"({"type": "integer"})", R"("252")", text) == 252);
  CHECK(good(R"({"type": "boolean"})", R"("true")", text) == true);
  CHECK(good(R"({"type": "string"})", R"("12345")", text) == "12345");
  const char* const weights = R"({"type": "object", "additionalProperties": {"type": "number", "format": "fraction"}})";
  CHECK(good(weights, R"("A=0.5,B=50%")", text) == boost::json::parse(R"({"A": 0.5, "B": 0.5})"));
  CHECK(good(weights, R"("{\"A\": 1}")", text) == boost::json::parse(R"({"A": 1.0})"));
  CHECK(good(R"({"type": "array", "items": {"type": "integer"}})", R"("1,2")", text) == boost::json::parse("[1, 2]"));
  CHECK(finding(weights, R"("A=0.5,A=0.5")", text) == "x: is \"A=0.5,A=0.5\", must be an object");
  CHECK(finding(R"({"type": "number"})", R"("1x")", text) == "x: is \"1x\", must be a number");
}

TEST_CASE("a schema with an author's mistake is refused") {
  CHECK(schema_error("[]") == "must be an object");
  CHECK(schema_error("{") == "not JSON: incomplete JSON");
  CHECK(schema_error(R"({"type": "object", "type": "object"})") == "\"type\" is given twice");
  CHECK(schema_error(R"({"type": "array"})") == "the whole must be an object");
  CHECK(schema_error(R"({"propertys": {}})") == "unknown keyword \"propertys\", did you mean \"properties\"?");
  CHECK(schema_error(R"({"properties": {"a": {}}})") == "a: \"type\" is missing");
  CHECK(schema_error(R"({"properties": {"a": {"type": "text"}}})") ==
        "a: \"type\" is \"text\", must be one of object, array, string, number, integer, boolean");
  CHECK(schema_error(R"({"properties": {"a": {"type": "number", "default": "x"}}})") ==
        "a: default: is \"x\", must be a number");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "pattern": "["}}})") ==
        "a: \"pattern\" is \"[\", not a regular expression");
  CHECK(schema_error(R"({"required": ["a"]})") == "\"required\" names \"a\", which is not among the properties");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "minimum": 1}}})") ==
        "a: \"minimum\" must be a number, of a number");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "format": "date"}}})") ==
        "a: \"format\" is \"date\", must be one of fraction, money, duration, path");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "format": "fraction"}}})") ==
        "a: format \"fraction\" needs type number");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "items": {}}}})") == "a: \"items\" needs type array");
  CHECK(schema_error(R"({"properties": {"a": {"type": "string", "enum": []}}})") ==
        "a: \"enum\" must be a list of at least one value");
  CHECK(schema_error(R"({"properties": {"a": {"type": "number", "secret": true}}})") ==
        "a: \"secret\" must be true or false, of a string");
}

TEST_CASE("a schema is shown as a commented YAML block") {
  const auto yaml = schema_as_yaml(R"({"description": "A test.", "required": ["path"], "properties": {
      "path": {"type": "string", "format": "path", "description": "Where the prices are."},
      "risk_free": {"type": "number", "format": "fraction", "minimum": 0, "maximum": 1, "default": "2%"},
      "api_key": {"type": "string", "secret": true},
      "cash": {"type": "string", "format": "money", "default": "$100000"},
      "zip": {"type": "string", "default": "01234"},
      "linkage": {"type": "string", "enum": ["single", "ward"], "default": "ward"},
      "retry": {"type": "object", "default": {}, "properties": {"count": {"type": "integer", "default": 3}}},
      "weights": {"type": "object", "additionalProperties": {"type": "number"}}}})");
  REQUIRE(yaml);
  CHECK(*yaml == R"(# A test.
# Where the prices are.
# path, relative to this file; must be given
path:
# fraction such as 5% or 0.05, at least 0, at most 1
risk_free: 2%
# secret text: ${NAME} or file:PATH
# api_key:
# amount such as $1000
cash: $100000
# text
zip: "01234"
# text: single, ward
linkage: ward
# section
retry:
  # whole number
  count: 3
# section of names, each with a number
# weights:
)");
  CHECK(schema_as_yaml("{}") == "# nothing to configure\n");
}
