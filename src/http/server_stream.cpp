#include "http/server_stream.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace rebalancer::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using TlsStream = asio::ssl::stream<tcp::socket>;

// How long a listener waits when accepting fails: descriptors have run out, and some will be closed.
constexpr std::chrono::milliseconds accept_pause{100};

class Identity final : public TlsIdentity {
 public:
  asio::ssl::context context{asio::ssl::context::tls_server};
};

tcp::socket& socket_of(tcp::socket& stream) { return stream; }
tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

// One for both: over tcp::socket, and over TLS on it.
template <class Layer>
class StreamOver final : public Stream {
 public:
  // `identity` must live as long as what is made of it.
  StreamOver(Layer layer, std::shared_ptr<TlsIdentity> identity)
      : identity_(std::move(identity)), layer_(std::move(layer)) {}

  [[nodiscard]] bool needs_handshake() const override { return encrypted; }

  void shake_hands(std::shared_ptr<StreamUser> user) override {
    if constexpr (encrypted) {
      StreamUser& hears = *user;
      layer_.async_handshake(Layer::server,
                             [&hears, user = std::move(user)](error_code error) { hears.on_handshake(!error); });
    }
  }

  void read(std::span<char> room, std::shared_ptr<StreamUser> user) override {
    read_from(layer_, room, std::move(user));
  }

  void write(std::string_view head, std::string_view body, std::shared_ptr<StreamUser> user) override {
    const std::array<asio::const_buffer, 2> both{asio::buffer(head.data(), head.size()),
                                                 asio::buffer(body.data(), body.size())};
    StreamUser& hears = *user;
    asio::async_write(layer_, both,
                      [&hears, user = std::move(user)](error_code error, std::size_t) { hears.on_written(!error); });
  }

  void shut_down(std::shared_ptr<StreamUser> user) override {
    StreamUser& hears = *user;
    if constexpr (encrypted) {
      layer_.async_shutdown([this, &hears, user = std::move(user)](error_code) {
        end_sending();
        hears.on_shut_down();
      });
    } else {
      end_sending();
      asio::post(layer_.get_executor(), [&hears, user = std::move(user)] { hears.on_shut_down(); });
    }
  }

  void read_rest(std::span<char> room, std::shared_ptr<StreamUser> user) override {
    read_from(socket_of(layer_), room, std::move(user));
  }

  void cancel() override {
    error_code ignored;
    socket_of(layer_).cancel(ignored);
  }

  void close() override {
    error_code ignored;
    socket_of(layer_).close(ignored);
  }

 private:
  static constexpr bool encrypted = std::is_same_v<Layer, TlsStream>;

  template <class From>
  void read_from(From& from, std::span<char> room, std::shared_ptr<StreamUser> user) {
    StreamUser& hears = *user;
    from.async_read_some(
        asio::buffer(room.data(), room.size()),
        [&hears, user = std::move(user)](error_code error, std::size_t bytes) { hears.on_read(error ? 0 : bytes); });
  }

  void end_sending() {
    error_code ignored;
    socket_of(layer_).shutdown(tcp::socket::shutdown_send, ignored);
  }

  std::shared_ptr<TlsIdentity> identity_;
  Layer layer_;
};

std::unique_ptr<Stream> make_stream(tcp::socket socket, const std::shared_ptr<TlsIdentity>& identity) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (!identity) return std::make_unique<StreamOver<tcp::socket>>(std::move(socket), nullptr);
  auto& context = static_cast<Identity&>(*identity).context;
  return std::make_unique<StreamOver<TlsStream>>(TlsStream(std::move(socket), context), identity);
}

class TcpListener final : public Listener {
 public:
  TcpListener(EventLoop& loop, std::shared_ptr<TlsIdentity> identity)
      : shared_(std::make_shared<Shared>(loop, std::move(identity))) {}
  ~TcpListener() override {
    error_code ignored;
    shared_->acceptor.close(ignored);
  }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  error_code open(const tcp::endpoint& endpoint) {
    tcp::acceptor& acceptor = shared_->acceptor;
    error_code error;
    if (acceptor.open(endpoint.protocol(), error)) return error;
    if (acceptor.set_option(tcp::acceptor::reuse_address(true), error)) return error;
    if (acceptor.bind(endpoint, error)) return error;
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  [[nodiscard]] int port() const override {
    error_code ignored;
    return shared_->acceptor.local_endpoint(ignored).port();
  }

  void start(OnAccept on_accept) override {
    shared_->on_accept = std::move(on_accept);
    accept(shared_);
  }

 private:
  // Outlives the listener while an accept, or the pause after one that failed, is under way.
  struct Shared {
    Shared(EventLoop& the_loop, std::shared_ptr<TlsIdentity> the_identity)
        : loop(the_loop), identity(std::move(the_identity)), acceptor(the_loop.context()) {}
    EventLoop& loop;
    std::shared_ptr<TlsIdentity> identity;
    tcp::acceptor acceptor;
    OnAccept on_accept;
  };

  static void accept(std::shared_ptr<Shared> shared) {
    tcp::acceptor& acceptor = shared->acceptor;
    if (!acceptor.is_open()) return;
    acceptor.async_accept([shared = std::move(shared)](error_code error, tcp::socket socket) mutable {
      if (!shared->acceptor.is_open()) return;
      if (!error) {
        shared->on_accept(make_stream(std::move(socket), shared->identity));
      } else if (error != asio::error::connection_aborted) {
        EventLoop& loop = shared->loop;
        loop.after(accept_pause, [shared = std::move(shared)] { accept(shared); });
        return;
      }
      accept(std::move(shared));
    });
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace

Result<std::shared_ptr<TlsIdentity>> load_tls_identity(const TlsFiles& files) {
  auto identity = std::make_shared<Identity>();
  asio::ssl::context& context = identity->context;
  using Context = asio::ssl::context;
  context.set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                      Context::no_tlsv1_1 | Context::no_compression | Context::single_dh_use);
  error_code error;
  if (context.use_certificate_chain_file(files.certificate, error)) {
    return fail(ErrorCode::invalid, "certificate {} cannot be loaded: {}", files.certificate, error.message());
  }
  // Without a question for a passphrase: nobody sits there.
  context.set_password_callback([](std::size_t, Context::password_purpose) { return std::string(); }, error);
  if (context.use_private_key_file(files.key, Context::pem, error)) {
    return fail(ErrorCode::invalid, "key {} cannot be loaded, or is not of certificate {}: {}", files.key,
                files.certificate, error.message());
  }
  return std::shared_ptr<TlsIdentity>(std::move(identity));
}

Result<std::unique_ptr<Listener>> open_listener(EventLoop& loop, const std::string& bind, int port,
                                                std::shared_ptr<TlsIdentity> identity) {
  error_code error;
  const auto address = asio::ip::make_address(bind, error);
  if (error) return fail(ErrorCode::invalid, "bind is {}, must be an address such as 127.0.0.1 or ::1", bind);
  auto listener = std::make_unique<TcpListener>(loop, std::move(identity));
  error = listener->open(tcp::endpoint(address, static_cast<std::uint16_t>(port)));
  if (error) {
    const bool six = address.is_v6();
    return fail(ErrorCode::unavailable, "cannot listen on {}{}{}:{}: {}", six ? "[" : "", bind, six ? "]" : "", port,
                error.message());
  }
  return std::unique_ptr<Listener>(std::move(listener));
}

}  // namespace rebalancer::http
