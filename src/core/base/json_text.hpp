// Writes JSON text, nothing else: numbers in the shortest form that reads back as the same double, strings escaped.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rebalancer {

// "a\"b" with the quotes around it; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);
// 0.6, 1e-16, 3; a number that is not finite becomes null.
[[nodiscard]] std::string json_number(double value);

// JsonText json; json.object().member("a", 1.5).key("b").array().value(true).end().end(); json.str() is
// {"a":1.5,"b":[true]}. The caller keeps the nesting right; the writer puts the commas.
class JsonText {
 public:
  JsonText& object() { return open('{'); }
  JsonText& array() { return open('['); }
  JsonText& end();
  JsonText& key(std::string_view name);

  JsonText& value(std::string_view text) { return raw(json_string(text)); }
  JsonText& value(const std::string& text) { return raw(json_string(text)); }
  JsonText& value(const char* text) { return raw(json_string(text)); }
  JsonText& value(double number) { return raw(json_number(number)); }
  JsonText& value(bool flag) { return raw(flag ? "true" : "false"); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonText& value(T number) { return raw(std::to_string(number)); }
  template <class T>
  JsonText& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  JsonText& null() { return raw("null"); }
  // Text that is JSON already.
  JsonText& raw(std::string_view json);

  template <class T>
  JsonText& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  [[nodiscard]] const std::string& str() const { return text_; }

 private:
  JsonText& open(char bracket);
  void separate();
  std::string text_;
  std::string open_;  // the closing brackets still owed
};

}  // namespace rebalancer
