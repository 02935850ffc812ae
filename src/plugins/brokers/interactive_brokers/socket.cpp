#include "socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

// How long somebody who wants to stop may have to wait.
constexpr int slice_ms = 50;
constexpr std::size_t piece = 64 * 1024;

}  // namespace

Timer::Timer(std::chrono::nanoseconds time, Kind kind) {
  fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  // A timer set to 0 would never run out.
  const auto nanoseconds = std::max<std::int64_t>(time.count(), 1);
  constexpr std::int64_t second = 1'000'000'000;
  itimerspec when{};
  when.it_value = {static_cast<time_t>(nanoseconds / second), static_cast<long>(nanoseconds % second)};
  if (kind == Kind::periodic) when.it_interval = when.it_value;
  if (fd_ < 0 || timerfd_settime(fd_, 0, &when, nullptr) != 0) {
    const std::string why = std::strerror(errno);
    if (fd_ >= 0) ::close(fd_);
    throw ConnectionError("the system gives no timer: " + why);
  }
}

Timer::~Timer() { ::close(fd_); }

std::uint64_t Timer::expirations() {
  std::uint64_t count = 0;
  if (::read(fd_, &count, sizeof count) != sizeof count) return 0;
  return count;
}

bool Timer::expired() {
  expired_ = expired_ || expirations() > 0;
  return expired_;
}

Socket::Ready Socket::wait(int descriptor, short events, Timer& deadline, const Stopped& stopped) {
  while (true) {
    if (stopped && stopped()) return Ready::stopped;
    std::array<pollfd, 2> watched{pollfd{descriptor, events, 0}, pollfd{deadline.descriptor(), POLLIN, 0}};
    const int count = ::poll(watched.data(), watched.size(), deadline.expired() ? 0 : slice_ms);
    if (count < 0 && errno != EINTR) throw ConnectionError(fmt::format("waiting fails: {}", std::strerror(errno)));
    if (count > 0 && watched[0].revents != 0) return Ready::yes;
    if (deadline.expired()) return Ready::expired;
  }
}

void Socket::connect(const std::string& host, int port, Timer& deadline, const Stopped& stopped) {
  close();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failed != 0) throw ConnectionError(fmt::format("{} has no address: {}", host, gai_strerror(failed)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(list, freeaddrinfo);
  std::string why = "it has no address";
  for (const addrinfo* address = list; address != nullptr; address = address->ai_next) {
    fd_ = ::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (fd_ < 0) {
      why = std::strerror(errno);
      continue;
    }
    const int at_once = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    int error = ::connect(fd_, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      const Ready ready = wait(fd_, POLLOUT, deadline, stopped);
      socklen_t size = sizeof error;
      if (ready != Ready::yes) {
        error = ETIMEDOUT;
      } else if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
      }
    }
    if (error == 0) return;
    why = std::strerror(error);
    close();
  }
  throw ConnectionError(fmt::format("cannot connect to {}:{}: {}", host, port, why));
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::size_t Socket::send(std::string_view bytes, Timer& deadline, const Stopped& stopped) {
  std::size_t sent = 0;
  while (fd_ >= 0 && sent < bytes.size()) {
    const ssize_t count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (wait(fd_, POLLOUT, deadline, stopped) != Ready::yes) break;
    } else if (count == 0 || errno != EINTR) {
      break;
    }
  }
  return sent;
}

Socket::Received Socket::receive(std::string& into, Timer& deadline, const Stopped& stopped) {
  while (fd_ >= 0) {
    std::array<char, piece> bytes;
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (count > 0) {
      into.append(bytes.data(), static_cast<std::size_t>(count));
      return Received::bytes;
    }
    if (count == 0) return Received::closed;
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Received::closed;
    if (wait(fd_, POLLIN, deadline, stopped) != Ready::yes) return Received::nothing;
  }
  return Received::closed;
}

}  // namespace interactive_brokers
