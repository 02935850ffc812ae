// A TWS for tests, on 127.0.0.1: the real wire over a real socket, with answers that a test replaces one by one.
#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace rebalancer::test {

using TwsFields = std::vector<std::string>;

inline std::string tws_payload(const TwsFields& fields) {
  std::string payload;
  for (const std::string& field : fields) payload += field + '\0';
  return payload;
}

inline std::string tws_frame(std::string_view payload) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(payload.size() >> shift & 0xff);
  return bytes.append(payload);
}

inline TwsFields tws_fields(std::string_view payload) {
  TwsFields fields;
  while (!payload.empty()) {
    const std::size_t end = std::min(payload.find('\0'), payload.size());
    fields.emplace_back(payload.substr(0, end));
    payload.remove_prefix(std::min(end + 1, payload.size()));
  }
  return fields;
}

class TwsServer {
 public:
  class Connection {
   public:
    explicit Connection(int socket) : socket_(socket) {}
    void send_bytes(std::string_view bytes) const {
      while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
    void send(const TwsFields& fields) const { send_bytes(tws_frame(tws_payload(fields))); }
    void hang_up() const { shutdown(socket_, SHUT_RDWR); }

   private:
    int socket_;
  };
  // What is done with a request: its fields, the message's id first.
  using Answer = std::function<void(const Connection&, const TwsFields&)>;

  TwsServer() {
    std::signal(SIGPIPE, SIG_IGN);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 8) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~TwsServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  TwsServer(const TwsServer&) = delete;
  TwsServer& operator=(const TwsServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }
  // By message id; what has no answer is not answered. Set before the plugin asks.
  void on(const std::string& message_id, Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_[message_id] = std::move(answer);
  }
  // The bytes of the first answer.
  void greet_with(std::string bytes) {
    const std::lock_guard lock(mutex_);
    greeting_ = std::move(bytes);
  }
  [[nodiscard]] std::vector<TwsFields> requests(const std::string& message_id) const {
    const std::lock_guard lock(mutex_);
    std::vector<TwsFields> found;
    for (const TwsFields& request : requests_) {
      if (request.front() == message_id) found.push_back(request);
    }
    return found;
  }
  [[nodiscard]] std::string first_bytes() const {
    const std::lock_guard lock(mutex_);
    return first_bytes_;
  }

 private:
  static bool read_exactly(int socket, std::string& into, std::size_t size) {
    into.clear();
    while (into.size() < size) {
      char bytes[4096];
      const ssize_t got = recv(socket, bytes, std::min(sizeof bytes, size - into.size()), 0);
      if (got <= 0) return false;
      into.append(bytes, static_cast<std::size_t>(got));
    }
    return true;
  }
  static bool read_frame(int socket, std::string& payload) {
    std::string length;
    if (!read_exactly(socket, length, 4)) return false;
    std::size_t size = 0;
    for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
    return size < 1'000'000 && read_exactly(socket, payload, size);
  }

  void talk(int socket) {
    std::string opening, payload;
    if (!read_exactly(socket, opening, 4) || !read_frame(socket, payload)) return;
    const Connection connection(socket);
    {
      const std::lock_guard lock(mutex_);
      first_bytes_ = opening + payload;
      connection.send_bytes(greeting_);
    }
    while (read_frame(socket, payload)) {
      const TwsFields fields = tws_fields(payload);
      Answer answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(fields);
        const auto found = answers_.find(fields.front());
        if (found != answers_.end()) answer = found->second;
      }
      if (answer) answer(connection, fields);
    }
  }

  void serve() {
    while (true) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      // A test that fails must end: nobody is waited for longer than this.
      const timeval patience{20, 0};
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      ++connections_;
      talk(socket);
      close(socket);
    }
  }

  mutable std::mutex mutex_;
  std::map<std::string, Answer> answers_;
  std::vector<TwsFields> requests_;
  std::string first_bytes_;
  std::string greeting_ = tws_frame(tws_payload({"178", "20260406 17:00:00 Central European Standard Time"}));
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace rebalancer::test
