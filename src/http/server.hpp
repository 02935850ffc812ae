// Listeners and sessions: bytes in, requests out; answers in, bytes out. What is behind it lies in server_*.cpp.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "http/message.hpp"
#include "http/request_check.hpp"
#include "runtime/event_loop.hpp"

namespace rebalancer::http {

struct ServerLimits {
  std::size_t header_bytes_max = 8 * 1024;
  std::size_t body_bytes_max = 64 * 1024;
  std::size_t connections_max = 256;  // of all surfaces; beyond it one that waits for a request is closed
  // Deadlines are looked at every `tick`: none is shorter than told, each may be longer by as much.
  std::chrono::milliseconds idle{5'000};    // until a request's header is complete, from the last answer on
  std::chrono::milliseconds body{10'000};   // until its body is complete
  std::chrono::milliseconds write{10'000};  // until the client has taken the answer
  std::chrono::milliseconds linger{1'000};  // for the client to close, after the last answer
  std::chrono::milliseconds tick{250};
  std::size_t requests_per_connection_max = 1'000'000;
};

struct TlsFiles {
  std::string certificate;  // PEM, with its chain
  std::string key;          // PEM
};

// What happened to one request, for metrics and the log.
struct Exchange {
  std::string_view surface;
  std::string_view method;  // "GET"; "OTHER" for unusual ones
  std::string_view route;   // the template, "/orders/{id}"; "none" when nothing matched or the request was refused
  int status = 0;
  std::chrono::nanoseconds duration{};
};

// Called once, from any thread; what comes after the first is dropped. `route` is told to the observer. When the last
// copy goes uncalled, the request is answered with 500.
struct Reply {
  std::function<void(Response, std::string_view route)> send;
};
struct Surface {
  std::string name;  // "fetcher"
  int port = 0;      // 0: any free one
  // Whether a request with this method and target must carry the token.
  std::function<bool(std::string_view method, std::string_view path)> needs_token;
  std::function<void(Request, Reply)> dispatch;  // called on the loop
};

struct ServerSettings {
  std::string bind = "127.0.0.1";
  std::vector<std::string> hosts;  // names we answer to beside loopback's and `bind`
  std::string token;               // empty: none is asked for
  std::optional<TlsFiles> tls;
  ServerLimits limits;
};

struct ServerCounts {
  std::size_t connections = 0;
  std::size_t requests_at_work = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_evicted = 0;
};

class Server {
 public:
  using Observer = std::function<void(const Exchange&)>;

  // Loop and clock outlive it; the observer is called on the loop. Deadlines and durations go by the clock's monotonic
  // time, Date by its time of day.
  Server(EventLoop& loop, Clock& clock, ServerSettings settings, std::vector<Surface> surfaces, Observer observer);
  // On the loop, or when it no longer runs. Closes everything at once; replies that come later are dropped.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens everywhere, or nowhere; before the loop runs, or on it. Errors: unavailable, naming address and
  // port; invalid for TLS files that do not load and for a `bind` that is no address. Returns the ports, in the order
  // of the surfaces.
  [[nodiscard]] Result<std::vector<int>> listen();
  // Takes no new connections, closes those that wait for a request, lets those at work be answered (with Connection:
  // close). On the loop; `done` is called there when the last one has gone, or after `limit`, when the rest is cut off.
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  [[nodiscard]] ServerCounts counts() const;  // on the loop

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace rebalancer::http
