// Bytes in, requests out: the parser with our own bounds around it. No sockets, so that it can be fuzzed.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/request_check.hpp"
#include "http/server.hpp"

namespace rebalancer::http {

// One connection's requests, one after the other. What is behind a refused one is never looked at.
class RequestReader {
 public:
  enum class Step {
    more,     // read into room(), then commit() and ask again
    go_on,    // the client waits for "100 Continue" before it sends the body; ask again once it was sent
    request,  // take() it; next() before the following one
    refused,  // refusal() says why; the connection ends
  };

  // All three outlive it.
  RequestReader(const ServerLimits& limits, const AccessRules& rules,
                const std::function<bool(std::string_view, std::string_view)>& needs_token);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Where the next bytes go; never empty after Step::more.
  [[nodiscard]] std::span<char> room();
  void commit(std::size_t bytes);
  [[nodiscard]] Step step();

  [[nodiscard]] Request take();
  [[nodiscard]] const Refusal& refusal() const;
  // Begins the next request with what was read beyond the last one.
  void next();

  [[nodiscard]] bool begun() const;    // something of a request has come
  [[nodiscard]] bool in_body() const;  // its header is complete, its body is not
  // Of the request at hand, as far as it was understood.
  [[nodiscard]] std::string_view method() const;  // empty: not known
  [[nodiscard]] int version() const;              // 11 until it is known
  [[nodiscard]] bool keep_alive() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rebalancer::http
