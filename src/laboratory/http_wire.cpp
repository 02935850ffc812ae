#include "laboratory/http_wire.hpp"

#include <algorithm>
#include <exception>

#include "laboratory/socket_server.hpp"

namespace rebalancer::laboratory {
namespace {

constexpr std::chrono::milliseconds slow_pause{20};

// Whatever is in `buffer` after the request belongs to the next one.
bool read_request(const Connection& connection, std::string& buffer, Result<WireRequest>& request) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > head_bytes_max) {
      request = fail(ErrorCode::invalid, "the head is longer than {} bytes", head_bytes_max);
      return true;
    }
    if (!connection.read_some(buffer)) return false;
  }
  request = parse_head(std::string_view(buffer).substr(0, end + 4));
  if (!request) return true;
  const auto size = body_bytes_of(*request);
  if (!size) {
    request = fail(size.error());
    return true;
  }
  while (buffer.size() < end + 4 + *size) {
    if (!connection.read_some(buffer)) return false;
  }
  request->body = buffer.substr(end + 4, *size);
  buffer.erase(0, end + 4 + *size);
  return true;
}

// False: the connection ends.
bool deliver(const Connection& connection, const Delivery& delivery, std::string& buffer, bool closes) {
  if (delivery.way == Delivery::Way::closed) return false;
  if (delivery.way == Delivery::Way::silent) {
    connection.wait_for_close();
    return false;
  }
  const std::string text = text_of(delivery.answer, closes);
  if (delivery.way == Delivery::Way::whole) {
    if (!connection.write(text)) return false;
    if (delivery.then) delivery.then(connection, buffer);
    return !closes && !delivery.then;
  }
  if (delivery.way == Delivery::Way::cut) {
    connection.write(std::string_view(text).substr(0, head_bytes_of(text) + delivery.bytes));
    return false;
  }
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t size = std::min(rest.size(), std::max<std::size_t>(1, delivery.bytes));
    if (!connection.write(rest.substr(0, size)) || !connection.pause(slow_pause)) return false;
    rest.remove_prefix(size);
  }
  return !closes;
}

void serve(const Connection& connection, const HttpWire::Handler& handler) {
  std::string buffer;
  while (true) {
    Result<WireRequest> request;
    if (!read_request(connection, buffer, request)) return;
    if (!request) {
      connection.write(text_of({400, {{"Content-Type", "text/plain"}}, request.error().message + "\n"}, true));
      return;
    }
    const bool closes = request->header("connection") == "close";
    Delivery delivery;
    try {
      delivery = handler(*request);
    } catch (const std::exception& exception) {
      delivery.answer = {500, {{"Content-Type", "text/plain"}}, exception.what() + std::string("\n")};
    }
    if (!deliver(connection, delivery, buffer, closes)) return;
  }
}

}  // namespace

class HttpWire::Implementation {
 public:
  std::unique_ptr<SocketServer> server;
};

Result<std::unique_ptr<HttpWire>> HttpWire::listen(std::uint16_t port, Handler handler) {
  auto server = SocketServer::listen(
      port, [handler = std::move(handler)](const Connection& connection) { serve(connection, handler); });
  if (!server) return fail(server.error());
  auto implementation = std::make_unique<Implementation>();
  implementation->server = *std::move(server);
  return std::unique_ptr<HttpWire>(new HttpWire(std::move(implementation)));
}

HttpWire::HttpWire(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
HttpWire::~HttpWire() = default;

std::uint16_t HttpWire::port() const { return implementation_->server->port(); }
void HttpWire::drop_connections() { implementation_->server->drop_connections(); }

}  // namespace rebalancer::laboratory
