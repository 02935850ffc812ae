// A TCP connection that never waits longer than it is told to, and the timers that tell it: the kernel counts the time,
// so that a clock that jumps changes nothing.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace interactive_brokers {

// The connection cannot be made, or broke.
class ConnectionError : public std::exception {
 public:
  explicit ConnectionError(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

// Counts down from the moment it is made, once or again and again.
class Timer {
 public:
  enum class Kind { once, periodic };
  // `time` 0 has run out at once. Throws ConnectionError when the system gives no timer.
  explicit Timer(std::chrono::nanoseconds time, Kind kind = Kind::once);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool expired();
  // How often a periodic one has run out since this was last asked.
  [[nodiscard]] std::uint64_t expirations();
  [[nodiscard]] int descriptor() const { return fd_; }

 private:
  int fd_ = -1;
  bool expired_ = false;
};

class Socket {
 public:
  using Stopped = std::function<bool()>;  // asked now and then while waiting

  Socket() = default;
  ~Socket() { close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Throws ConnectionError.
  void connect(const std::string& host, int port, Timer& deadline, const Stopped& stopped);
  void close();
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

  // How many bytes left: all, or fewer when the connection broke or the time ran out in between.
  [[nodiscard]] std::size_t send(std::string_view bytes, Timer& deadline, const Stopped& stopped);

  enum class Received { bytes, nothing, closed };
  // Appends what has come. `nothing`: the time ran out, or somebody wants to stop; `closed`: the other side is gone.
  [[nodiscard]] Received receive(std::string& into, Timer& deadline, const Stopped& stopped);

  enum class Ready { yes, expired, stopped };
  // Until `descriptor` is ready.
  static Ready wait(int descriptor, short events, Timer& deadline, const Stopped& stopped);

 private:
  int fd_ = -1;
};

}  // namespace interactive_brokers
