#include "laboratory/http_wire.hpp"

#include <doctest/doctest.h>

#include "socket_client.hpp"

namespace rebalancer::laboratory {
namespace {

using test::SocketClient;

constexpr std::string_view get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

std::unique_ptr<HttpWire> wire_with(Delivery delivery) {
  return HttpWire::listen(0, [delivery](const WireRequest&) { return delivery; }).value();
}

TEST_CASE("requests and bodies of one connection, one after the other and all at once") {
  const auto wire = HttpWire::listen(0, [](const WireRequest& request) {
                      return Delivery{{200, {}, request.path + " " + request.body}, Delivery::Way::whole, 0};
                    }).value();
  SocketClient client(wire->port());
  client.write(get);
  CHECK(client.read_answer() == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n/a ");
  client.write("POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
  client.write("dyGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.read_answer() == "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n/b body");
  CHECK(client.read_answer() == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n/c ");
  CHECK(client.read_some().empty());
}

TEST_CASE("what is no request gets 400 and the end of the connection") {
  const auto wire = wire_with({});
  SocketClient client(wire->port());
  client.write("GET / HTTP/1.0\r\n\r\n");
  CHECK(client.read_all().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("answers that are lost, cut, slow") {
  const WireAnswer answer{200, {}, "0123456789"};
  const std::string whole = text_of(answer, false);
  {
    const auto wire = wire_with({answer, Delivery::Way::closed, 0});
    SocketClient client(wire->port());
    client.write(get);
    CHECK(client.read_all().empty());
  }
  {
    const auto wire = wire_with({answer, Delivery::Way::cut, 4});
    SocketClient client(wire->port());
    client.write(get);
    CHECK(client.read_all() == whole.substr(0, whole.size() - 6));
  }
  {
    const auto wire = wire_with({answer, Delivery::Way::slow, 16});
    SocketClient client(wire->port());
    client.write(get);
    CHECK(client.read_answer() == whole);
  }
}

TEST_CASE("a half-open connection stays, and does not keep the server from ending") {
  auto wire = wire_with({{}, Delivery::Way::silent, 0});
  SocketClient client(wire->port());
  client.write(get);
  client.wait_at_most(50);
  CHECK(client.read_some().empty());
  wire.reset();
  CHECK(client.read_all().empty());
}

TEST_CASE("connections can be dropped, new ones are taken") {
  const auto wire = wire_with({{200, {}, "x"}, Delivery::Way::whole, 0});
  SocketClient client(wire->port());
  client.write(get);
  CHECK(!client.read_answer().empty());
  wire->drop_connections();
  CHECK(client.read_all().empty());
  SocketClient another(wire->port());
  another.write(get);
  CHECK(!another.read_answer().empty());
}

TEST_CASE("a port that is taken is told") {
  const auto wire = wire_with({});
  const auto second = HttpWire::listen(wire->port(), [](const WireRequest&) { return Delivery{}; });
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::unavailable);
  CHECK(second.error().message.find("cannot be listened on") != std::string::npos);
}

TEST_CASE("a handler that throws is a 500, not the end") {
  const auto wire =
      HttpWire::listen(0, [](const WireRequest&) -> Delivery { throw std::logic_error("broken"); }).value();
  SocketClient client(wire->port());
  client.write(get);
  CHECK(client.read_answer().starts_with("HTTP/1.1 500 "));
}

}  // namespace
}  // namespace rebalancer::laboratory
