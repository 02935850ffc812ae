#include "core/base/canonical_json.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include "core/base/utf8.hpp"

namespace rebalancer {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_well_formed(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string well_formed(std::string text) {
  if (is_well_formed(text)) return text;
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    out += length == 0 ? replacement : rest.substr(0, length);
    rest.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

// The letter of a two-character escape, or 0 when RFC 8785 has none for this byte.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (const char letter = short_escape(c); letter != 0) {
      out += '\\';
      out += letter;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<CanonicalJson> run() {
    Result<CanonicalJson> value;
    if (auto parsed = parse_value(*value, 0); !parsed) return fail(parsed.error());
    if (at_ < text_.size()) return wrong("the text must end after the value");
    return value;
  }

 private:
  using Json = CanonicalJson;

  [[nodiscard]] tl::unexpected<Error> wrong(std::string_view rule) const {
    return fail(ErrorCode::invalid, "byte {}: {}", at_, rule);
  }
  [[nodiscard]] bool ended() const { return at_ >= text_.size(); }
  [[nodiscard]] char next() const { return ended() ? '\0' : text_[at_]; }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  // All of these fill `out`, which is null before.
  Result<void> parse_value(Json& out, int depth) {
    if (ended()) return wrong("a value is missing");
    if (take("null")) return {};
    if (take("true")) {
      out = true;
      return {};
    }
    if (take("false")) {
      out = false;
      return {};
    }
    const char c = next();
    if (c == '"') {
      auto text = parse_string();
      if (!text) return fail(text.error());
      out = *std::move(text);
      return {};
    }
    if (c == '-' || (c >= '0' && c <= '9')) return parse_integer(out);
    if (c != '[' && c != '{') return wrong("no value starts like this");
    if (depth == Json::depth_max) return wrong(fmt::format("values are nested at most {} deep", Json::depth_max));
    return c == '[' ? parse_array(out, depth) : parse_object(out, depth);
  }

  Result<void> parse_integer(Json& out) {
    std::size_t end = at_ + (next() == '-' ? 1 : 0);
    while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
    const std::string_view digits = text_.substr(at_, end - at_);
    std::int64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec != std::errc() || number > Json::integer_max || number < -Json::integer_max) {
      return wrong("a number is an integer of at most 2^53 - 1");
    }
    if (fmt::format("{}", number) != digits) return wrong("an integer has no leading zero and zero no sign");
    at_ = end;
    out = number;
    return {};
  }

  Result<std::string> parse_string() {
    ++at_;
    std::string out;
    while (!ended() && next() != '"') {
      if (next() == '\\') {
        if (auto escaped = parse_escape(out); !escaped) return fail(escaped.error());
        continue;
      }
      if (static_cast<unsigned char>(next()) < 0x20) return wrong("a control character is written as an escape");
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return wrong("text is UTF-8");
      out += text_.substr(at_, length);
      at_ += length;
    }
    if (ended()) return wrong("a text ends with a quotation mark");
    ++at_;
    return out;
  }

  Result<void> parse_escape(std::string& out) {
    for (const char c : {'"', '\\', '\b', '\f', '\n', '\r', '\t'}) {
      const char escape[] = {'\\', short_escape(c)};
      if (!take({escape, 2})) continue;
      out += c;
      return {};
    }
    // "\u00" and two digits, for the control characters without a letter.
    const std::string_view escape = text_.substr(at_, 6);
    for (char c = 0; c < 0x20; ++c) {
      if (short_escape(c) != 0 || escape != fmt::format("\\u{:04x}", static_cast<unsigned>(c))) continue;
      at_ += escape.size();
      out += c;
      return {};
    }
    return wrong("this is not how RFC 8785 writes a character");
  }

  Result<void> parse_array(Json& out, int depth) {
    ++at_;
    out = Json::Array();
    if (take("]")) return {};
    Json::Array& items = *out.if_array();
    for (;;) {
      if (auto item = parse_value(items.emplace_back(), depth + 1); !item) return item;
      if (take("]")) return {};
      if (!take(",")) return wrong("a comma or the end of the array is missing");
    }
  }

  Result<void> parse_object(Json& out, int depth) {
    ++at_;
    out = Json::Object();
    if (take("}")) return {};
    Json::Object& members = *out.if_object();
    for (;;) {
      const std::size_t start = at_;
      if (next() != '"') return wrong("a key is a text");
      auto key = parse_string();
      if (!key) return fail(key.error());
      const bool is_ascii = std::all_of(key->begin(), key->end(), [](char c) { return c >= 0; });
      if (!is_ascii || (!members.empty() && !(members.rbegin()->first < *key))) {
        at_ = start;
        return wrong(is_ascii ? "keys ascend, each once" : "keys are ASCII");
      }
      if (!take(":")) return wrong("a colon is missing");
      Json& member = members.emplace_hint(members.end(), *std::move(key), Json())->second;
      if (auto parsed = parse_value(member, depth + 1); !parsed) return parsed;
      if (take("}")) return {};
      if (!take(",")) return wrong("a comma or the end of the object is missing");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

CanonicalJson::CanonicalJson(std::int64_t number) : value_(number) {
  assert(number >= -integer_max && number <= integer_max);
}

CanonicalJson::CanonicalJson(std::string text) : value_(well_formed(std::move(text))) {}

CanonicalJson CanonicalJson::of_double(double number) { return double_text(number); }

const CanonicalJson* CanonicalJson::find(std::string_view key) const {
  const Object* members = if_object();
  if (members == nullptr) return nullptr;
  const auto found = members->find(key);
  return found == members->end() ? nullptr : &found->second;
}

CanonicalJson& CanonicalJson::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  Object* members = if_object();
  assert(members != nullptr);
  const auto found = members->find(key);
  return found != members->end() ? found->second : members->emplace(std::string(key), CanonicalJson()).first->second;
}

std::string CanonicalJson::text() const {
  std::string out;
  append_to(out);
  return out;
}

void CanonicalJson::append_to(std::string& out) const {
  if (const bool* flag = if_bool()) {
    out += *flag ? "true" : "false";
  } else if (const std::int64_t* number = if_integer()) {
    out += std::to_string(*number);
  } else if (const std::string* text = if_text()) {
    append_string(out, *text);
  } else if (const Array* items = if_array()) {
    char before = '[';
    for (const CanonicalJson& item : *items) {
      out += before;
      item.append_to(out);
      before = ',';
    }
    out += items->empty() ? "[]" : "]";
  } else if (const Object* members = if_object()) {
    char before = '{';
    for (const auto& [key, member] : *members) {
      out += before;
      append_string(out, key);
      out += ':';
      member.append_to(out);
      before = ',';
    }
    out += members->empty() ? "{}" : "}";
  } else {
    out += "null";
  }
}

Result<CanonicalJson> CanonicalJson::parse(std::string_view text) { return Parser(text).run(); }

std::string double_text(double number) {
  // A NaN has a sign too, and it means nothing.
  return std::isnan(number) ? "nan" : fmt::format("{}", number);
}

Result<double> parse_double(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || double_text(number) != text) {
    return fail(ErrorCode::invalid, "\"{}\" is not a number in its shortest form", text);
  }
  return number;
}

}  // namespace rebalancer
