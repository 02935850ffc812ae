// The one door to the outside: what is asked is checked, paced per host, tried again where that is safe.
#pragma once
#include <memory>
#include <mutex>

#include "adapters/https/rate_limiter.hpp"
#include "adapters/https/retry_policy.hpp"
#include "adapters/https/tls_transport.hpp"
#include "core/base/clock.hpp"

namespace rebalancer {

struct HttpsSettings {
  RateSettings rate;
  RetrySettings retry;
  TransportSettings transport;
  std::string user_agent;  // empty: "Mozilla/5.0 (compatible; rebalancer/<version>)"; some servers refuse others
};

// Synchronous: `send` works in the calling thread, with an I/O context of its own, and may be called from several
// threads at once. Waits for turns and between attempts go through the clock.
class HttpsClient final : public HttpClient {
 public:
  HttpsClient(const HttpsSettings& settings, std::unique_ptr<Transport> transport, Clock& clock);

  [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop) override;

 private:
  [[nodiscard]] bool wait_for_turn(const std::string& host, const std::stop_token& stop);

  std::string user_agent_;
  std::unique_ptr<Transport> transport_;
  Clock& clock_;
  std::mutex mutex_;  // of the two below
  RateLimiter limiter_;
  RetryPolicy policy_;
};

// The real one. `clock` must outlive it. Errors: make_tls_transport's.
[[nodiscard]] Result<std::unique_ptr<HttpClient>> make_https_client(const HttpsSettings& settings, Clock& clock);

}  // namespace rebalancer
