// A small HTTP/1.1 server on 127.0.0.1 whose answers can be lost, cut, slow or missing, byte for byte.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/error.hpp"
#include "laboratory/http_message.hpp"

namespace rebalancer::laboratory {

class Connection;

struct Delivery {
  enum class Way {
    whole,
    closed,  // no answer, the connection ends
    silent,  // no answer, the connection stays
    cut,     // the head and `bytes` of the body, then the connection ends
    slow,    // `bytes` every 20 ms
  };
  WireAnswer answer = {};
  Way way = Way::whole;
  std::size_t bytes = 0;
  // What the connection becomes after a whole answer; `buffer` has what came after the request. It ends with it.
  std::function<void(const Connection&, std::string& buffer)> then = {};
};

class HttpWire {
 public:
  // Called by the threads of the connections, several at once.
  using Handler = std::function<Delivery(const WireRequest&)>;

  // Port 0: any that is free. Errors: unavailable when the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<HttpWire>> listen(std::uint16_t port, Handler handler);
  // Ends every connection and waits for the threads.
  ~HttpWire();
  HttpWire(const HttpWire&) = delete;
  HttpWire& operator=(const HttpWire&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // Every connection there is, ends; new ones are taken.
  void drop_connections();

 private:
  class Implementation;
  explicit HttpWire(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rebalancer::laboratory
