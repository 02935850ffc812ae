#include "adapters/https/https_client.hpp"

#include <algorithm>

namespace rebalancer {

HttpsClient::HttpsClient(const HttpsSettings& settings, std::unique_ptr<Transport> transport, Clock& clock)
    : user_agent_(settings.user_agent.empty() ? "Mozilla/5.0 (compatible; rebalancer/" REBALANCER_VERSION ")"
                                              : settings.user_agent),
      transport_(std::move(transport)),
      clock_(clock),
      limiter_(settings.rate),
      policy_(settings.retry) {}

bool HttpsClient::wait_for_turn(const std::string& host, const std::stop_token& stop) {
  std::chrono::nanoseconds wait{0};
  {
    const std::lock_guard lock(mutex_);
    wait = limiter_.reserve(host, clock_.monotonic());
  }
  if (wait.count() == 0) return !stop.stop_requested();
  return clock_.wait(std::chrono::ceil<std::chrono::milliseconds>(wait), stop);
}

Result<HttpResponse> HttpsClient::send(const HttpRequest& request, std::stop_token stop) {
  if (auto checked = check_request(request); !checked) return fail(checked.error());
  const auto url = parse_http_url(request.url);
  if (!url) return fail(url.error());
  HttpRequest named = request;
  const bool has_agent =
      std::ranges::any_of(request.headers, [](const auto& header) { return same_name(header.first, "User-Agent"); });
  if (!has_agent) named.headers.emplace_back("User-Agent", user_agent_);

  for (int attempt = 1;; ++attempt) {
    if (!wait_for_turn(url->host, stop)) {
      return fail(ErrorCode::unavailable, "cannot reach {}: stopped", url->host);
    }
    auto outcome = transport_->exchange(named, *url, stop);
    std::optional<std::chrono::milliseconds> wait;
    {
      const std::lock_guard lock(mutex_);
      wait = policy_.wait_before_next(request.method, attempt, outcome, clock_.now());
    }
    // A stop ends the waiting with what is known so far.
    if (!wait || !clock_.wait(*wait, stop)) {
      if (!outcome) return fail(outcome.error().error);
      return *std::move(outcome);
    }
  }
}

Result<std::unique_ptr<HttpClient>> make_https_client(const HttpsSettings& settings, Clock& clock) {
  auto transport = make_tls_transport(settings.transport);
  if (!transport) return fail(transport.error());
  return std::make_unique<HttpsClient>(settings, *std::move(transport), clock);
}

}  // namespace rebalancer
