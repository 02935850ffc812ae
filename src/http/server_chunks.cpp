#include "http/server_chunks.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace rebalancer::http {
namespace {

// Longer ones carry nothing that we would use.
constexpr std::size_t size_line_max = 256;
constexpr std::size_t trailer_bytes_max = 4096;
// Fields that would change what was already judged.
constexpr std::array<std::string_view, 4> never_in_trailers{"content-length", "host", "transfer-encoding",
                                                            "authorization"};

bool is_token_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_control(char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7F; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view without_blanks(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  return text;
}

}  // namespace

ChunkReader::State ChunkReader::read(std::string_view& text, std::string& body) {
  for (;;) {
    switch (state_) {
      case State::data: {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size()));
        body.append(text.substr(0, size));
        text.remove_prefix(size);
        left_ -= size;
        if (left_ > 0) return state_;
        state_ = State::data_end;
        break;
      }
      case State::size:
      case State::data_end:
      case State::trailer:
        if (!take_line(text)) return state_;
        break;
      case State::done:
      case State::malformed:
      case State::too_large:
        return state_;
    }
  }
}

// False: no whole line is there yet. A malformed one counts as taken.
bool ChunkReader::take_line(std::string_view& text) {
  const std::size_t longest = state_ == State::trailer ? trailer_bytes_max : size_line_max;
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    if (text.size() <= longest) return false;
    state_ = State::malformed;
    return true;
  }
  const std::string_view line = text.substr(0, end == 0 ? 0 : end - 1);
  if (end == 0 || text[end - 1] != '\r' || line.size() > longest || std::ranges::any_of(line, is_control)) {
    state_ = State::malformed;
    return true;
  }
  text.remove_prefix(end + 1);
  overhead_ += end + 1;
  if (overhead_ > body_bytes_max_ + trailer_bytes_max) {
    state_ = State::too_large;
  } else if (state_ == State::size) {
    read_size(line);
  } else if (state_ == State::data_end) {
    state_ = line.empty() ? State::size : State::malformed;
  } else {
    read_trailer(line);
  }
  return true;
}

// 1*HEXDIG, then nothing or ";" and an extension.
void ChunkReader::read_size(std::string_view line) {
  const char* end = line.data() + line.size();
  const auto number = std::from_chars(line.data(), end, left_, 16);
  std::string_view extension(number.ptr, static_cast<std::size_t>(end - number.ptr));
  state_ = State::malformed;
  if (number.ec != std::errc()) return;
  if (!extension.empty()) {
    extension = without_blanks(extension);
    if (!extension.starts_with(';')) return;
    extension = without_blanks(extension.substr(1));
    if (extension.empty() || !is_token_byte(extension.front())) return;
  }
  if (left_ > body_bytes_max_ - content_) {
    state_ = State::too_large;
    return;
  }
  content_ += left_;
  state_ = left_ == 0 ? State::trailer : State::data;
}

void ChunkReader::read_trailer(std::string_view line) {
  trailer_ += line.size();
  if (line.empty()) {
    state_ = State::done;
    return;
  }
  const std::size_t colon = line.find(':');
  state_ = State::malformed;
  if (colon == 0 || colon == std::string_view::npos || trailer_ > trailer_bytes_max) return;
  std::string name(line.substr(0, colon));
  if (!std::ranges::all_of(name, is_token_byte)) return;
  std::ranges::transform(name, name.begin(), lower);
  if (std::ranges::find(never_in_trailers, name) == never_in_trailers.end()) state_ = State::trailer;
}

}  // namespace rebalancer::http
