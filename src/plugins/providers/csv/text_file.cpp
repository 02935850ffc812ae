#include "text_file.hpp"

#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <zlib.h>

using namespace rebalancer;

namespace {

struct Close {
  void operator()(gzFile file) const { gzclose_r(file); }
};

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  std::error_code why;
  if (!std::filesystem::exists(path, why)) return fail(ErrorCode::not_found, "{}: there is no such file", path);
  if (!std::filesystem::is_regular_file(path, why)) return fail(ErrorCode::invalid, "{} must be a file", path);
  errno = 0;
  // Reads what is not gzip as it is.
  const std::unique_ptr<gzFile_s, Close> file(gzopen(path.c_str(), "rb"));
  if (!file) {
    return fail(ErrorCode::unavailable, "{} cannot be opened ({})", path, std::generic_category().message(errno));
  }
  gzbuffer(file.get(), 1U << 17U);
  std::string text;
  constexpr std::size_t piece = 1U << 20U;
  while (true) {
    const std::size_t size = text.size();
    text.resize(size + piece);
    const int count = gzread(file.get(), text.data() + size, static_cast<unsigned>(piece));
    int code = Z_OK;
    const char* message = gzerror(file.get(), &code);
    if (count < 0 || (count == 0 && code == Z_BUF_ERROR)) {
      if (code == Z_ERRNO) {
        return fail(ErrorCode::unavailable, "{} cannot be read ({})", path, std::generic_category().message(errno));
      }
      return fail(ErrorCode::invalid, "{}: the compressed data is damaged or cut short ({})", path, message);
    }
    text.resize(size + static_cast<std::size_t>(count));
    if (text.size() > bytes_max) {
      return fail(ErrorCode::exhausted, "{} holds more than {} bytes of text, the most that is read", path, bytes_max);
    }
    if (count == 0) return text;
  }
}
