#include "laboratory/socket_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace rebalancer::laboratory {
namespace {

constexpr int for_ever = -1;
constexpr std::size_t read_bytes = 16 * 1024;

// True when `socket` has something to say; false when it is time to end, or the patience is over.
bool wait_for(int socket, int stop, short events, int patience_ms, bool& stopped) {
  std::array<pollfd, 2> watched{{{stop, POLLIN, 0}, {socket, events, 0}}};
  int ready = 0;
  do {
    ready = poll(watched.data(), socket < 0 ? 1 : 2, patience_ms);
  } while (ready < 0 && errno == EINTR);
  stopped = watched[0].revents != 0;
  return !stopped && watched[1].revents != 0;
}

}  // namespace

bool Connection::read_some(std::string& text) const { return read_some(text, std::chrono::milliseconds(for_ever)); }

bool Connection::read_some(std::string& text, std::chrono::milliseconds patience) const {
  bool stopped = false;
  if (!wait_for(socket_, stop_, POLLIN, static_cast<int>(patience.count()), stopped)) return !stopped;
  std::array<char, read_bytes> buffer{};
  const ssize_t got = recv(socket_, buffer.data(), buffer.size(), 0);
  if (got <= 0) return got < 0 && errno == EINTR;
  text.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

bool Connection::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    bool stopped = false;
    if (errno != EAGAIN || !wait_for(socket_, stop_, POLLOUT, for_ever, stopped)) return false;
  }
  return true;
}

bool Connection::pause(std::chrono::milliseconds duration) const {
  bool stopped = false;
  wait_for(-1, stop_, 0, static_cast<int>(duration.count()), stopped);
  return !stopped;
}

void Connection::wait_for_close() const {
  std::string ignored;
  while (read_some(ignored)) ignored.clear();
}

void Connection::shut() const { shutdown(socket_, SHUT_RDWR); }

Result<std::unique_ptr<SocketServer>> SocketServer::listen(std::uint16_t port, Serve serve) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int stop = eventfd(0, EFD_CLOEXEC);
  const int one = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener < 0 || stop < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
      bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const int why = errno;
    if (listener >= 0) close(listener);
    if (stop >= 0) close(stop);
    return fail(ErrorCode::unavailable, "port {} of 127.0.0.1 cannot be listened on: {}", port, std::strerror(why));
  }
  return std::unique_ptr<SocketServer>(new SocketServer(listener, stop, ntohs(address.sin_port), std::move(serve)));
}

SocketServer::SocketServer(int listener, int stop, std::uint16_t port, Serve serve)
    : listener_(listener), stop_(stop), port_(port), serve_(std::move(serve)) {
  acceptor_ = std::thread([this] { accept_connections(); });
}

SocketServer::~SocketServer() {
  const std::uint64_t ending = 1;
  // An eventfd takes eight bytes at once or the kernel is broken.
  [[maybe_unused]] const ssize_t written = ::write(stop_, &ending, sizeof ending);
  acceptor_.join();
  for (Served& served : served_) served.thread.join();
  close(listener_);
  close(stop_);
}

void SocketServer::accept_connections() {
  while (true) {
    bool stopped = false;
    if (!wait_for(listener_, stop_, POLLIN, for_ever, stopped)) {
      if (stopped) return;
      continue;
    }
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    forget_done();
    const std::lock_guard lock(mutex_);
    Served& served = served_.emplace_back();
    served.socket = socket;
    served.thread = std::thread([this, &served] { serve_one(served); });
  }
}

void SocketServer::serve_one(Served& served) {
  serve_(Connection(served.socket, stop_));
  const std::lock_guard lock(mutex_);
  close(std::exchange(served.socket, -1));
  served.done = true;
}

void SocketServer::forget_done() {
  const std::lock_guard lock(mutex_);
  std::erase_if(served_, [](Served& served) {
    if (served.done) served.thread.join();
    return served.done.load();
  });
}

void SocketServer::drop_connections() {
  const std::lock_guard lock(mutex_);
  for (const Served& served : served_) {
    if (served.socket >= 0) shutdown(served.socket, SHUT_RDWR);
  }
}

}  // namespace rebalancer::laboratory
