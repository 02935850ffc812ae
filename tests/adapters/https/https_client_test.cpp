#include "adapters/https/https_client.hpp"

#include <deque>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"

using namespace rebalancer;
using Outcome = tl::expected<HttpResponse, TransportFailure>;

namespace {

struct FakeTransport final : Transport {
  Outcome exchange(const HttpRequest& request, const HttpUrl& url, std::stop_token) override {
    requests.push_back(request);
    hosts.push_back(url.host);
    if (outcomes.empty()) return HttpResponse{200, {}, "last"};
    Outcome next = std::move(outcomes.front());
    outcomes.pop_front();
    return next;
  }
  std::deque<Outcome> outcomes;
  std::vector<HttpRequest> requests;
  std::vector<std::string> hosts;
};

struct Bench {
  explicit Bench(HttpsSettings settings = {}) {
    auto owned = std::make_unique<FakeTransport>();
    transport = owned.get();
    client = std::make_unique<HttpsClient>(settings, std::move(owned), clock);
  }
  Result<HttpResponse> get() { return client->send({"GET", "https://example.com/x", {}, "", 1000}, stop.get_token()); }

  test::FakeClock clock{Instant::from_seconds(1'792'567'680)};
  FakeTransport* transport = nullptr;
  std::unique_ptr<HttpsClient> client;
  std::stop_source stop;
};

Outcome status(int code) { return HttpResponse{code, {}, ""}; }
Outcome cut() {
  return tl::unexpected(TransportFailure{{ErrorCode::timeout, "no usable answer from example.com: cut"}, true});
}

}  // namespace

TEST_CASE("a GET is repeated until it is answered, with waits in between") {
  Bench bench;
  bench.transport->outcomes = {cut(), status(503)};
  const auto response = bench.get();
  REQUIRE(response);
  CHECK(response->body == "last");
  CHECK(bench.transport->requests.size() == 3);
  CHECK(bench.clock.waited().count() >= 250 + 500);
  CHECK(bench.clock.waited().count() <= 500 + 1000);
}

TEST_CASE("after the last attempt the outcome is the caller's") {
  Bench bench;
  bench.transport->outcomes = {status(503), status(503), status(503)};
  const auto response = bench.get();
  REQUIRE(response);
  CHECK(response->status == 503);
  CHECK(bench.transport->requests.size() == 3);

  bench.transport->outcomes = {cut(), cut(), cut()};
  const auto failed = bench.get();
  REQUIRE(!failed);
  CHECK(failed.error() == Error{ErrorCode::timeout, "no usable answer from example.com: cut"});
}

TEST_CASE("a POST is sent once, whatever comes of it") {
  Bench bench;
  bench.transport->outcomes = {cut(), status(503), status(429)};
  const HttpRequest order{"POST", "https://example.com/orders", {}, "{}", 1000};
  CHECK_FALSE(bench.client->send(order, {}).has_value());
  CHECK(bench.client->send(order, {})->status == 503);
  CHECK(bench.client->send(order, {})->status == 429);
  CHECK(bench.transport->requests.size() == 3);
  CHECK(bench.clock.waited().count() == 0);
}

TEST_CASE("every attempt takes its turn: a host gets no more than its rate") {
  HttpsSettings settings;
  settings.rate.usual = {2, 1};
  Bench bench(settings);
  for (int i = 0; i < 5; ++i) REQUIRE(bench.get());
  CHECK(bench.clock.waited().count() == 4 * 500);
  REQUIRE(bench.client->send({"GET", "https://other.example.com/", {}, "", 1000}, {}));
  CHECK(bench.clock.waited().count() == 4 * 500);
}

TEST_CASE("the product names itself, unless the caller does") {
  Bench bench;
  REQUIRE(bench.get());
  REQUIRE(bench.client->send({"GET", "https://example.com/", {{"user-agent", "mine"}}, "", 1000}, {}));
  const auto& requests = bench.transport->requests;
  REQUIRE(requests.size() == 2);
  REQUIRE(requests[0].headers.size() == 1);
  CHECK(requests[0].headers[0].first == "User-Agent");
  CHECK(requests[0].headers[0].second.starts_with("Mozilla/5.0 (compatible; rebalancer/"));
  CHECK(requests[1].headers == decltype(requests[1].headers){{"user-agent", "mine"}});
}

TEST_CASE("what may not be sent takes no turn and reaches no wire") {
  Bench bench;
  CHECK(bench.client->send({"GET", "http://example.com/", {}, "", 1000}, {}).error().code == ErrorCode::invalid);
  CHECK(bench.client->send({"GET", "https://example.com/", {{"A", "b\r\nc"}}, "", 1000}, {}).error().code ==
        ErrorCode::invalid);
  CHECK(bench.transport->requests.empty());
}

TEST_CASE("a stop ends the waiting with what is known") {
  Bench bench;
  bench.stop.request_stop();
  const auto before = bench.get();
  REQUIRE(!before);
  CHECK(before.error() == Error{ErrorCode::unavailable, "cannot reach example.com: stopped"});
  CHECK(bench.transport->requests.empty());
}
