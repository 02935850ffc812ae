// A real server on 127.0.0.1, port 0, its loop on a thread of its own and its time in our hands; and a client that
// sends exactly the bytes a test wants.
#pragma once
#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "http/problem.hpp"
#include "http/server.hpp"
#include "support/fake_clock.hpp"

namespace rebalancer::test {

struct SeenExchange {
  std::string surface, method, route;
  int status = 0;
};

class ServerScene {
 public:
  using Dispatch = std::function<void(http::Request, http::Reply)>;

  // Without `dispatch`: see answer_plainly.
  explicit ServerScene(http::ServerSettings settings = {}, Dispatch dispatch = {}) : dispatch_(std::move(dispatch)) {
    settings.limits.tick = std::chrono::milliseconds(5);
    http::Surface surface;
    surface.name = "scene";
    surface.needs_token = [](std::string_view, std::string_view path) { return path != "/health"; };
    surface.dispatch = [this](http::Request request, http::Reply reply) {
      dispatch_ ? dispatch_(std::move(request), std::move(reply)) : answer_plainly(request, std::move(reply));
    };
    server_ = std::make_unique<http::Server>(loop, clock, std::move(settings), std::vector{std::move(surface)},
                                             [this](const http::Exchange& exchange) { note(exchange); });
    const auto ports = server_->listen();
    if (!ports) throw std::runtime_error(ports.error().message);
    port_ = ports->front();
    thread_ = std::thread([this] { loop.run(); });
  }
  ~ServerScene() {
    on_loop([this] {
      held_.clear();
      server_.reset();
    });
    loop.stop();
    thread_.join();
  }
  ServerScene(const ServerScene&) = delete;
  ServerScene& operator=(const ServerScene&) = delete;

  // Runs there and waits until it has run.
  template <class Work>
  auto on_loop(Work work) -> decltype(work()) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    loop.post([&task] { task(); });
    return result.get();
  }
  void advance(std::chrono::milliseconds duration) {
    on_loop([this, duration] { clock.advance(duration); });
  }
  [[nodiscard]] http::ServerCounts counts() {
    return on_loop([this] { return server_->counts(); });
  }
  // Asks until it holds: what a server does has no other moment to wait for. False after ten thousand times.
  template <class Holds>
  [[nodiscard]] bool becomes_true(Holds holds) {
    for (int i = 0; i < 10'000; ++i) {
      if (holds()) return true;
      on_loop([] {});
      std::this_thread::yield();
    }
    return false;
  }
  [[nodiscard]] std::vector<SeenExchange> exchanges() const {
    const std::lock_guard lock(mutex_);
    return exchanges_;
  }
  [[nodiscard]] std::vector<std::string> dispatched() const {
    const std::lock_guard lock(mutex_);
    return dispatched_;
  }
  // Answers those that asked for /hold.
  void release() {
    on_loop([this] {
      for (const auto& reply : std::exchange(held_, {})) reply.send(http::json_response(200, "\"held\""), "/hold");
    });
  }
  [[nodiscard]] std::size_t held() {
    return on_loop([this] { return held_.size(); });
  }
  [[nodiscard]] http::Server& server() { return *server_; }
  [[nodiscard]] int port() const { return port_; }

  EventLoop loop;
  FakeClock clock{Instant::from_seconds(784'111'777)};  // touched on the loop only

 private:
  void note(const http::Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    exchanges_.push_back(
        {std::string(exchange.surface), std::string(exchange.method), std::string(exchange.route), exchange.status});
  }
  // "GET /path body", or what the path asks for.
  void answer_plainly(const http::Request& request, http::Reply reply) {
    {
      const std::lock_guard lock(mutex_);
      dispatched_.push_back(request.method + " " + request.path);
    }
    if (request.path == "/hold") return held_.push_back(std::move(reply));
    if (request.path == "/drop") return;
    if (request.path == "/throw") throw std::runtime_error("thrown by a surface");
    http::Response response = http::json_response(200, request.method + " " + request.path + " " + request.body);
    if (request.path == "/big") response = http::json_response(200, std::string(8 << 20, 'b'));
    if (request.path == "/nothing") response.status = 204;
    if (request.path == "/same") response.status = 304;
    if (request.path == "/kept") response.headers.emplace_back("cache-control", "max-age=60");
    if (request.path == "/split") response.headers.emplace_back("X-Bad", "a\r\nX-Injected: yes");
    if (request.path != "/twice") return reply.send(std::move(response), request.path);
    reply.send(response, request.path);
    reply.send(std::move(response), request.path);
  }

  Dispatch dispatch_;
  std::unique_ptr<http::Server> server_;
  std::vector<http::Reply> held_;
  mutable std::mutex mutex_;
  std::vector<SeenExchange> exchanges_;
  std::vector<std::string> dispatched_;
  int port_ = 0;
  std::thread thread_;
};

struct RawAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Cuts one answer off the front; none when it is not whole. Without a body: 1xx, 204, 304, and what `head_only` says.
inline std::optional<RawAnswer> take_answer(std::string& text, bool head_only = false) {
  const std::size_t header_end = text.find("\r\n\r\n");
  if (header_end == std::string::npos) return std::nullopt;
  if (!text.starts_with("HTTP/1.1 ")) throw std::runtime_error("no answer: " + text.substr(0, 200));
  RawAnswer answer;
  answer.status = std::stoi(text.substr(9, 3));
  std::size_t at = text.find("\r\n") + 2;
  while (at < header_end) {
    const std::size_t end = text.find("\r\n", at);
    const std::string line = text.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!answer.headers.emplace(name, line.substr(colon + 2)).second) throw std::runtime_error("twice: " + name);
    at = end + 2;
  }
  const bool bodiless = head_only || answer.status < 200 || answer.status == 204 || answer.status == 304;
  const std::size_t size = bodiless ? 0 : std::stoul(answer.headers.at("content-length"));
  if (text.size() < header_end + 4 + size) return std::nullopt;
  answer.body = text.substr(header_end + 4, size);
  text.erase(0, header_end + 4 + size);
  return answer;
}

class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // A test that fails must end: nothing is waited for longer than this.
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the server has gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  [[nodiscard]] RawAnswer answer(bool head_only = false) {
    for (;;) {
      if (auto whole = take_answer(text_, head_only)) return *std::move(whole);
      if (receive() <= 0) throw std::runtime_error("no whole answer: " + text_.substr(0, 200));
    }
  }
  [[nodiscard]] RawAnswer ask(std::string_view bytes) {
    send(bytes);
    return answer();
  }
  // Everything up to the end of the connection; none when it does not end.
  [[nodiscard]] std::optional<std::string> rest() {
    for (;;) {
      const auto size = receive();
      if (size == 0) return std::exchange(text_, {});
      if (size < 0 && errno == ECONNRESET) return std::exchange(text_, {});
      if (size < 0) return std::nullopt;
    }
  }
  [[nodiscard]] bool closed() { return rest() == ""; }
  void end_sending() const { shutdown(socket_, SHUT_WR); }
  [[nodiscard]] int socket() const { return socket_; }

 private:
  ssize_t receive() {
    char bytes[16 * 1024];
    const auto size = recv(socket_, bytes, sizeof bytes, 0);
    if (size > 0) text_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }

  int socket_;
  std::string text_;
};

inline std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace rebalancer::test
