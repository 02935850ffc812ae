#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

struct Fixture {
  LoadedPlugins loaded{{built("bad_plugins/bad_provider.so")}};
  std::vector<Symbol> symbols{*Symbol::parse("SPY"), *Symbol::parse("BND")};
  std::stop_source stop;
  HttpClient* http = nullptr;

  Result<std::vector<BarTable>> bars(const std::string& wrong) {
    InstanceOptions options = loaded.options();
    options.http = http;
    auto provider = loaded.host.create_provider("bad_provider", loaded.json(R"({"wrong": ")" + wrong + "\"}"), options);
    REQUIRE(provider);
    CHECK_FALSE((*provider)->simulated());
    return (*provider)->bars(symbols, *Date::parse("2026-01-05"), *Date::parse("2026-01-09"), stop.get_token());
  }
  std::string broken(const std::string& wrong) {
    const auto answer = bars(wrong);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
    return answer.error().message;
  }
};

class RecordedHttp final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest& request, std::stop_token) override {
    requests.push_back(request);
    return answer;
  }
  std::vector<HttpRequest> requests;
  Result<HttpResponse> answer = HttpResponse{200, {{"Content-Type", "text/csv"}}, "date,SPY"};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "tables come in the order asked for") {
  const auto answer = bars("nothing");
  REQUIRE(answer);
  REQUIRE(answer->size() == 2);
  CHECK((*answer)[0].symbol().str() == "SPY");
  CHECK((*answer)[1].symbol().str() == "BND");
  CHECK((*answer)[0].bars().size() == 3);
  CHECK((*answer)[0].bars()[0].date.to_string() == "2026-01-05");
  CHECK((*answer)[0].source() == "test");
}

TEST_CASE_FIXTURE(Fixture, "no symbols asks for all that the provider knows") {
  symbols.clear();
  const auto answer = bars("unasked");
  REQUIRE(answer);
  REQUIRE(answer->size() == 1);
  CHECK((*answer)[0].symbol().str() == "ZZZ");
}

TEST_CASE_FIXTURE(Fixture, "bars that break the contract become an error that says how") {
  CHECK(broken("descending") == "bad_provider returned bars of SPY: 2026-01-05 follows 2026-01-06, dates must ascend");
  CHECK(broken("same_day") == "bad_provider returned bars of SPY: 2026-01-05 follows 2026-01-05, dates must ascend");
  CHECK(broken("outside") == "bad_provider returned bars of SPY: day 20457 is outside 2026-01-05 to 2026-01-09");
  CHECK(broken("infinite") == "bad_provider returned bars of SPY: a value on 2026-01-05 is infinite");
  CHECK(broken("split") == "bad_provider returned bars of SPY: split ratio on 2026-01-05 is 0, must be positive");
  CHECK(broken("dividend") == "bad_provider returned bars of SPY: dividend on 2026-01-05 is -1, must not be negative");
  CHECK(broken("silent") == "bad_provider returned no table for SPY");
  CHECK(broken("twice") == "bad_provider returned SPY twice");
  CHECK(broken("unasked") == "bad_provider returned ZZZ, which nobody asked for");
  CHECK(broken("bad_symbol") ==
        "bad_provider returned bars of a bad symbol: symbol \"not a symbol\" must be 1 to 16 of A-Z 0-9 . - ^ =");
  CHECK(broken("basis") == "bad_provider returned bars of SPY of unknown basis 7");
  CHECK(broken("null_bars") == "bad_provider returned bars without a table");
  CHECK(broken("huge_count") == "bad_provider returned 1000000000000 bars of SPY, at most 200000");
}

TEST_CASE_FIXTURE(Fixture, "a provider sees that it is to stop") {
  CHECK(bars("cancelled"));
  stop.request_stop();
  CHECK(bars("cancelled").error() == Error{ErrorCode::exhausted, "bad_provider: told to stop"});
}

TEST_CASE_FIXTURE(Fixture, "http goes through the program's client, or says that there is none") {
  CHECK(bars("http").error() == Error{ErrorCode::unavailable, "bad_provider: this program has no HTTP client here"});
  RecordedHttp client;
  http = &client;
  CHECK(bars("http"));
  REQUIRE(client.requests.size() == 1);
  CHECK(client.requests[0].method == "GET");
  CHECK(client.requests[0].url == "https://example.org/prices");
  CHECK(client.requests[0].timeout_ms == 10'000);
  REQUIRE(client.requests[0].headers.size() == 1);
  CHECK(client.requests[0].headers[0] == std::pair<std::string, std::string>("Accept", "text/csv"));
  client.answer = fail(ErrorCode::timeout, "example.org gave no answer within 10 s");
  CHECK(bars("http").error() == Error{ErrorCode::timeout, "bad_provider: example.org gave no answer within 10 s"});
}
