// What a broker's server sends as JSON, read strictly: a key given twice, a number that is none, a text that ends in
// the middle or is a page for people is an error with a sentence, and no number passes through a double.
#pragma once
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace rebalancer::plugin_support {

// An answer that cannot be understood: never a default, never a guess. What it means depends on what was asked.
class BadAnswer : public std::exception {
 public:
  explicit BadAnswer(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };

  // Errors: invalid, saying what is wrong and where.
  [[nodiscard]] static Result<Json> parse(std::string_view text);

  [[nodiscard]] Kind kind() const { return kind_; }
  // Of a string its characters, of a number its digits as they were sent, of a boolean "true" or "false".
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<Json>& items() const { return items_; }
  // Null when there is none, or when it is null: servers mean the same by both.
  [[nodiscard]] const Json* find(std::string_view name) const;

 private:
  friend struct JsonBuilder;
  Kind kind_ = Kind::null;
  std::string text_;
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

// One object of an answer. Every function throws BadAnswer, naming the object, the member and what is wrong with it.
class Fields {
 public:
  // `what`: "the account", "order 7b08df51".
  Fields(const Json& json, std::string what);

  [[nodiscard]] bool has(std::string_view name) const { return json_->find(name) != nullptr; }
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::string text_or(std::string_view name, std::string_view otherwise) const;
  // Of a string as of a number: "12.50", 12.5, 1.25e1. More than nine places are an error, unless all beyond are zeros.
  [[nodiscard]] Decimal decimal(std::string_view name) const;
  [[nodiscard]] std::optional<Decimal> optional_decimal(std::string_view name) const;
  // The nearest billionth, for figures a server computed with more places than there are.
  [[nodiscard]] std::optional<Decimal> rounded_decimal(std::string_view name) const;
  [[nodiscard]] bool boolean(std::string_view name) const;
  [[nodiscard]] bool boolean_or(std::string_view name, bool otherwise) const;
  [[nodiscard]] Instant instant(std::string_view name) const;
  [[nodiscard]] Fields object(std::string_view name) const;
  [[nodiscard]] const std::string& what() const { return what_; }
  [[noreturn]] void wrong(std::string_view name, std::string_view why) const;

 private:
  [[nodiscard]] const Json& member(std::string_view name) const;
  const Json* json_;
  std::string what_;
};

// The items of an array. Throws BadAnswer for anything else.
[[nodiscard]] const std::vector<Json>& items_of(const Json& json, std::string_view what);

// "12.50", "1.25e1", "-0.5": exactly, to nine places. Errors: invalid.
[[nodiscard]] Result<Decimal> exact_decimal(std::string_view text);

}  // namespace rebalancer::plugin_support
