// A plugin's schema, as its author wrote it.
#include <algorithm>

#include <boost/json/object.hpp>

#include "adapters/plugin_host/schema_check.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

// The library's regular expressions are as slow as a pattern asks for and count repetitions in a long, and a plugin
// that means harm has easier ways: only patterns without such things are looked at.
bool is_harmful(std::string_view text) {
  if (text.find("pattern") == std::string_view::npos) return false;
  const auto repeats = std::count_if(text.begin(), text.end(), [](char c) { return c == '*' || c == '+' || c == '?'; });
  std::size_t digits = 0;
  std::size_t digits_max = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    digits_max = std::max(digits_max, digits);
  }
  return repeats > 1 || digits_max > 4 || text.find("\\u") != std::string_view::npos;
}

void check(std::string_view input) {
  if (is_harmful(input)) return;
  const auto schema = Schema::parse(input);
  const auto yaml = schema_as_yaml(input);
  expect(schema.has_value() == yaml.has_value(), "a schema that is one can be shown, and no other");
  if (!schema) return expect(schema.error().code == ErrorCode::invalid, "a schema is refused as invalid");
  expect(yaml->size() <= 100 * input.size() + 1000, "a schema's text is bounded", *yaml);
  const SchemaCheck defaults = schema->check(boost::json::object(), {});
  for (const SchemaFinding& finding : defaults.findings) {
    expect(finding.message.find("is missing") != std::string::npos,
           "defaults keep their own rules: only what must be given can be wrong", finding.to_string());
  }
  expect(defaults.secrets.empty() || input.find("secret") != std::string_view::npos, "secrets are named as such");
}

const Target target("schema_parse", check);

}  // namespace
}  // namespace rebalancer::fuzz
