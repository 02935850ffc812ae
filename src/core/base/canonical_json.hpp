// JSON in the one form a sealed decision has: RFC 8785, with integers as the only numbers. Two values are equal exactly
// when their texts are, so a digest of the text is a digest of the value.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/error.hpp"

namespace rebalancer {

class CanonicalJson {
 public:
  using Array = std::vector<CanonicalJson>;
  using Object = std::map<std::string, CanonicalJson, std::less<>>;  // keys are ASCII: byte order is RFC 8785's order

  static constexpr std::int64_t integer_max = 9'007'199'254'740'991;  // 2^53 - 1, either sign
  static constexpr int depth_max = 32;

  CanonicalJson() = default;  // null
  CanonicalJson(bool flag) : value_(flag) {}
  CanonicalJson(int number) : value_(std::int64_t{number}) {}
  CanonicalJson(std::int64_t number);  // within integer_max, checked by assert
  CanonicalJson(std::string text);     // UTF-8; what is not becomes U+FFFD
  CanonicalJson(std::string_view text) : CanonicalJson(std::string(text)) {}
  CanonicalJson(const char* text) : CanonicalJson(std::string(text)) {}
  CanonicalJson(Array items) : value_(std::move(items)) {}
  CanonicalJson(Object members) : value_(std::move(members)) {}

  // The text of a double inside a decision: shortest that reads back as the same number ("0.1", "-1e-07", "nan").
  [[nodiscard]] static CanonicalJson of_double(double number);

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // Null when it is something else.
  [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const std::string* if_text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] Array* if_array() { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&value_); }
  [[nodiscard]] Object* if_object() { return std::get_if<Object>(&value_); }
  // The member of an object; null pointer when it is no object or has none.
  [[nodiscard]] const CanonicalJson* find(std::string_view key) const;
  // Makes null an object. Only for objects, and for keys in ASCII.
  CanonicalJson& operator[](std::string_view key);

  // Not for values nested deeper than depth_max.
  [[nodiscard]] std::string text() const;
  void append_to(std::string& out) const;
  // Reads exactly what text() writes. Errors: invalid, naming the byte and the rule, for every other text, also for
  // JSON that is merely written differently (blanks, key order, escapes, 1.0, duplicate keys).
  [[nodiscard]] static Result<CanonicalJson> parse(std::string_view text);

  friend bool operator==(const CanonicalJson&, const CanonicalJson&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, std::string, Array, Object> value_;
};

// "nan", "inf", "-inf", or the shortest text that reads back as the same number.
[[nodiscard]] std::string double_text(double number);
// Reads exactly what double_text writes. Errors: invalid.
[[nodiscard]] Result<double> parse_double(std::string_view text);

}  // namespace rebalancer
