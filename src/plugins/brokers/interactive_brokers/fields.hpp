// The text inside a message: fields that end with a NUL. Numbers are read exactly, and what stands for "not set" is
// told apart from a number.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "frame.hpp"

namespace interactive_brokers {

using rebalancer::Decimal;

// "openOrder" for 5; empty when it is none that is read here.
[[nodiscard]] std::string_view message_name(int id);

// Java's forms too: "1.0E7", "2.5E-4". Errors: invalid, also for more than nine places unless they are zeros.
[[nodiscard]] rebalancer::Result<Decimal> exact_number(std::string_view text);
// The nearest billionth, ties to even: for averages, which the other side computed.
[[nodiscard]] rebalancer::Result<Decimal> nearest_number(std::string_view text);

// Walks through the fields of one message. Throws WireError, naming the message, the field and its value.
class FieldReader {
 public:
  // Reads the message's id, the first field.
  explicit FieldReader(std::string_view payload);

  [[nodiscard]] int id() const { return id_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view text();
  void skip(int count);
  [[nodiscard]] std::int64_t integer();
  // An id of ours or of a client: what fits into 32 bits.
  [[nodiscard]] std::int32_t small_integer();
  // How many groups of fields follow: 0 when empty.
  [[nodiscard]] int count();
  [[nodiscard]] bool boolean();
  [[nodiscard]] Decimal decimal();
  // Nothing for an empty field and for UNSET.
  [[nodiscard]] std::optional<Decimal> optional_decimal();
  [[nodiscard]] std::optional<Decimal> nearest_decimal();
  // After the last field: more with something in them mean that the message was read wrongly.
  void finish();
  [[noreturn]] void wrong(std::string_view value, std::string_view rule) const;

 private:
  [[nodiscard]] std::string name() const;
  std::string_view rest_;
  int id_ = 0;
  int index_ = -1;
};

class FieldWriter {
 public:
  explicit FieldWriter(int message_id) { add(message_id); }
  // Throws WireError for a text with control characters: it could end its field and start another.
  FieldWriter& add(std::string_view text);
  FieldWriter& add(const char* text) { return add(std::string_view(text)); }
  FieldWriter& add(std::int64_t number);
  FieldWriter& add(int number) { return add(static_cast<std::int64_t>(number)); }
  FieldWriter& add(Decimal number) { return add(number.to_string()); }
  FieldWriter& add(const std::optional<Decimal>& number) { return number ? add(*number) : add(""); }
  FieldWriter& repeat(int count, std::string_view text);
  [[nodiscard]] const std::string& payload() const { return payload_; }

 private:
  std::string payload_;
};

}  // namespace interactive_brokers
