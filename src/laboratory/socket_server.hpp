// Connections on 127.0.0.1, a thread for each, and their end: what the simulators' wires have in common.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/error.hpp"

namespace rebalancer::laboratory {

// One accepted connection. Used by the thread that serves it; `write` also by others.
class Connection {
 public:
  Connection(int socket, int stop) : socket_(socket), stop_(stop) {}

  // Appends what has come to `text`. False: the other side has closed, or the server ends.
  [[nodiscard]] bool read_some(std::string& text) const;
  // As read_some, but gives up waiting after `patience`; true with nothing appended then.
  [[nodiscard]] bool read_some(std::string& text, std::chrono::milliseconds patience) const;
  // False: the other side has gone.
  bool write(std::string_view bytes) const;
  // False: the server ends.
  [[nodiscard]] bool pause(std::chrono::milliseconds duration) const;
  // Until the other side closes or the server ends.
  void wait_for_close() const;
  void shut() const;

 private:
  int socket_;
  int stop_;
};

class SocketServer {
 public:
  using Serve = std::function<void(const Connection&)>;

  // Port 0: any that is free. Errors: unavailable when the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<SocketServer>> listen(std::uint16_t port, Serve serve);
  // Ends every connection and waits for the threads.
  ~SocketServer();
  SocketServer(const SocketServer&) = delete;
  SocketServer& operator=(const SocketServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void drop_connections();

 private:
  struct Served {
    int socket = -1;
    std::atomic<bool> done = false;
    std::thread thread;
  };

  SocketServer(int listener, int stop, std::uint16_t port, Serve serve);
  void accept_connections();
  void serve_one(Served& served);
  void forget_done();

  int listener_;
  int stop_;  // an eventfd; readable for ever once it is time to end
  std::uint16_t port_;
  Serve serve_;
  std::mutex mutex_;
  std::list<Served> served_;
  std::thread acceptor_;
};

}  // namespace rebalancer::laboratory
