// The JSON of plugins: strict, and two readers of ours that must not differ.
#include <algorithm>
#include <cmath>

#include <boost/json/value.hpp>

#include "adapters/plugin_host/json_text.hpp"
#include "adapters/system/log_text.hpp"
#include "core/base/json_text.hpp"
#include "support/target.hpp"
#include "yahoo/strict_json.hpp"

namespace rebalancer::fuzz {
namespace {

namespace json = boost::json;

int depth_of(const json::value& value) {
  int deepest = 0;
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  if (value.is_object()) {
    for (const auto& member : value.get_object()) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  return 0;
}

// Boost.JSON 1.81 may read a number a place of a double off, so what is written need not be read as quite the same; and
// it reads 0e400 as NaN. What is not finite is written as null.
bool is_alike(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) {
    const double x = a.to_number<double>();
    const double y = b.to_number<double>();
    return x == y || std::abs(x - y) <= 1e-14 * std::abs(x);
  }
  if (a.is_double() && !std::isfinite(a.get_double())) return b.is_null();
  if (a.is_array() && b.is_array()) {
    return std::equal(a.get_array().begin(), a.get_array().end(), b.get_array().begin(), b.get_array().end(), is_alike);
  }
  if (a.is_object() && b.is_object()) {
    const auto same = [](const auto& one, const auto& other) {
      return one.key() == other.key() && is_alike(one.value(), other.value());
    };
    return std::equal(a.get_object().begin(), a.get_object().end(), b.get_object().begin(), b.get_object().end(), same);
  }
  return a == b;
}

void check_parse(std::string_view text) {
  const auto value = parse_json(text);
  const auto other = yahoo::parse_json(text);
  expect(value.has_value() == other.has_value(), "two strict readers agree on what is JSON",
         value ? other.error().message : value.error().message);
  if (!value) return expect(value.error().code == ErrorCode::invalid, "a text is refused as invalid");
  // As texts, since NaN equals nothing.
  expect(json_text(*value) == json_text(*other), "two strict readers read the same", json_text(*value));
  expect(depth_of(*value) <= 32, "the depth is bounded", text);
  expect(is_utf8(text), "JSON is UTF-8", text);
  const std::string written = json_text(*value);
  const auto again = parse_json(written);
  expect(again.has_value(), "what is written is JSON", written);
  expect(is_alike(*value, *again), "what is written is what was read", written);
}

// Whatever bytes a message holds, it can stand in a line of JSON.
void check_string(std::string_view bytes) {
  for (const std::string& written : {json_string(bytes), system::json_string(bytes)}) {
    const auto text = parse_json(written);
    expect(text && text->is_string(), "any bytes can be written as a JSON string", written);
    if (is_utf8(bytes)) {
      const auto& read = text->get_string();
      expect(std::string_view(read.data(), read.size()) == bytes, "a string reads back as itself", written);
    }
    expect(std::none_of(written.begin(), written.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }),
           "a string is one line", written);
  }
  const std::string shown = system::terminal_text(bytes);
  expect(system::terminal_text(shown) == shown && is_utf8(shown), "what a terminal gets is safe", shown);
}

void check(std::string_view input) {
  check_parse(input);
  check_string(input);
}

const Target target("json_text", check);

}  // namespace
}  // namespace rebalancer::fuzz
