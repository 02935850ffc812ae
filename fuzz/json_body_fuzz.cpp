// The body of a request: strict JSON within its bounds, read key by key.
#include <algorithm>
#include <cmath>

#include <boost/json/serialize.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "http/json_body.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

namespace json = boost::json;

struct Extent {
  std::size_t values = 0;
  int depth = 0;
};

void measure(const json::value& value, int depth, Extent& extent) {
  ++extent.values;
  if (value.is_array() || value.is_object()) extent.depth = std::max(extent.depth, depth + 1);
  if (value.is_double()) expect(std::isfinite(value.get_double()), "a number is finite");
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) measure(item, depth + 1, extent);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) measure(member.value(), depth + 1, extent);
  }
}

void check_text(std::string_view text) {
  const auto value = http::parse_strict_json(text);
  if (!value) {
    expect_message(value.error().detail, 500);
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    expect(value.error().line >= 1 && value.error().line <= lines, "a mistake is on a line of the body",
           std::to_string(value.error().line));
    return;
  }
  Extent extent;
  measure(*value, 0, extent);
  expect(extent.values <= 10'000, "the number of values is bounded");
  expect(extent.depth <= 16, "the depth is bounded");
  expect(is_utf8(text), "JSON is UTF-8");
  const auto other = parse_json(text);
  expect(other && *other == *value, "what is strict JSON here is strict JSON for plugins",
         other ? std::string_view() : std::string_view(other.error().message));
  const std::string written = json_text(*value);
  expect(http::parse_strict_json(written).has_value(), "what is written is read", written);
}

void check_fields(std::string_view text) {
  http::Request request;
  request.method = "POST";
  request.path = "/optimize";
  request.body = std::string(text);
  http::BodyFields fields(request);
  (void)fields.boolean("dry_run");
  const auto number = fields.number("band", 0, 0.5);
  expect(!number || (*number >= 0 && *number <= 0.5), "a number keeps its range");
  const auto word = fields.text("reason", 20);
  expect(!word || word->size() <= 20, "a text keeps its size");
  (void)fields.object("weights");
  const auto problem = fields.problem();
  const auto value = http::parse_strict_json(text);
  const bool is_empty = text.empty();
  if (!is_empty && (!value || !value->is_object())) {
    expect(problem.has_value(), "what is no object is a problem");
  } else if (!is_empty) {
    for (const auto& member : value->get_object()) {
      const std::string_view key(member.key());
      const bool known = key == "dry_run" || key == "band" || key == "reason" || key == "weights";
      expect(known || problem, "a key that nobody knows is a problem", key);
    }
  }
  if (!problem) return;
  expect(problem->status == 400, "a wrong body is a bad request");
  expect(parse_json(problem->text()).has_value() && problem->text().size() <= 2000, "a problem is told in short JSON",
         problem->text());
}

void check(std::string_view input) {
  check_text(input);
  check_fields(input);
}

const Target target("json_body", check);

}  // namespace
}  // namespace rebalancer::fuzz
