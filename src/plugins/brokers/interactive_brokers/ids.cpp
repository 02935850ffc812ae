#include "ids.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

// The file is written for so many orders at once. What is left of them after a restart is skipped.
constexpr std::int64_t block = 64;
constexpr std::string_view title = "order ids of interactive_brokers: API client, highest id that may be in use\n";
constexpr std::size_t file_size_max = 64 * 1024;

using Marks = std::map<std::int32_t, std::int64_t>;

[[noreturn]] void cannot(std::string_view what, const std::filesystem::path& file) {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

Marks marks_in(const std::filesystem::path& file) {
  std::error_code error;
  const bool there = std::filesystem::exists(file, error);
  if (error) throw std::runtime_error(fmt::format("cannot look for {}: {}", file.string(), error.message()));
  if (!there) return {};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) cannot("read", file);
  std::string text(std::istreambuf_iterator<char>(stream), {});
  const auto broken = [&](std::string_view why) {
    return std::runtime_error(
        fmt::format("{} {}: put it aside only when no order of this API client is open, and use "
                    "another client_id then",
                    file.string(), why));
  };
  if (text.size() > file_size_max || !text.starts_with(title) || !text.ends_with('\n')) {
    throw broken("is no file of order ids, or was cut");
  }
  Marks marks;
  std::string_view rest = std::string_view(text).substr(title.size());
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto client = whole<std::int32_t>(line.substr(0, blank));
    const auto mark = whole<std::int64_t>(line.substr(std::min(blank + 1, line.size())));
    if (!client || !mark || *mark < 0 || !marks.emplace(*client, *mark).second) {
      throw broken(fmt::format("has the line \"{}\", must be an API client and an id", line.substr(0, 60)));
    }
  }
  return marks;
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor opened(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || fsync(opened.get()) != 0) cannot("write to the disk the folder", folder);
}

void replace(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path fresh = file.string() + ".new";
  {
    const Descriptor opened(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (opened.get() < 0) cannot("write", fresh);
    while (!text.empty()) {
      const ssize_t written = write(opened.get(), text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) cannot("write", fresh);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fsync(opened.get()) != 0) cannot("write to the disk", fresh);
  }
  if (rename(fresh.c_str(), file.c_str()) != 0) cannot("replace", file);
  sync_folder(file.parent_path());
}

}  // namespace

void OrderIds::raise(std::int64_t next_at_least) {
  // A wild figure is not kept: it would end the ids of this client for ever.
  if (next_at_least <= limit) next_ = std::max(next_, next_at_least);
}

void OrderIds::load() {
  if (loaded_) return;
  if (file_.is_relative()) file_ = std::filesystem::absolute(file_);
  const Marks marks = marks_in(file_);
  const auto found = marks.find(client_id_);
  if (found != marks.end()) raise(found->second + 1);
  loaded_ = true;
}

void OrderIds::store(std::int64_t mark) {
  std::error_code error;
  std::filesystem::create_directories(file_.parent_path(), error);
  if (error) {
    throw std::runtime_error(fmt::format("cannot make {}: {}", file_.parent_path().string(), error.message()));
  }
  const std::filesystem::path guard = file_.string() + ".lock";
  const Descriptor lock(open(guard.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.get() < 0 || flock(lock.get(), LOCK_EX) != 0) cannot("lock", guard);
  Marks marks = marks_in(file_);
  std::int64_t& own = marks[client_id_];
  // Another process with the same client id has been here: its ids are not ours.
  if (own > reserved_ && own >= next_) next_ = own + 1;
  mark = std::max(mark, next_ + block - 1);
  if (mark >= limit) {
    throw std::runtime_error(
        fmt::format("order ids of API client {} have reached {}, use another client_id", client_id_, limit));
  }
  own = mark;
  std::string text(title);
  for (const auto& [client, highest] : marks) text += fmt::format("{} {}\n", client, highest);
  replace(file_, text);
  reserved_ = mark;
}

std::int32_t OrderIds::next() {
  load();
  if (next_ > reserved_) store(next_ + block - 1);
  return static_cast<std::int32_t>(next_++);
}

}  // namespace interactive_brokers
