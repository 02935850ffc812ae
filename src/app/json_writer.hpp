// Writes one JSON document: numbers in the shortest form that reads back the same, keys in the order given.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::app {

// Quoted and escaped; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_string(std::string_view text);
// "null" for NaN and infinities: JSON has none.
[[nodiscard]] std::string json_number(double value);

// JsonWriter json; json.open_object().key("mode").value("paper").close(); print(json.text());
class JsonWriter {
 public:
  JsonWriter& open_object();
  JsonWriter& open_array();
  JsonWriter& close();  // the innermost object or array
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) { return raw(std::to_string(number)); }
  template <class T>
  JsonWriter& value(const std::optional<T>& maybe) {
    return maybe ? value(*maybe) : null();
  }
  JsonWriter& null();
  // A JSON value made elsewhere.
  JsonWriter& raw(std::string_view json);
  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void separate();
  std::string text_;
  std::vector<char> closers_;
  bool after_key_ = false;
  bool first_ = true;
};

}  // namespace rebalancer::app
