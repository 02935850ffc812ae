#include "adapters/plugin_host/probe.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/plugin_host/plugin_text.hpp"
#include "adapters/plugin_host/probe_protocol.hpp"

namespace rebalancer {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

struct Pipe {
  Descriptor out, in;  // read end, write end
};

Pipe make_pipe() {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return {Descriptor(), Descriptor()};
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

struct SpawnActions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnActions() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
};

// One child and what it has said so far. The destructor leaves no process behind.
class Child {
 public:
  // Errors: the system's number, 0 when it runs.
  int start(const std::string& prober, std::span<const std::string> files) {
    Pipe report = make_pipe();
    timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    if (report.in.number() < 0 || timer_.number() < 0) return errno;
    SpawnActions actions;
    posix_spawn_file_actions_addopen(&actions.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions.files, report.in.number(), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions.files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Sockets and journals of ours are none of a plugin's business.
    posix_spawn_file_actions_addclosefrom_np(&actions.files, STDERR_FILENO + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&actions.attributes, &none);
    posix_spawnattr_setsigdefault(&actions.attributes, &all);
    posix_spawnattr_setpgroup(&actions.attributes, 0);
    posix_spawnattr_setflags(&actions.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::vector<std::string> words = {prober, "plugins", "probe"};
    words.insert(words.end(), files.begin(), files.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error =
        ::posix_spawn(&process_, prober.c_str(), &actions.files, &actions.attributes, arguments.data(), environ);
    if (error != 0) process_ = -1;
    report_ = std::move(report.out);
    return error;
  }
  ~Child() {
    if (process_ > 0) end();
  }

  enum class Heard { line, end, nothing, flood };
  // The next line, or the end of the report, or neither within `limit`.
  Heard listen(std::chrono::milliseconds limit, std::string& line) {
    arm(limit);
    for (;;) {
      if (const auto newline = buffer_.find('\n'); newline != std::string::npos) {
        line = buffer_.substr(0, newline);
        buffer_.erase(0, newline + 1);
        return Heard::line;
      }
      if (buffer_.size() > probe_line_size_max) return Heard::flood;
      std::array<pollfd, 2> waiting = {{{report_.number(), POLLIN, 0}, {timer_.number(), POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return Heard::nothing;
      }
      if (waiting[0].revents != 0) {
        std::array<char, 4096> bytes;
        const ssize_t count = ::read(report_.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return Heard::end;
        buffer_.append(bytes.data(), static_cast<std::size_t>(count));
      } else if (waiting[1].revents != 0) {
        return Heard::nothing;
      }
    }
  }

  // Ends it if it still runs, with whatever it started. Returns waitpid's status.
  int end() {
    ::kill(-process_, SIGKILL);
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return status;
  }

  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  void arm(std::chrono::milliseconds limit) {
    const auto milliseconds = std::max<std::chrono::milliseconds::rep>(limit.count(), 1);
    itimerspec when{};
    when.it_value.tv_sec = static_cast<time_t>(milliseconds / 1000);
    when.it_value.tv_nsec = static_cast<long>(milliseconds % 1000) * 1'000'000;
    ::timerfd_settime(timer_.number(), 0, &when, nullptr);
  }

  pid_t process_ = -1;
  Descriptor report_, timer_;
  std::string buffer_;
};

std::string seconds_text(std::chrono::milliseconds limit) {
  return fmt::format("{} s", static_cast<double>(limit.count()) / 1000.0);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {} while loading", WTERMSIG(status));
  return fmt::format("exited with code {} while loading", WEXITSTATUS(status));
}

// Refusals for the files this child got to; the last one may be why it is no more. Empty: the child itself would not
// start, and `trouble` says why.
std::vector<std::string> probe_some(std::span<const std::string> files, const std::string& prober,
                                    std::chrono::milliseconds limit, std::string& trouble) {
  Child child;
  if (const int error = child.start(prober, files); error != 0) {
    trouble = fmt::format("{} would not start: {}", prober, std::strerror(error));
    return {};
  }
  std::string line;
  if (child.listen(limit, line) != Child::Heard::line || line != probe_greeting) {
    trouble = fmt::format("{} does not know how to probe", prober);
    return {};
  }
  std::vector<std::string> refusals;
  while (refusals.size() < files.size()) {
    switch (child.listen(limit, line)) {
      case Child::Heard::line:
        refusals.push_back(line.starts_with('+') ? "" : printable({line.data() + 1, line.size() - 1}, 1000));
        break;
      case Child::Heard::end:
        refusals.push_back(how_it_ended(child.end()));
        return refusals;
      case Child::Heard::nothing:
        child.end();
        refusals.push_back("did not finish loading within " + seconds_text(limit));
        return refusals;
      case Child::Heard::flood:
        child.end();
        refusals.emplace_back("wrote too much while loading");
        return refusals;
    }
  }
  return refusals;
}

}  // namespace

std::vector<std::string> probe_in_child(std::span<const std::string> files, const std::filesystem::path& prober,
                                        std::chrono::milliseconds limit_per_file) {
  std::vector<std::string> refusals;
  while (refusals.size() < files.size()) {
    std::string trouble;
    const auto some = probe_some(files.subspan(refusals.size()), prober.string(), limit_per_file, trouble);
    if (some.empty()) {
      refusals.resize(files.size(), "could not be probed: " + trouble);
      break;
    }
    refusals.insert(refusals.end(), some.begin(), some.end());
  }
  return refusals;
}

}  // namespace rebalancer
