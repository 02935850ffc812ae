// Real sockets on this machine: what is accepted, and everything that must not be.
#include "adapters/https/tls_transport.hpp"

#include <array>

#include <doctest/doctest.h>

#include "support/byte_server.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using test::ByteServer;
using test::Certificate;

namespace {

using Outcome = tl::expected<HttpResponse, TransportFailure>;

const std::string names = "DNS:localhost,IP:127.0.0.1";

// An authority that the client trusts, and a client that trusts it.
struct House {
  Certificate authority{{.subject = "house authority", .authority = true}};
  Certificate good{{.names = names, .issuer = &authority}};
  test::TemporaryDirectory folder;
  std::unique_ptr<Transport> transport = make();

  std::unique_ptr<Transport> make(std::uint64_t body_bytes_max = 1 << 20) const {
    authority.write(folder.file("authority.pem"));
    auto made = make_tls_transport({folder.file("authority.pem"), body_bytes_max});
    REQUIRE(made);
    return *std::move(made);
  }
};

House& house() {
  static House house;
  return house;
}

Outcome ask(const std::string& url, HttpRequest request = {}, std::stop_token stop = {},
            Transport& transport = *house().transport) {
  request.url = url;
  const auto parsed = parse_http_url(url);
  REQUIRE(parsed);
  return transport.exchange(request, *parsed, stop);
}

HttpRequest request_of(std::string method, std::string body = "") {
  HttpRequest request;
  request.method = std::move(method);
  request.body = std::move(body);
  return request;
}

HttpRequest within(int timeout_ms) {
  HttpRequest request;
  request.timeout_ms = timeout_ms;
  return request;
}

// Nobody, for a server in plain; and the good one.
std::array<const Certificate*, 2> identities() { return {nullptr, &house().good}; }

ByteServer::Handler answering(std::string bytes) {
  return [bytes = std::move(bytes)](const ByteServer::Connection& connection) {
    (void)connection.read_request();
    connection.write(bytes);
    connection.close_tls();
  };
}

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

// The sentence with which a server of that certificate is refused.
std::string refusal(const Certificate& identity, int version_max = TLS1_3_VERSION, const char* host = "127.0.0.1") {
  ByteServer server(answering(ok), &identity, version_max);
  const Outcome outcome = ask(server.url(host));
  if (outcome) return "accepted";
  CHECK(outcome.error().error.code == ErrorCode::unavailable);
  CHECK_FALSE(outcome.error().transient);
  return outcome.error().error.message;
}

// The same failure for a broken answer over TLS and in plain.
TransportFailure broken(const std::string& bytes) {
  std::vector<TransportFailure> failures;
  for (const Certificate* identity : identities()) {
    ByteServer server(answering(bytes), identity);
    const Outcome outcome = ask(server.url());
    REQUIRE_MESSAGE(!outcome, bytes);
    failures.push_back(outcome.error());
  }
  CHECK(failures[0].error == failures[1].error);
  return failures[0];
}

}  // namespace

TEST_CASE("a server with a certificate of a trusted authority is answered, by address and by name") {
  std::string seen;
  ByteServer server(
      [&](const ByteServer::Connection& connection) {
        seen = connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nX-Seen: " + std::to_string(seen.size()) +
                         "\r\nContent-Length: 2\r\n\r\nhi");
        connection.close_tls();
      },
      &house().good);
  HttpRequest request;
  request.headers.emplace_back("X-Mine", "1");
  const Outcome outcome = ask(server.url() + "a%20b?c=d", request);
  REQUIRE_MESSAGE(outcome, (outcome ? "" : outcome.error().error.message));
  CHECK(outcome->status == 200);
  CHECK(outcome->body == "hi");
  const std::string expected = fmt::format(
      "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nX-Mine: 1\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
      "Connection: close\r\n\r\n",
      server.port());
  REQUIRE(outcome->headers.size() == 2);
  CHECK(outcome->headers[0] == std::pair<std::string, std::string>("X-Seen", std::to_string(expected.size())));
  CHECK(server.server_name().empty());  // an address is no name

  REQUIRE(ask(server.url("localhost")));
  CHECK(server.server_name() == "localhost");
  CHECK(server.served() == 2);
}

TEST_CASE("TLS 1.2 is enough, TLS 1.1 is not") {
  CHECK(refusal(house().good, TLS1_2_VERSION) == "accepted");
  const std::string old = refusal(house().good, TLS1_1_VERSION);
  CHECK(old.starts_with("cannot reach 127.0.0.1: TLS: "));
}

TEST_CASE("certificates that prove nothing are refused, and the message says why") {
  const House& home = house();
  CHECK(refusal(home.good) == "accepted");
  CHECK(refusal(Certificate({.names = names})) ==
        "cannot reach 127.0.0.1: its certificate is not accepted: self-signed certificate");
  CHECK(refusal(Certificate({.names = names, .issuer = &home.authority, .starts_s = -7200, .ends_s = -3600})) ==
        "cannot reach 127.0.0.1: its certificate is not accepted: certificate has expired");
  CHECK(refusal(Certificate({.names = names, .issuer = &home.authority, .starts_s = 3600, .ends_s = 7200})) ==
        "cannot reach 127.0.0.1: its certificate is not accepted: certificate is not yet valid");
  CHECK(refusal(Certificate({.names = "DNS:example.com", .issuer = &home.authority}), TLS1_3_VERSION, "localhost") ==
        "cannot reach localhost: its certificate is not accepted: hostname mismatch");
  CHECK(refusal(Certificate({.names = "DNS:localhost", .issuer = &home.authority})) ==
        "cannot reach 127.0.0.1: its certificate is not accepted: IP address mismatch");
  CHECK(refusal(Certificate({.names = "DNS:l*t", .issuer = &home.authority}), TLS1_3_VERSION, "localhost") ==
        "cannot reach localhost: its certificate is not accepted: hostname mismatch");

  const Certificate stranger({.subject = "house authority", .authority = true});  // the name alone is no proof
  CHECK(refusal(Certificate({.names = names, .issuer = &stranger}))
            .starts_with("cannot reach 127.0.0.1: its certificate is not accepted: "));
  const Certificate no_authority({.subject = "no authority", .names = names, .issuer = &home.authority});
  CHECK(refusal(Certificate({.names = names, .issuer = &no_authority}))
            .starts_with("cannot reach 127.0.0.1: its certificate is not accepted: "));
}

TEST_CASE("without the extra authority the house's own servers are refused too") {
  auto strict = make_tls_transport({});
  REQUIRE(strict);
  ByteServer server(answering(ok), &house().good);
  const Outcome outcome = ask(server.url(), {}, {}, **strict);
  REQUIRE(!outcome);
  CHECK(outcome.error().error.message ==
        "cannot reach 127.0.0.1: its certificate is not accepted: unable to get local issuer certificate");
  CHECK(server.served() == 0);
}

TEST_CASE("a file of authorities that cannot be read is said at the start") {
  const test::TemporaryDirectory folder;
  CHECK(make_tls_transport({folder.file("absent.pem")}).error().code == ErrorCode::invalid);
  CHECK(make_tls_transport({folder.write("text.pem", "no certificate")}).error().code == ErrorCode::invalid);
}

TEST_CASE("a redirect is an answer, it is not followed") {
  ByteServer plain(answering(ok));
  ByteServer server(answering("HTTP/1.1 302 Found\r\nLocation: " + plain.url() + "\r\nContent-Length: 0\r\n\r\n"),
                    &house().good);
  const Outcome outcome = ask(server.url());
  REQUIRE(outcome);
  CHECK(outcome->status == 302);
  CHECK(server.served() == 1);
  CHECK(plain.served() == 0);
}

TEST_CASE("a server that speaks plain where TLS is expected is refused") {
  ByteServer server([](const ByteServer::Connection& connection) { connection.write(ok); });
  const Outcome outcome = ask(fmt::format("https://127.0.0.1:{}/", server.port()));
  REQUIRE(!outcome);
  CHECK(outcome.error().error.code == ErrorCode::unavailable);
}

TEST_CASE("nobody listens: the connection is refused, and that may change") {
  int port = 0;
  {
    ByteServer gone(answering(ok));
    port = gone.port();
  }
  const Outcome outcome = ask(fmt::format("http://127.0.0.1:{}/", port));
  REQUIRE(!outcome);
  CHECK(outcome.error().error == Error{ErrorCode::unavailable, "cannot reach 127.0.0.1: Connection refused"});
  CHECK(outcome.error().transient);
}

TEST_CASE("a name that does not exist cannot be reached") {
  const std::string host = std::string(64, 'x') + ".invalid";  // too long to be asked for: no packet leaves
  const Outcome outcome = ask("https://" + host + "/", within(5'000));
  REQUIRE(!outcome);
  CHECK(outcome.error().error.code == ErrorCode::unavailable);
  CHECK(outcome.error().error.message.starts_with("cannot reach " + host + ": "));
}

TEST_CASE("bodies by length, in chunks and to the end of the connection are whole") {
  for (const Certificate* identity : identities()) {
    const auto body = [&](std::string bytes) {
      ByteServer server(answering(std::move(bytes)), identity);
      const Outcome outcome = ask(server.url());
      return outcome ? outcome->body : "failed: " + outcome.error().error.message;
    };
    CHECK(body(ok) == "hi");
    CHECK(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n") ==
          "abcde");
    CHECK(body("HTTP/1.1 200 OK\r\n\r\nto the end") == "to the end");
    CHECK(body("HTTP/1.0 200 OK\r\n\r\nold") == "old");
    CHECK(body("HTTP/1.1 204 No Content\r\n\r\n").empty());
    const std::string large(900'000, 'x');
    CHECK(body(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", large.size(), large)) == large);
  }
}

TEST_CASE("interim answers are passed over") {
  ByteServer server(answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok));
  const Outcome outcome = ask(server.url());
  REQUIRE(outcome);
  CHECK(outcome->status == 200);
  CHECK(outcome->body == "hi");
}

TEST_CASE("an answer to HEAD has no body, whatever its length says") {
  ByteServer server(answering("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"), &house().good);
  const Outcome outcome = ask(server.url(), request_of("HEAD"));
  REQUIRE(outcome);
  CHECK(outcome->status == 200);
  CHECK(outcome->body.empty());
}

TEST_CASE("a POST carries its body and its length") {
  ByteServer server([](const ByteServer::Connection& connection) {
    const std::string request = connection.read_request();
    const std::string echo = request.substr(request.find("\r\n\r\n") + 4);
    connection.write(fmt::format("HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{}", echo.size(), echo));
  });
  const Outcome outcome = ask(server.url(), request_of("POST", R"({"a":1})"));
  REQUIRE(outcome);
  CHECK(outcome->status == 201);
  CHECK(outcome->body == R"({"a":1})");
}

TEST_CASE("a cut answer is no answer: the request may have been carried out") {
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    CAPTURE(bytes);
    const TransportFailure failure = broken(bytes);
    CHECK(failure.error ==
          Error{ErrorCode::timeout, "no usable answer from 127.0.0.1: the connection was closed before its end"});
    CHECK(failure.transient);
  }
}

TEST_CASE("over TLS a body that ends with the connection must be ended by its sender") {
  ByteServer server(
      [](const ByteServer::Connection& connection) {
        (void)connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\n\r\npay 100 to A");  // and the line is cut: no close_notify
      },
      &house().good);
  const Outcome outcome = ask(server.url());
  REQUIRE(!outcome);
  CHECK(outcome.error().error.code == ErrorCode::timeout);
}

TEST_CASE("what is not HTTP, or could be read in two ways, is refused") {
  for (const char* bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/9 banana\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nhi"}) {
    CAPTURE(bytes);
    const TransportFailure failure = broken(bytes);
    CHECK(failure.error.code == ErrorCode::timeout);
    CHECK(failure.error.message.starts_with("no usable answer from 127.0.0.1: it is not HTTP ("));
    CHECK_FALSE(failure.transient);
  }
  struct Case {
    const char* bytes;
    const char* why;
  };
  for (const auto& [bytes, why] :
       {Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhi", "its transfer encoding is not chunked"},
        Case{"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "its transfer encoding is not chunked"},
        Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             "its transfer encoding is not chunked"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "it says twice how long it is"},
        Case{"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", "its length is not a number"},
        Case{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "it changes the protocol unasked"}}) {
    CAPTURE(bytes);
    CHECK(broken(bytes).error.message == fmt::format("no usable answer from 127.0.0.1: {}", why));
  }
}

TEST_CASE("an answer larger than the limit is exhausted, not truncated") {
  const auto small = house().make(1000);
  const auto code = [&](std::string bytes) {
    ByteServer server(answering(std::move(bytes)));
    const Outcome outcome = ask(server.url(), {}, {}, *small);
    return outcome ? "accepted"
                   : std::string(name_of(outcome.error().error.code)) + ": " + outcome.error().error.message;
  };
  const std::string fits(1000, 'x');
  const std::string large(1001, 'x');
  const std::string refused = "exhausted: answer of 127.0.0.1 is larger than 1000 bytes";
  CHECK(code("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + fits) == "accepted");
  CHECK(code("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + large) == refused);
  CHECK(code("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + large + "\r\n0\r\n\r\n") == refused);
  CHECK(code("HTTP/1.1 200 OK\r\n\r\n" + large) == refused);
  CHECK(code("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n") ==
        "exhausted: header of the answer of 127.0.0.1 is larger than 65536 bytes");
}

TEST_CASE("a server that is too slow runs into the deadline, wherever it is slow") {
  const auto silent = [](const ByteServer::Connection& connection) { connection.wait_for_close(); };
  const auto starts = [](const ByteServer::Connection& connection) {
    (void)connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    connection.wait_for_close();
  };
  for (const Certificate* identity : identities()) {
    for (const ByteServer::Handler& handler : {ByteServer::Handler(silent), ByteServer::Handler(starts)}) {
      ByteServer server(handler, identity);
      const Outcome outcome = ask(server.url(), within(150));
      REQUIRE(!outcome);
      CHECK(outcome.error().error == Error{ErrorCode::timeout, "no answer from 127.0.0.1 within 150 ms"});
      CHECK(outcome.error().transient);
    }
  }
  // Silent from the start: nothing was sent yet.
  ByteServer server(silent);
  const Outcome outcome = ask(fmt::format("https://127.0.0.1:{}/", server.port()), within(150));
  REQUIRE(!outcome);
  CHECK(outcome.error().error == Error{ErrorCode::unavailable, "cannot reach 127.0.0.1: no connection within 150 ms"});
}

TEST_CASE("a stop ends a read that would last") {
  std::stop_source stop;
  ByteServer server(
      [&](const ByteServer::Connection& connection) {
        (void)connection.read_request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        stop.request_stop();
        connection.wait_for_close();
      },
      &house().good);
  const Outcome outcome = ask(server.url(), within(15'000), stop.get_token());
  REQUIRE(!outcome);
  CHECK(outcome.error().error == Error{ErrorCode::timeout, "stopped waiting for 127.0.0.1"});
  CHECK_FALSE(outcome.error().transient);

  const Outcome before = ask(server.url(), {}, stop.get_token());
  REQUIRE(!before);
  CHECK(before.error().error == Error{ErrorCode::unavailable, "cannot reach 127.0.0.1: stopped"});
  CHECK(server.served() == 1);
}

TEST_CASE("one transport serves several threads at once") {
  ByteServer first(answering(ok), &house().good);
  ByteServer second(answering(ok), &house().good);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (const ByteServer* server : {&first, &second}) {
    threads.emplace_back([server, &good] {
      const auto url = parse_http_url(server->url());
      for (int i = 0; i < 10; ++i) {
        const auto outcome = house().transport->exchange({}, *url, {});
        if (outcome && outcome->body == "hi") ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 20);
}
