// The same server over TLS, and over IPv6.
#include "http/server_stream.hpp"

#include <cstdio>
#include <memory>

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "http/malformed_corpus.hpp"
#include "http/server_scene.hpp"
#include "support/certificates.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace std::chrono_literals;
using test::Certificate;
using test::get;
using test::RawClient;
using test::ServerScene;

namespace {

void write_key(const Certificate& certificate, const std::filesystem::path& file) {
  const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new_file(file.c_str(), "w"), BIO_free);
  REQUIRE(PEM_write_bio_PrivateKey(out.get(), certificate.key(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

struct House {
  House() {
    certificate.write(folder.file("server.crt"));
    write_key(certificate, folder.file("server.pem"));
  }
  [[nodiscard]] http::ServerSettings settings() const {
    http::ServerSettings settings;
    settings.tls = http::TlsFiles{folder.file("server.crt"), folder.file("server.pem")};
    return settings;
  }
  Certificate certificate{{.names = "DNS:localhost,IP:127.0.0.1"}};
  test::TemporaryDirectory folder;
};

const House& house() {
  static const House house;
  return house;
}

// Blocks; the raw client under it gives up after 20 seconds.
class TlsClient {
 public:
  explicit TlsClient(int port, int version = TLS1_3_VERSION)
      : raw_(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), tls_(nullptr, SSL_free) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    if (version < TLS1_2_VERSION) SSL_CTX_set_cipher_list(context_.get(), "DEFAULT@SECLEVEL=0");
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), house().certificate.certificate());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), raw_.socket());
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  void send(std::string_view bytes) { SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())); }
  test::RawAnswer ask(std::string_view bytes) {
    send(bytes);
    for (;;) {
      if (auto answer = test::take_answer(text_)) return *std::move(answer);
      if (receive() <= 0) throw std::runtime_error("no whole answer: " + text_);
    }
  }
  // Everything up to the end, and whether that was said as TLS says it.
  std::pair<std::string, bool> rest() {
    int size = 0;
    while ((size = receive()) > 0) {
    }
    return {std::exchange(text_, {}), SSL_get_error(tls_.get(), size) == SSL_ERROR_ZERO_RETURN};
  }

 private:
  int receive() {
    char bytes[16 * 1024];
    const int size = SSL_read(tls_.get(), bytes, sizeof bytes);
    if (size > 0) text_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }
  RawClient raw_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  bool connected_ = false;
  std::string text_;
};

}  // namespace

TEST_CASE("over TLS: requests, pipelines, large answers and the end") {
  ServerScene scene(house().settings());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(scene.port(), version);
    REQUIRE(client.connected());
    CHECK(client.ask(get("/hello")).body == "GET /hello ");
    std::string all;
    for (int i = 0; i < 50; ++i) all += get("/" + std::to_string(i));
    CHECK(client.ask(all).body == "GET /0 ");
    for (int i = 1; i < 50; ++i) CHECK(client.ask("").body == "GET /" + std::to_string(i) + " ");
    CHECK(client.ask(get("/big")).body.size() == 8 << 20);
    client.send("GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const auto [text, said] = client.rest();
    CHECK(text.ends_with("GET /last "));
    CHECK(said);
  }
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 0; }));
}

TEST_CASE("TLS before 1.2 and clients without TLS are not talked to") {
  ServerScene scene(house().settings());
  CHECK(!TlsClient(scene.port(), TLS1_1_VERSION).connected());
  RawClient plain(scene.port());
  plain.send(get("/"));
  const auto all = plain.rest();
  REQUIRE(all);
  CHECK(all->find("HTTP/1.1") == std::string::npos);
  CHECK(scene.dispatched().empty());
}

TEST_CASE("a handshake that is not finished in time is cut off") {
  ServerScene scene(house().settings());
  RawClient silent(scene.port());
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 1; }));
  scene.advance(5s);
  CHECK(silent.closed());
  TlsClient client(scene.port());
  CHECK(client.ask(get("/")).status == 200);
}

TEST_CASE("over TLS, too, a slow header is told so and malformed requests get one answer") {
  ServerScene scene(house().settings());
  TlsClient slow(scene.port());
  slow.send("GET / HTTP/1.1\r\n");
  CHECK(scene.becomes_true([&] {
    scene.advance(10ms);
    return scene.counts().requests_at_work == 1 || !scene.exchanges().empty();
  }));
  auto [late, said] = slow.rest();
  CHECK(test::take_answer(late)->status == 408);
  CHECK(late.empty());
  CHECK(said);
  for (const auto& [name, bytes, status] : test::malformed_corpus()) {
    CAPTURE(name);
    TlsClient client(scene.port());
    client.send(bytes + get("/smuggled"));
    auto [text, ended] = client.rest();
    const auto answer = test::take_answer(text);
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(text.empty());
  }
  CHECK(scene.dispatched().empty());
}

TEST_CASE("TLS files that do not load are named") {
  EventLoop loop;
  const std::string certificate = house().folder.file("server.crt");
  const std::string key = house().folder.file("server.pem");
  CHECK(http::load_tls_identity({certificate, key}));
  for (const auto& [files, named] : {std::pair(http::TlsFiles{"/nowhere.crt", key}, std::string("/nowhere.crt")),
                                     {http::TlsFiles{certificate, "/nowhere.pem"}, "/nowhere.pem"},
                                     {http::TlsFiles{key, key}, key},
                                     {http::TlsFiles{certificate, certificate}, certificate}}) {
    const auto loaded = http::load_tls_identity(files);
    REQUIRE(!loaded);
    CHECK(loaded.error().code == ErrorCode::invalid);
    CHECK(loaded.error().message.find(named) != std::string::npos);
  }
  const Certificate other{{.names = "DNS:localhost"}};
  write_key(other, house().folder.file("other.pem"));
  CHECK(!http::load_tls_identity({certificate, house().folder.file("other.pem")}));
}

TEST_CASE("over IPv6 it answers to its address in brackets") {
  http::ServerSettings settings;
  settings.bind = "::1";
  std::unique_ptr<ServerScene> scene;
  try {
    scene = std::make_unique<ServerScene>(settings);
  } catch (const std::runtime_error& error) {
    MESSAGE("SKIPPED: no IPv6 here: " << error.what());
    return;
  }
  const int socket = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(scene->port()));
  address.sin6_addr = in6addr_loopback;
  REQUIRE(connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const std::string request = "GET / HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0);
  std::string text;
  char bytes[4096];
  for (ssize_t size = 0; (size = recv(socket, bytes, sizeof bytes, 0)) > 0;)
    text.append(bytes, static_cast<std::size_t>(size));
  ::close(socket);
  CHECK(text.starts_with("HTTP/1.1 200 "));
}
