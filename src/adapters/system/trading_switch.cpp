#include "adapters/system/trading_switch.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "adapters/system/log_text.hpp"

namespace rebalancer::system {
namespace {

namespace fs = std::filesystem;

// Longer than any line of ours; of a longer one by hand the rest does not matter.
constexpr std::size_t line_size_max = 4096;
// A lock that nobody gives back is not one of ours: those last as long as a system call.
constexpr std::chrono::milliseconds lock_wait_max{1000};
constexpr std::size_t by_size_max = 64;

std::string reason_of(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// At most `size_max` bytes of `text` as one line that shows all there is; never cut inside a character.
std::string one_line(std::string_view text, std::size_t size_max) {
  std::string blanks(text.substr(0, line_size_max));
  for (char& c : blanks) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  std::string line = terminal_text(blanks);
  if (line.size() <= size_max) return line;
  std::size_t kept = size_max;
  while (kept > 0 && (static_cast<unsigned char>(line[kept]) & 0xC0U) == 0x80) --kept;
  line.resize(kept);
  return line;
}

// The part of `text` before the next blank, which is taken off with it.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return word;
}

// Exactly what Instant::to_string writes.
std::optional<Instant> instant_from(std::string_view text) {
  const auto instant = Instant::parse(text);
  // Whatever else it may be, it is no time of ours unless it is written the same way.
  if (!instant || instant->to_string() != text) return std::nullopt;
  return *instant;
}

TradingStateRecord unreadable(const fs::path& file, std::string_view why) {
  return {TradingState::halted, one_line(fmt::format("{} {}", file.string(), why), FileTradingSwitch::reason_size_max),
          "file", std::nullopt};
}

TradingStateRecord parse(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  std::string_view rest = line;
  const auto state = trading_state_named(take_word(rest));
  if (state && *state != TradingState::active) {
    std::string_view words = rest;
    const auto set_at = instant_from(take_word(words));
    const std::string_view by = take_word(words);
    if (set_at && !by.empty()) {
      return {*state, one_line(words, FileTradingSwitch::reason_size_max),
              by == "-" ? std::string() : one_line(by, by_size_max), set_at};
    }
  }
  // By hand: only the word "reducing" lets anything through, however it goes on after it.
  std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) start = text.size();
  std::string_view reason = text.substr(start);
  const std::string_view first = reason.substr(0, reason.find_first_of(" \t\r\n"));
  const bool reducing = first == name_of(TradingState::reducing);
  if (reducing || first == name_of(TradingState::halted)) reason.remove_prefix(first.size());
  start = reason.find_first_not_of(" \t\r\n");
  reason = start == std::string_view::npos ? "" : reason.substr(start);
  reason = reason.substr(0, reason.find_first_of("\r\n"));
  return {reducing ? TradingState::reducing : TradingState::halted,
          one_line(reason, FileTradingSwitch::reason_size_max), "file", std::nullopt};
}

Result<void> sync_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::fsync(opened.number()) != 0) {
    return fail(ErrorCode::unavailable, "{}: the folder cannot be synced ({})", folder.string(), reason_of(errno));
  }
  return {};
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Any descriptor can hold a lock, so one for reading: it also serves those who may not write here.
Descriptor open_lock(const fs::path& file) {
  constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  Descriptor found(::open(file.c_str(), flags));
  if (found || errno != ENOENT) return found;
  std::error_code ignored;  // the next line says whether it worked
  fs::create_directories(folder_of(file), ignored);
  return Descriptor(::open(file.c_str(), flags | O_CREAT, 0644));
}

// flock belongs to the open file: two descriptors of one process exclude each other like two processes.
bool lock(const Descriptor& descriptor, int kind, std::chrono::milliseconds wait_max, Clock& clock) {
  const auto until = clock.monotonic() + wait_max;
  while (::flock(descriptor.number(), kind | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    if (clock.monotonic() >= until) return false;
    clock.wait(std::chrono::milliseconds(1), {});
  }
  return true;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

TradingStateRecord FileTradingSwitch::read() {
  // A name without a file behind it, such as a link that leads nowhere, was put there by somebody who wants to halt.
  // The second look is for a file that came into being between two questions.
  for (int look = 0; look < 2; ++look) {
    const Descriptor opened(::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!opened) {
      const int error = errno;
      struct stat status {};
      if (error != ENOENT) return unreadable(file_, fmt::format("cannot be read ({})", reason_of(error)));
      if (::lstat(file_.c_str(), &status) != 0 && errno == ENOENT) return {};
      continue;
    }
    struct stat status {};
    if (::fstat(opened.number(), &status) != 0 || !S_ISREG(status.st_mode)) {
      return unreadable(file_, "is not a regular file");
    }
    std::array<char, line_size_max> room{};
    std::size_t size = 0;
    while (size < room.size()) {
      const ssize_t got = ::read(opened.number(), room.data() + size, room.size() - size);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(file_, fmt::format("cannot be read ({})", reason_of(errno)));
      if (got == 0) break;
      size += static_cast<std::size_t>(got);
    }
    return parse({room.data(), size});
  }
  return unreadable(file_, "cannot be read (a link that leads nowhere)");
}

TradingSwitch::Pass FileTradingSwitch::pass() {
  auto held = std::make_shared<Descriptor>(open_lock(lock_file()));
  // Where no lock can be made nobody can halt either, except by a file that was there before.
  if (!*held) return {read(), nullptr};
  if (!lock(*held, LOCK_SH, lock_wait_max, clock_)) return {unreadable(lock_file(), "cannot be locked"), nullptr};
  TradingStateRecord record = read();
  return {std::move(record), std::move(held)};
}

Result<void> FileTradingSwitch::set(const TradingStateRecord& record) {
  if (auto done = record.state == TradingState::active ? remove() : write(record); !done) return done;
  if (!is_there(folder_of(file_))) return {};  // nothing was ever halted or sent here
  const Descriptor descriptor = open_lock(lock_file());
  // Who is still holding a pass after this waits for a broker.
  if (descriptor) static_cast<void>(lock(descriptor, LOCK_EX, held_max, clock_));
  return {};
}

Result<void> FileTradingSwitch::write(const TradingStateRecord& record) {
  std::string by = one_line(record.by, by_size_max);
  for (char& c : by) {
    if (c == ' ') c = '_';
  }
  const Instant set_at = record.set_at.value_or(clock_.now());
  const std::string reason = one_line(record.reason, reason_size_max);
  const std::string line = fmt::format("{} {} {}{}{}\n", name_of(record.state), set_at.to_string(),
                                       by.empty() ? "-" : by, reason.empty() ? "" : " ", reason);
  const auto failed = [this](std::string_view what) {
    return fail(ErrorCode::unavailable, "{}: {} ({})", file_.string(), what, reason_of(errno));
  };

  std::error_code why;
  const fs::path folder = folder_of(file_);
  fs::create_directories(folder, why);
  if (why) return fail(ErrorCode::unavailable, "{}: the folder cannot be created ({})", folder.string(), why.message());
  std::string temporary = file_.string() + ".new-XXXXXX";
  const Descriptor opened(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!opened) return failed("the state cannot be written");
  const bool written = ::fchmod(opened.number(), 0644) == 0 && write_all(opened.number(), line);
  // An empty file halts too and needs no space.
  const bool whole = written || (record.state == TradingState::halted && ::ftruncate(opened.number(), 0) == 0);
  if (!whole || ::fsync(opened.number()) != 0 || ::rename(temporary.c_str(), file_.c_str()) != 0) {
    const auto error = failed("the state cannot be written");
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder(folder);
}

Result<void> FileTradingSwitch::remove() {
  if (::unlink(file_.c_str()) != 0 && errno != ENOENT) {
    return fail(ErrorCode::unavailable, "{}: cannot be removed ({})", file_.string(), reason_of(errno));
  }
  // Somebody else's removal may not be on the disk yet. Without a folder there is nothing to be sure of.
  if (!is_there(folder_of(file_))) return {};
  return sync_folder(folder_of(file_));
}

fs::path FileTradingSwitch::lock_file() const { return fs::path(file_).concat(".lock"); }

}  // namespace rebalancer::system
