// A body in chunks (RFC 9112, 7.1), taken strictly: what two readers could read in two ways is malformed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rebalancer::http {

class ChunkReader {
 public:
  enum class State { size, data, data_end, trailer, done, malformed, too_large };

  explicit ChunkReader(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Takes what it can off the front of `text` and adds the content to `body`; a line is taken whole or not at all.
  // Extensions and trailers are looked at and thrown away. too_large: content beyond the limit was announced, or has
  // more around it than in it.
  State read(std::string_view& text, std::string& body);

 private:
  bool take_line(std::string_view& text);
  void read_size(std::string_view line);
  void read_trailer(std::string_view line);

  std::size_t body_bytes_max_;
  State state_ = State::size;
  std::uint64_t left_ = 0;     // of the chunk at hand
  std::uint64_t content_ = 0;  // announced so far
  std::size_t overhead_ = 0;   // bytes of lines so far
  std::size_t trailer_ = 0;    // bytes of its lines so far
};

}  // namespace rebalancer::http
