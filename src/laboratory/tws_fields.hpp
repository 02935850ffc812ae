// The text protocol of TWS: frames with a length before them, fields with a NUL after them.
#pragma once
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/error.hpp"

namespace rebalancer::laboratory::tws {

inline constexpr std::size_t frame_bytes_max = 64 * 1024;
inline constexpr std::string_view unset_number = "1.7976931348623157E308";
inline constexpr std::string_view unset_integer = "2147483647";

// A message on its way out: Fields(9).add(1).add(next_id).frame().
class Fields {
 public:
  explicit Fields(int message) { add(message); }
  Fields& add(std::string_view text) {
    payload_.append(text);
    payload_ += '\0';
    return *this;
  }
  Fields& add(const char* text) { return add(std::string_view(text)); }
  Fields& add(const std::string& text) { return add(std::string_view(text)); }
  Fields& add(Decimal number) { return add(number.to_string()); }
  template <std::integral T>
  Fields& add(T number) {
    return add(std::to_string(number));
  }
  template <class... T>
  Fields& all(const T&... fields) {
    (add(fields), ...);
    return *this;
  }
  Fields& repeat(int times, std::string_view text) {
    for (int i = 0; i < times; ++i) add(text);
    return *this;
  }
  [[nodiscard]] const std::string& payload() const { return payload_; }
  [[nodiscard]] std::string frame() const;

 private:
  std::string payload_;
};

[[nodiscard]] std::string frame_of(std::string_view payload);
// The first whole frame's payload, taken off the front; none yet when it is not whole. Errors: invalid for a length out
// of bounds.
[[nodiscard]] Result<std::optional<std::string>> take_frame(std::string& buffer);
[[nodiscard]] std::vector<std::string> fields_of(std::string_view payload);

// A message that came in, read field by field; absent ones are empty.
class Reader {
 public:
  explicit Reader(std::vector<std::string> fields) : fields_(std::move(fields)) {}
  [[nodiscard]] std::string text() { return at_ < fields_.size() ? fields_[at_++] : std::string(); }
  // 0 for what is no integer.
  [[nodiscard]] std::int64_t integer();
  void skip(std::size_t fields) { at_ += fields; }
  [[nodiscard]] int message() const;
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::string> fields_;
  std::size_t at_ = 1;
};

}  // namespace rebalancer::laboratory::tws
