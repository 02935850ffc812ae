// Speaks to a port of this machine in exactly the bytes a test wants, and hears exactly what comes.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace rebalancer::test {

class SocketClient {
 public:
  explicit SocketClient(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
    wait_at_most(10'000);
  }
  ~SocketClient() { close(socket_); }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  void wait_at_most(long milliseconds) const {
    const timeval patience{milliseconds / 1'000, milliseconds % 1'000 * 1'000};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void write(std::string_view bytes) const {
    if (send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("cannot send");
    }
  }
  // The next bytes; empty: closed, or nothing came in time.
  [[nodiscard]] std::string read_some() const {
    std::string bytes(1 << 16, '\0');
    const ssize_t got = recv(socket_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  // All until the other side closes.
  [[nodiscard]] std::string read_all() const {
    std::string text;
    for (std::string part = read_some(); !part.empty(); part = read_some()) text += part;
    return text;
  }
  // One answer of HTTP with its length, or what came of it.
  [[nodiscard]] std::string read_answer() {
    while (true) {
      const std::size_t end = buffer_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::size_t at = buffer_.find("Content-Length: ");
        const std::size_t size = end + 4 + (at < end ? std::stoul(buffer_.substr(at + 16)) : 0);
        if (buffer_.size() >= size) {
          std::string answer = buffer_.substr(0, size);
          buffer_.erase(0, size);
          return answer;
        }
      }
      const std::string more = read_some();
      if (more.empty()) return std::exchange(buffer_, "");
      buffer_ += more;
    }
  }

 private:
  int socket_;
  std::string buffer_;
};

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string head = {};
  std::string body = {};
};

// One request on a connection of its own. `headers` end with their line ends.
inline HttpAnswer ask(std::uint16_t port, std::string_view method, std::string_view target, std::string_view headers,
                      std::string_view body = "") {
  SocketClient client(port);
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  text += std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  client.write(text);
  const std::string answer = client.read_answer();
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  return {std::stoi(answer.substr(9, 3)), answer.substr(0, end + 2), answer.substr(end + 4)};
}

}  // namespace rebalancer::test
