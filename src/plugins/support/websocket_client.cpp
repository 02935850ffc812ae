#include "plugins/support/websocket_client.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <fmt/format.h>

#include "runtime/resolve.hpp"
#include "runtime/tls_client.hpp"

namespace rebalancer::plugin_support {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using TlsSocket = asio::ssl::stream<tcp::socket>;

// What ends an attempt.
struct Ended {
  std::string why;
};

struct Address {
  bool tls = true;
  std::string host;  // an IPv6 address without brackets
  bool host_is_address = false;
  std::uint16_t port = 0;
  std::string authority;  // for the Host header
  std::string target;
};

Address address_of(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "wss" && url->scheme() != "ws")) throw Ended{"its address is no wss:// or ws:// one"};
  if (url->has_userinfo() || url->host_address().empty()) throw Ended{"its address names no host, or a user too"};
  Address address;
  address.tls = url->scheme() == "wss";
  address.host = url->host_address();
  address.host_is_address = url->host_type() != boost::urls::host_type::name;
  address.port = address.tls ? 443 : 80;
  if (url->has_port()) {
    const std::string_view port = url->port();
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) throw Ended{"its address has no usable port"};
  }
  address.authority = std::string(url->encoded_host_and_port());
  address.target = std::string(url->encoded_target());
  if (address.target.empty()) address.target = "/";
  return address;
}

// One connection, from the name's resolution to its end. Every step is started and run to its end in `step`, while the
// deadline, the beat and the wish to stop are looked after by the same loop; so the code reads from top to bottom.
class Attempt {
 public:
  Attempt(const WebSocketSettings& settings, const WebSocketEvents& events, std::stop_token stop)
      : settings_(settings), events_(events), stop_(std::move(stop)) {}

  // Throws Ended, always: for why it ended.
  [[noreturn]] void run() {
    const std::stop_callback stopping(stop_, [this] { asio::post(context_, [this] { close(); }); });
    const Address address = address_of(settings_.url);
    deadline_.expires_after(settings_.connect_time_max);
    deadline_.async_wait([this](error_code cancelled) {
      if (cancelled) return;
      late_ = true;
      close();
    });
    if (!address.tls) {
      websocket::stream<tcp::socket> socket(context_);
      socket_ = &socket.next_layer();
      connect(address);
      converse(socket, address);
    }
    asio::ssl::context tls(asio::ssl::context::tls_client);
    if (const auto trusts = demand_trust(tls, settings_.extra_authorities); !trusts) {
      throw Ended{trusts.error().message};
    }
    websocket::stream<TlsSocket> socket(context_, tls);
    socket_ = &socket.next_layer().next_layer();
    connect(address);
    TlsSocket& secured = socket.next_layer();
    if (!demand_host(secured.native_handle(), address.host, address.host_is_address)) {
      throw Ended{"its name cannot be verified"};
    }
    const error_code error =
        step([&](auto handler) { secured.async_handshake(asio::ssl::stream_base::client, std::move(handler)); });
    if (const std::string why = why_not_trusted(secured.native_handle()); !over() && !why.empty()) throw Ended{why};
    demand(error, "TLS");
    converse(socket, address);
  }

  [[nodiscard]] bool ended_by_answer() const { return ended_by_answer_; }
  // It was more than an open door that closes at once.
  [[nodiscard]] bool lived() const { return lived_; }

 private:
  // Ends any operation on the socket.
  void close() {
    error_code ignored;
    if (socket_ != nullptr) socket_->close(ignored);
  }
  [[nodiscard]] bool over() const { return late_ || silent_ || stop_.stop_requested(); }

  // `start` gets the completion handler; `look` is called whenever something has happened meanwhile.
  template <class Start, class Look>
  error_code step(Start start, Look look) {
    context_.restart();
    context_.poll();  // the deadline may have passed outside of a step
    if (over()) return asio::error::operation_aborted;
    std::optional<error_code> done;
    start([&done](error_code error, auto&&...) { done = error; });
    while (!done) {
      context_.restart();
      context_.run_one();
      look();
    }
    return over() ? error_code(asio::error::operation_aborted) : *done;
  }
  template <class Start>
  error_code step(Start start) {
    return step(std::move(start), [] {});
  }

  void demand(const error_code& error, std::string_view what) const {
    if (!error) return;
    if (stop_.stop_requested()) throw Ended{"stopped"};
    if (late_) throw Ended{fmt::format("no connection within {} ms", settings_.connect_time_max.count())};
    if (silent_) throw Ended{fmt::format("nothing was heard for {} ms", settings_.ping_interval.count())};
    throw Ended{fmt::format("{}: {}", what, error.message())};
  }

  void connect(const Address& address) {
    std::vector<std::string> addresses{address.host};
    if (!address.host_is_address) {
      auto resolved = resolve(address.host, settings_.connect_time_max, stop_);
      if (!resolved) throw Ended{resolved.error().why};
      addresses = *std::move(resolved);
    }
    std::string why = "its name has no usable address";
    for (const std::string& text : addresses) {
      error_code error;
      const tcp::endpoint endpoint(asio::ip::make_address(text, error), address.port);
      if (error) continue;
      if (!address.tls && !endpoint.address().is_loopback()) {
        throw Ended{"its name does not lead to this machine, and ws is for this machine only"};
      }
      close();
      error = step([&](auto handler) { socket_->async_connect(endpoint, std::move(handler)); });
      if (!error) return;
      if (over()) demand(error, "");
      why = error.message();
    }
    throw Ended{why};
  }

  template <class Stream>
  [[noreturn]] void converse(websocket::stream<Stream>& socket, const Address& address) {
    socket.read_message_max(settings_.message_bytes_max);
    socket.control_callback([this](auto&&...) { heard_ = true; });
    websocket::response_type response;
    const error_code refused = step(
        [&](auto handler) { socket.async_handshake(response, address.authority, address.target, std::move(handler)); });
    if (refused == websocket::error::upgrade_declined) {
      throw Ended{fmt::format("the server answers {}", response.result_int())};
    }
    demand(refused, "the server does not agree to the protocol");
    deadline_.cancel();
    beat_later(socket);
    say(socket, events_.opened());
    while (true) {
      beast::flat_buffer buffer;
      // Once there is nothing more to be heard, nobody waits until the other side has closed too.
      const auto leave = [&] {
        if (!socket.is_open()) close();
      };
      const error_code ended = step([&](auto handler) { socket.async_read(buffer, std::move(handler)); }, leave);
      if (!over() && ended == asio::error::operation_aborted) {
        throw Ended{"the other side closed it, or sent what it must not"};
      }
      demand(ended, "the connection ended");
      heard_ = true;
      const auto bytes = buffer.cdata();
      const WebSocketEvents::Answer answer =
          events_.message(std::string_view(static_cast<const char*>(bytes.data()), bytes.size()));
      ended_by_answer_ = answer.end;
      if (answer.end) throw Ended{"it is not wanted any more"};
      say(socket, answer.send);
    }
  }

  template <class Stream>
  void say(websocket::stream<Stream>& socket, const std::string& text) {
    if (text.empty()) return;
    demand(step([&](auto handler) { socket.async_write(asio::buffer(text), std::move(handler)); }),
           "the connection ended");
  }

  template <class Stream>
  void beat_later(websocket::stream<Stream>& socket) {
    beat_.expires_after(settings_.ping_interval);
    beat_.async_wait([this, &socket](error_code cancelled) {
      if (cancelled) return;
      if (!heard_ && pinged_) {
        silent_ = true;
        return close();
      }
      if (heard_) events_.beat();
      heard_ = false;
      lived_ = true;
      // A ping that cannot leave is not answered either.
      if (!pinging_) socket.async_ping({}, [this](error_code) { pinging_ = false; });
      pinging_ = true;
      pinged_ = true;
      beat_later(socket);
    });
  }

  const WebSocketSettings& settings_;
  const WebSocketEvents& events_;
  std::stop_token stop_;
  bool late_ = false;    // the time to connect has passed
  bool silent_ = false;  // a ping had no answer
  bool heard_ = false;   // since the last beat
  bool pinged_ = false;  // an answer is due
  bool pinging_ = false;
  bool lived_ = false;
  bool ended_by_answer_ = false;
  asio::io_context context_{1};
  asio::steady_timer deadline_{context_};
  asio::steady_timer beat_{context_};
  tcp::socket* socket_ = nullptr;
};

// The program's own thread takes the signals.
void take_no_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

WebSocketClient::WebSocketClient(WebSocketSettings settings, WebSocketEvents events)
    : settings_(std::move(settings)),
      events_(std::move(events)),
      thread_([this](const std::stop_token& stop) { keep_open(stop); }) {}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::keep_open(const std::stop_token& stop) {
  take_no_signals();
  auto pause = settings_.pause_first;
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    std::string why;
    bool ended = false;
    try {
      Attempt attempt(settings_, events_, stop);
      try {
        attempt.run();
      } catch (const Ended& end) {
        why = end.why;
      }
      ended = attempt.ended_by_answer();
      if (attempt.lived()) pause = settings_.pause_first;
    } catch (const std::exception& exception) {
      why = exception.what();  // the system has no more sockets, or the like
    }
    if (stop.stop_requested()) return;
    events_.lost(why);
    if (ended) return;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, pause, [] { return false; });
    pause = std::min(pause * 2, settings_.pause_max);
  }
}

}  // namespace rebalancer::plugin_support
