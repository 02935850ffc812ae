// A server on 127.0.0.1, port 0, that sends exactly the bytes a test wants, in TLS or in plain.
#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <openssl/ssl.h>

#include "support/certificates.hpp"

namespace rebalancer::test {

class ByteServer {
 public:
  // One accepted connection, handshake done.
  class Connection {
   public:
    Connection(int socket, SSL* tls) : socket_(socket), tls_(tls) {}
    void write(std::string_view bytes) const {
      while (!bytes.empty()) {
        const auto size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 16));
        const auto sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), size)
                                          : send(socket_, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (sent <= 0) return;  // the client has gone
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
    }
    // Up to the blank line, and the body that Content-Length announces.
    [[nodiscard]] std::string read_request() const {
      std::string text;
      std::size_t wanted = std::string::npos;
      while (text.size() < wanted) {
        char byte = 0;
        if (read(&byte) <= 0) break;
        text += byte;
        if (wanted == std::string::npos && text.ends_with("\r\n\r\n")) {
          const auto at = text.find("Content-Length: ");
          wanted = text.size() + (at == std::string::npos ? 0 : std::stoul(text.substr(at + 16)));
        }
      }
      return text;
    }
    // Blocks until the client closes.
    void wait_for_close() const {
      char byte = 0;
      while (read(&byte) > 0) {
      }
    }
    void close_tls() const {
      if (tls_ != nullptr) SSL_shutdown(tls_);
    }

   private:
    [[nodiscard]] int read(char* byte) const {
      return tls_ != nullptr ? SSL_read(tls_, byte, 1) : static_cast<int>(recv(socket_, byte, 1, 0));
    }
    int socket_;
    SSL* tls_;
  };
  using Handler = std::function<void(const Connection&)>;

  // `identity` null: plain. Connections are served one after the other.
  explicit ByteServer(Handler handler, const Certificate* identity = nullptr, int version_max = TLS1_3_VERSION)
      : handler_(std::move(handler)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to a client that has gone
    if (identity != nullptr) {
      context_.reset(SSL_CTX_new(TLS_server_method()));
      SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_.get(), version_max);
      if (version_max < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context_.get(), "DEFAULT@SECLEVEL=0");
      SSL_CTX_use_certificate(context_.get(), identity->certificate());
      SSL_CTX_use_PrivateKey(context_.get(), identity->key());
    }
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
  ~ByteServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  ByteServer(const ByteServer&) = delete;
  ByteServer& operator=(const ByteServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return (context_ ? "https://" : "http://") + host + ":" + std::to_string(port_) + "/";
  }
  // Connections whose handshake succeeded.
  [[nodiscard]] int served() const { return served_; }
  // The name the client asked for in the last handshake; empty: none.
  [[nodiscard]] std::string server_name() const {
    const std::lock_guard lock(mutex_);
    return server_name_;
  }

 private:
  void serve() {
    while (true) {
      const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      // A test that fails must end: nobody is waited for longer than this.
      const timeval patience{20, 0};
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
      const std::unique_ptr<SSL, void (*)(SSL*)> tls(context_ ? SSL_new(context_.get()) : nullptr, SSL_free);
      if (tls) SSL_set_fd(tls.get(), socket);
      if (!tls || SSL_accept(tls.get()) == 1) {
        ++served_;
        const char* name = tls ? SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
        {
          const std::lock_guard lock(mutex_);
          server_name_ = name == nullptr ? "" : name;
        }
        handler_(Connection(socket, tls.get()));
      }
      close(socket);
    }
  }

  Handler handler_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> served_ = 0;
  mutable std::mutex mutex_;
  std::string server_name_;
  std::thread thread_;
};

}  // namespace rebalancer::test
