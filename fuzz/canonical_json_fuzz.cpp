// The text of a sealed decision: exactly one text for every value, and no other text is read.
#include <algorithm>

#include <boost/json/parse.hpp>

#include "core/base/canonical_json.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

int depth_of(const CanonicalJson& json) {
  int deepest = 0;
  if (const auto* items = json.if_array()) {
    for (const CanonicalJson& item : *items) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }
  if (const auto* members = json.if_object()) {
    for (const auto& [key, member] : *members) deepest = std::max(deepest, depth_of(member));
    return deepest + 1;
  }
  return 0;
}

void check_parse(std::string_view text) {
  const auto json = CanonicalJson::parse(text);
  if (!json) {
    expect(json.error().code == ErrorCode::invalid, "a text is refused as invalid", json.error().message);
    return expect_message(json.error().message, 200);
  }
  expect(json->text() == text, "what is read is written the same", json->text());
  expect(depth_of(*json) <= CanonicalJson::depth_max, "the depth is bounded", text);
  expect(is_utf8(text), "the text is UTF-8", text);
  boost::system::error_code why;
  boost::json::parse_options options;
  options.max_depth = CanonicalJson::depth_max + 1;
  (void)boost::json::parse(boost::json::string_view(text.data(), text.size()), why, {}, options);
  expect(!why, "canonical JSON is JSON", text);
}

// Any bytes can stand in a decision: as a text they are UTF-8 and read back.
void check_text(std::string_view bytes) {
  const CanonicalJson text{bytes};
  expect(is_utf8(*text.if_text()), "a text becomes UTF-8", *text.if_text());
  expect(!is_utf8(bytes) || *text.if_text() == bytes, "a text that is UTF-8 stays as it is", *text.if_text());
  expect(CanonicalJson::parse(text.text()) == text, "a text reads back as itself", text.text());
}

void check(std::string_view input) {
  check_parse(input);
  check_text(input);
}

const Target target("canonical_json", check);

}  // namespace
}  // namespace rebalancer::fuzz
