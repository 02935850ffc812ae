// The outermost layer of the TWS protocol: messages with a length of four bytes before them.
#pragma once
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace interactive_brokers {

// Bytes of the other side that cannot be understood: never a default, never a guess.
class WireError : public std::exception {
 public:
  explicit WireError(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

// Far above anything that is sent; what announces more is no TWS, or a stream that lost its place.
constexpr std::size_t payload_size_max = std::size_t{4} << 20;

// Throws WireError for an empty or too large payload.
[[nodiscard]] std::string frame(std::string_view payload);

// Takes the bytes of a connection in whatever pieces they come.
class FrameReader {
 public:
  void add(std::string_view bytes);
  // The next whole payload, or nothing yet. Throws WireError for a length that cannot be; the stream is then lost.
  [[nodiscard]] std::optional<std::string> next();
  // Bytes of a message that has not come whole.
  [[nodiscard]] std::size_t pending() const { return buffer_.size() - start_; }

 private:
  std::string buffer_;
  std::size_t start_ = 0;
};

}  // namespace interactive_brokers
