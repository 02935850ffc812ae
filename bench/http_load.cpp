// Asks one path over and over and tells how long the answers took.
//   http_load PORT PATH REQUESTS_PER_SECOND SECONDS CONNECTIONS
// Open loop: every request has its moment, and its time counts from that moment, not from when a connection was free
// for it. So a server that stops for a second shows it in every request of that second. One JSON line.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "http_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

long number(const char* text) {
  long value = 0;
  const char* end = text + std::strlen(text);
  if (std::from_chars(text, end, value).ptr != end || value <= 0) die(text);
  return value;
}

int connect_to(long port) {
  const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (handle < 0 || connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return handle;
}

// One answer at a time: the length of its header, and of all of it once that is known.
class Answer {
 public:
  void take(std::string_view bytes) {
    text_ += bytes;
    if (whole_ == 0) {
      const std::size_t end = text_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      whole_ = end + 4 + content_length(std::string_view(text_).substr(0, end));
    }
  }
  [[nodiscard]] bool done() const { return whole_ != 0 && text_.size() >= whole_; }
  [[nodiscard]] bool is_ok() const { return text_.starts_with("HTTP/1.1 200"); }
  [[nodiscard]] std::size_t size() const { return whole_; }
  void clear() {
    text_.clear();
    whole_ = 0;
  }

 private:
  static std::size_t content_length(std::string_view header) {
    constexpr std::string_view name = "content-length:";
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
    auto at = std::search(header.begin(), header.end(), name.begin(), name.end(), same);
    if (at == header.end()) die("an answer without a length");
    std::string_view rest(at + name.size(), header.end());
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    std::size_t value = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), value);
    return value;
  }

  std::string text_;
  std::size_t whole_ = 0;
};

struct Connection {
  int handle = -1;
  Clock::time_point due;  // of the request that is under way
  Answer answer;
};

struct Totals {
  std::vector<std::uint32_t> microseconds;
  std::uint64_t failed = 0;
  std::size_t bytes = 0;
};

class Load {
 public:
  Load(long port, const std::string& path, long connections)
      : text_("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n"),
        poll_(epoll_create1(EPOLL_CLOEXEC)),
        connections_(static_cast<std::size_t>(connections)) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].handle = connect_to(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[i].handle, &event) != 0) die("epoll");
      free_.push_back(i);
    }
  }
  ~Load() {
    for (const Connection& connection : connections_) close(connection.handle);
    close(poll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Turns without sleeping: a timer would be later than the answers it measures.
  Totals run(long per_second, long seconds) {
    const auto began = Clock::now();
    const auto count = static_cast<std::uint64_t>(per_second) * static_cast<std::uint64_t>(seconds);
    totals_.microseconds.reserve(count);
    std::uint64_t asked = 0;
    while (totals_.microseconds.size() + totals_.failed < count) {
      const auto now = Clock::now();
      if (now - began > std::chrono::seconds(3 * seconds + 10)) break;
      for (; asked < count; ++asked) {
        const auto due =
            began + std::chrono::nanoseconds(asked * 1'000'000'000 / static_cast<std::uint64_t>(per_second));
        if (due > now) break;
        waiting_.push_back(due);
      }
      send_waiting();
      receive();
    }
    totals_.failed += count - totals_.microseconds.size() - totals_.failed;
    return std::move(totals_);
  }

 private:
  void send_waiting() {
    while (!waiting_.empty() && !free_.empty()) {
      Connection& connection = connections_[free_.front()];
      free_.pop_front();
      connection.due = waiting_.front();
      waiting_.pop_front();
      if (send(connection.handle, text_.data(), text_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text_.size()))
        die("send");
    }
  }

  void receive() {
    std::array<epoll_event, 64> events;
    const int ready = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < ready; ++i) receive_on(events[static_cast<std::size_t>(i)].data.u64);
  }

  void receive_on(std::size_t index) {
    Connection& connection = connections_[index];
    const ssize_t got = recv(connection.handle, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got == 0) die("the server closed a connection");
    if (got < 0) return;
    connection.answer.take(std::string_view(buffer_.data(), static_cast<std::size_t>(got)));
    if (!connection.answer.done()) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due).count();
    if (connection.answer.is_ok()) {
      totals_.microseconds.push_back(static_cast<std::uint32_t>(took));
    } else {
      ++totals_.failed;
    }
    totals_.bytes = connection.answer.size();
    connection.answer.clear();
    free_.push_back(index);
  }

  std::string text_;
  int poll_;
  std::vector<Connection> connections_;
  std::deque<std::size_t> free_;
  std::deque<Clock::time_point> waiting_;  // moments whose request could not be sent yet
  std::array<char, 65536> buffer_{};
  Totals totals_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fprintf(stderr, "usage: http_load PORT PATH REQUESTS_PER_SECOND SECONDS CONNECTIONS\n");
    return 2;
  }
  const long per_second = number(words[3]);
  const long seconds = number(words[4]);
  Load load(number(words[1]), words[2], number(words[5]));
  Totals totals = load.run(per_second, seconds);
  std::ranges::sort(totals.microseconds);
  const auto milliseconds = [&](std::size_t per_mille) {
    const std::size_t size = totals.microseconds.size();
    return size == 0 ? 0.0 : totals.microseconds[std::min(size - 1, size * per_mille / 1000)] / 1000.0;
  };
  std::printf(
      "{\"rate\":%ld,\"answered\":%zu,\"failed\":%llu,\"bytes\":%zu,\"p50_ms\":%.3f,\"p90_ms\":%.3f,\"p99_ms\":%.3f,"
      "\"p999_ms\":%.3f,\"max_ms\":%.3f}\n",
      per_second, totals.microseconds.size(), static_cast<unsigned long long>(totals.failed), totals.bytes,
      milliseconds(500), milliseconds(900), milliseconds(990), milliseconds(999), milliseconds(1000));
  return totals.failed == 0 ? 0 : 1;
}
