// One attempt at one exchange: the seam between what goes over the wire and what decides to try again.
#pragma once
#include <stop_token>

#include "adapters/https/http_url.hpp"
#include "core/ports/http_client.hpp"

namespace rebalancer {

struct TransportFailure {
  Error error;
  bool transient = false;  // another attempt may go better
};

class Transport {
 public:
  virtual ~Transport() = default;
  // `request` has passed check_request, `url` is its parsed url. Thread-safe. Errors: unavailable when the request
  // surely did not leave; timeout when it may have been carried out; exhausted when the answer is too large.
  [[nodiscard]] virtual tl::expected<HttpResponse, TransportFailure> exchange(const HttpRequest& request,
                                                                              const HttpUrl& url,
                                                                              std::stop_token stop) = 0;
};

}  // namespace rebalancer
