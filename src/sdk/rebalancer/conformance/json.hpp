// Just enough JSON to read a configuration and a schema without any library.
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::sdk::conformance {

struct Json {
  enum class Kind { null, scalar, object, array };
  Kind kind = Kind::null;
  std::string text;  // of a scalar, unquoted
  std::map<std::string, Json, std::less<>> members;
  std::vector<Json> elements;

  [[nodiscard]] const Json* find(std::string_view name) const {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
  }
};

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}
  // Nothing when the text is not one JSON value. Escapes beyond \n \t \" \\ \/ are kept as they are.
  [[nodiscard]] std::optional<Json> read() {
    auto value = this->value(0);
    blanks();
    return value && rest_.empty() ? value : std::nullopt;
  }

 private:
  void blanks() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }
  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<Json> value(int depth) {
    constexpr int depth_max = 32;
    blanks();
    if (rest_.empty() || depth > depth_max) return std::nullopt;
    if (rest_.front() == '{') return object(depth);
    if (rest_.front() == '[') return array(depth);
    Json scalar{Json::Kind::scalar, {}, {}, {}};
    if (rest_.front() == '"') {
      auto quoted = string();
      if (!quoted) return std::nullopt;
      scalar.text = *std::move(quoted);
      return scalar;
    }
    const std::size_t end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
    scalar.text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    const bool word = scalar.text == "true" || scalar.text == "false" || scalar.text == "null";
    const bool number = !scalar.text.empty() && scalar.text.find_first_not_of("+-.0123456789eE") == std::string::npos;
    if (!word && !number) return std::nullopt;
    if (scalar.text == "null") scalar.kind = Json::Kind::null;
    return scalar;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) {
        const char escaped = rest_.front();
        rest_.remove_prefix(1);
        if (escaped != 'n' && escaped != 't' && escaped != '"' && escaped != '\\' && escaped != '/') text += c;
        c = escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
      }
      text += c;
    }
    return take('"') ? std::optional(text) : std::nullopt;
  }
  std::optional<Json> object(int depth) {
    Json object{Json::Kind::object, {}, {}, {}};
    take('{');
    if (take('}')) return object;
    do {
      blanks();
      auto name = string();
      if (!name || !take(':')) return std::nullopt;
      auto member = value(depth + 1);
      if (!member || !object.members.emplace(*std::move(name), *std::move(member)).second) return std::nullopt;
    } while (take(','));
    return take('}') ? std::optional(object) : std::nullopt;
  }
  std::optional<Json> array(int depth) {
    Json array{Json::Kind::array, {}, {}, {}};
    take('[');
    if (take(']')) return array;
    do {
      auto element = value(depth + 1);
      if (!element) return std::nullopt;
      array.elements.push_back(*std::move(element));
    } while (take(','));
    return take(']') ? std::optional(array) : std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace rebalancer::sdk::conformance
