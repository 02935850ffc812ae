#include "core/base/canonical_json.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

using namespace rebalancer;

namespace {

std::string random_text(Random& random) {
  static const char* const pieces[] = {
      "a", "B", "7", " ", "\"", "\\", "\n", "\b", "/", "~", "\x7f", "\x01", "\u00e9", "\u20ac", "\xF0\x9F\x98\x80",
      "\t"};
  std::string text;
  for (std::uint64_t i = random.below(6); i > 0; --i) text += pieces[random.below(std::size(pieces))];
  return text;
}

CanonicalJson random_json(Random& random, int depth) {
  switch (random.below(depth > 4 ? 5 : 7)) {
    case 0:
      return {};
    case 1:
      return random.below(2) == 0;
    case 2:
      return static_cast<std::int64_t>(random.next() >> (11 + random.below(53))) * (random.below(2) == 0 ? 1 : -1);
    case 3:
      return random_text(random);
    case 4:
      return CanonicalJson::of_double(random.normal() * std::exp(20 * random.normal()));
    case 5: {
      CanonicalJson::Array items;
      for (std::uint64_t i = random.below(4); i > 0; --i) items.push_back(random_json(random, depth + 1));
      return items;
    }
    default: {
      CanonicalJson::Object members;
      for (std::uint64_t i = random.below(4); i > 0; --i) {
        members.emplace(std::string(1 + random.below(2), static_cast<char>('a' + random.below(26))),
                        random_json(random, depth + 1));
      }
      return members;
    }
  }
}

std::string refusal(std::string_view text) {
  const auto parsed = CanonicalJson::parse(text);
  return parsed ? "accepted" : parsed.error().message;
}

}  // namespace

TEST_CASE("a value has one text: sorted keys, no blanks, the escapes of RFC 8785") {
  CanonicalJson json;
  json["b"] = 2;
  json["a"] = CanonicalJson::Array{true, {}, "\x08\t\n\x0c\r\x1f\"\\/\x7f", std::int64_t{-5}};
  json["c"]["inner"] = CanonicalJson::Object();
  CHECK(json.text() == "{\"a\":[true,null,\"\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\x7f\",-5],\"b\":2,\"c\":{\"inner\":{}}}");
  CHECK(CanonicalJson::parse(json.text()).value() == json);
  CHECK(*json.find("b")->if_integer() == 2);
  CHECK(json.find("d") == nullptr);
}

TEST_CASE("text that is not UTF-8 becomes the replacement character before it is compared") {
  CHECK(CanonicalJson("a\xff") == CanonicalJson("a\uFFFD"));
  CHECK(CanonicalJson("\xed\xa0\x80").text() == "\"\uFFFD\uFFFD\uFFFD\"");
}

TEST_CASE("whatever is written differently is refused, with the byte and the rule") {
  CHECK(refusal("") == "byte 0: a value is missing");
  CHECK(refusal("{\"a\": 1}") == "byte 5: no value starts like this");
  CHECK(refusal("{\"b\":1,\"a\":1}") == "byte 7: keys ascend, each once");
  CHECK(refusal("{\"a\":1,\"a\":1}") == "byte 7: keys ascend, each once");
  CHECK(refusal("{\"\u00e9\":1}") == "byte 1: keys are ASCII");
  CHECK(refusal("[1 ]") == "byte 2: a comma or the end of the array is missing");
  CHECK(refusal("[1,]") == "byte 3: no value starts like this");
  CHECK(refusal("{\"a\":1,}") == "byte 7: a key is a text");
  CHECK(refusal("1\n") == "byte 1: the text must end after the value");
  CHECK(refusal("\"a") == "byte 2: a text ends with a quotation mark");
  CHECK(refusal("\"\n\"") == "byte 1: a control character is written as an escape");
  CHECK(refusal("\"\xc3\"") == "byte 1: text is UTF-8");
  for (const char* text : {"\"\\/\"", "\"\\u000a\"", "\"\\u0041\"", "\"\\u001F\"", "\"\\x\"", "\"\\", "\"\\u00"}) {
    CHECK(refusal(text) == "byte 1: this is not how RFC 8785 writes a character");
  }
  for (const char* text : {"-0", "01", "-01", "00"}) {
    CHECK(refusal(text) == "byte 0: an integer has no leading zero and zero no sign");
  }
  for (const char* text : {"9007199254740992", "-9007199254740992", "99999999999999999999", "-"}) {
    CHECK(refusal(text) == "byte 0: a number is an integer of at most 2^53 - 1");
  }
  for (const char* text : {"1.0", "1e3", "1E3"}) CHECK(refusal(text) == "byte 1: the text must end after the value");
  CHECK(CanonicalJson::parse("9007199254740991").has_value());
  CHECK(CanonicalJson::parse("-9007199254740991").has_value());
}

TEST_CASE("nesting ends at the bound, not at the end of the stack") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(CanonicalJson::parse(nested(32)).has_value());
  CHECK(refusal(nested(33)) == "byte 32: values are nested at most 32 deep");
  CHECK(refusal(std::string(1'000'000, '[')) == "byte 32: values are nested at most 32 deep");
}

TEST_CASE("every value comes back from its text, and no other text gives it") {
  Random random(20261125);
  std::size_t texts = 0, changes = 0;
  for (int round = 0; round < 2'000; ++round) {
    const CanonicalJson json = random_json(random, 0);
    const std::string text = json.text();
    const auto parsed = CanonicalJson::parse(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    REQUIRE(*parsed == json);
    REQUIRE(parsed->text() == text);
    ++texts;
    for (int change = 0; change < 40; ++change) {
      std::string changed = text;
      const std::size_t at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          changed[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          changed.erase(at, 1);
          break;
        default:
          changed.insert(at, 1, static_cast<char>(random.below(128)));
      }
      if (changed == text) continue;
      const auto other = CanonicalJson::parse(changed);
      REQUIRE_MESSAGE((!other || *other != json), (text + " and " + changed));
      if (other) REQUIRE(other->text() == changed);
      ++changes;
    }
  }
  MESSAGE(texts << " texts round trip, " << changes << " changed ones tell");
}

TEST_CASE("a double comes back from its text bit for bit, and only that text gives it") {
  Random random(7);
  for (int round = 0; round < 100'000; ++round) {
    const double number = std::bit_cast<double>(random.next());
    const auto back = parse_double(double_text(number));
    REQUIRE(back.has_value());
    if (std::isnan(number)) {
      REQUIRE(std::isnan(*back));
    } else {
      REQUIRE(std::bit_cast<std::uint64_t>(*back) == std::bit_cast<std::uint64_t>(number));
    }
  }
  CHECK(double_text(0.1) == "0.1");
  CHECK(double_text(-1e-7) == "-1e-07");
  CHECK(double_text(-0.0) == "-0");
  CHECK(double_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(double_text(-std::numeric_limits<double>::infinity()) == "-inf");
  for (const char* text : {"", "1.0", "0.10", "1e-7", "+1", " 1", "1 ", "-nan", "NaN", "infinity", "0x1p3", "1e999"}) {
    CHECK_FALSE(parse_double(text).has_value());
  }
}
