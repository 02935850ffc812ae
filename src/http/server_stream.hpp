// Connections and listeners: bytes over TCP or TLS, in callbacks on the loop. Asio is behind it.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "http/server.hpp"
#include "runtime/event_loop.hpp"

namespace rebalancer::http {

// Who holds a stream and hears how its operations ended. Kept alive by those that have not. Each is called on the loop,
// never from within the call that began the operation.
class StreamUser {
 public:
  virtual ~StreamUser() = default;
  virtual void on_handshake(bool good) = 0;
  virtual void on_read(std::size_t bytes) = 0;  // 0: the client has closed, or the connection failed, or cancel()
  virtual void on_written(bool good) = 0;
  virtual void on_shut_down() = 0;
};

// One connection. At most one read and one write at a time.
class Stream {
 public:
  virtual ~Stream() = default;
  [[nodiscard]] virtual bool needs_handshake() const = 0;
  virtual void shake_hands(std::shared_ptr<StreamUser> user) = 0;
  virtual void read(std::span<char> room, std::shared_ptr<StreamUser> user) = 0;
  // Both, one after the other, whole. They stay where they are until on_written().
  virtual void write(std::string_view head, std::string_view body, std::shared_ptr<StreamUser> user) = 0;
  // Says that nothing more will come from us.
  virtual void shut_down(std::shared_ptr<StreamUser> user) = 0;
  // What the client still sends, after shut_down(): to be thrown away.
  virtual void read_rest(std::span<char> room, std::shared_ptr<StreamUser> user) = 0;
  // Ends what is under way; the connection stays.
  virtual void cancel() = 0;
  virtual void close() = 0;
};

// A certificate and its key, loaded.
class TlsIdentity {
 public:
  virtual ~TlsIdentity() = default;
};
// TLS 1.2 and up. Errors: invalid, naming the file.
[[nodiscard]] Result<std::shared_ptr<TlsIdentity>> load_tls_identity(const TlsFiles& files);

class Listener {
 public:
  using OnAccept = std::function<void(std::unique_ptr<Stream>)>;
  virtual ~Listener() = default;  // closes it
  [[nodiscard]] virtual int port() const = 0;
  // Takes connections from now on. When the system has no descriptor left it waits a little and tries again.
  virtual void start(OnAccept on_accept) = 0;
};
// `identity` null: plain. Errors: invalid for what is no address; unavailable, naming address and port.
[[nodiscard]] Result<std::unique_ptr<Listener>> open_listener(EventLoop& loop, const std::string& bind, int port,
                                                              std::shared_ptr<TlsIdentity> identity);

}  // namespace rebalancer::http
