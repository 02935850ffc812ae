#include "fact_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

using namespace rebalancer;

namespace {

tl::unexpected<Error> failed(const std::string& path, std::string_view what, int number) {
  const bool is_full = number == ENOSPC || number == EDQUOT;
  return fail(is_full ? ErrorCode::exhausted : ErrorCode::unavailable, "{} cannot be {} ({})", path, what,
              std::generic_category().message(number));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  // A delayed write error may show only here.
  [[nodiscard]] bool close() {
    const int number = number_;
    number_ = -1;
    return ::close(number) == 0;
  }

 private:
  int number_;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0 && errno == ENOENT) return fail(ErrorCode::not_found, "{}: there is no such file", path);
  if (file.get() < 0) return failed(path, "opened", errno);
  std::string text;
  constexpr std::size_t piece = 1U << 16U;
  while (true) {
    const std::size_t size = text.size();
    text.resize(size + piece);
    const ssize_t count = ::read(file.get(), text.data() + size, piece);
    if (count < 0 && errno != EINTR) return failed(path, "read", errno);
    text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return text;
  }
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  // One writer at a time (FolderLock), so one name will do; a leftover of a crash is written over.
  const std::string beside = path + ".new";
  {
    Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return failed(beside, "created", errno);
    while (!content.empty()) {
      const ssize_t count = ::write(file.get(), content.data(), content.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed(beside, "written", errno);
      content.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::fsync(file.get()) != 0) return failed(beside, "synced", errno);
    if (!file.close()) return failed(beside, "closed", errno);
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(path, "replaced", errno);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const Descriptor entry(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entry.get() < 0 || ::fsync(entry.get()) != 0) return failed(folder, "synced", errno);
  return {};
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = folder + "/.lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failed(path, "opened", errno);
  FolderLock lock(descriptor);
  while (::flock(descriptor, LOCK_EX) != 0) {
    if (errno != EINTR) return failed(path, "locked", errno);
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}
