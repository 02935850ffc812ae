#include <algorithm>
#include <filesystem>

#include <doctest/doctest.h>

#include "core/base/time.hpp"
#include "support/plugin_under_test.hpp"
#include "yahoo/fixtures.hpp"

using namespace rebalancer::test;
using rebalancer::Date;

namespace {

const std::string not_found =
    R"({"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}})";
const std::string no_data =
    R"({"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn't exist for startDate = 1, endDate = 2"}}})";
const std::string aapl_file = "chart-AAPL-2020-08-31-to-2020-11-07.json";

rb_date day(const char* iso) { return Date::parse(iso)->days(); }

// The plugin, answered by the test; every URL is kept.
class YahooUnderTest {
 public:
  struct Answer {
    int status = 200;  // 0: no connection
    std::string body;
  };

  explicit YahooUnderTest(std::function<Answer(const std::string& url)> answer, PluginUnderTest::Settings settings = {})
      : plugin("yahoo", with_defaults(std::move(settings))) {
    plugin.now = 1'800'000'000LL * 1'000'000'000;  // 2027-01-15
    plugin.http = [this, answer](const rb_http_request& request, rb_on_http on_http, void* ctx) -> std::int32_t {
      urls.push_back(PluginUnderTest::copy(request.url));
      CHECK(PluginUnderTest::copy(request.method) == "GET");
      CHECK(request.timeout_ms == 15'000);
      const Answer given = answer(urls.back());
      if (given.status == 0) {
        const std::string host = urls.back().substr(8, urls.back().find('/', 8) - 8);
        const std::string why = "cannot reach " + host + ": no such name";
        return plugin.host().fail(plugin.host().self, RB_UNAVAILABLE, {why.data(), why.size()});
      }
      on_http(ctx, given.status, {"", 0}, {given.body.data(), given.body.size()});
      return RB_OK;
    };
  }

  std::int32_t fetch(const std::vector<std::string>& symbols, const char* from = "2020-01-01",
                     const char* to = "2026-12-31") {
    return bars_of(plugin, symbols, day(from), day(to), out);
  }

  PluginUnderTest plugin;
  std::vector<std::string> urls;
  std::vector<EmittedBars> out;

 private:
  static PluginUnderTest::Settings with_defaults(PluginUnderTest::Settings settings) {
    settings.try_emplace("currency", "USD");
    settings.try_emplace("timeout", "15000");
    return settings;
  }
};

}  // namespace

TEST_CASE("yahoo asks up to now, so that later splits are known, and emits only the days wanted") {
  const auto body = yahoo_body(aapl_file);
  if (!body) return;
  YahooUnderTest yahoo([&](const std::string&) { return YahooUnderTest::Answer{200, *body}; });
  REQUIRE(yahoo.plugin.instance() != nullptr);
  CHECK((yahoo.plugin.api<rb_provider>().flags & RB_SIMULATED) == 0);
  REQUIRE(yahoo.fetch({"AAPL"}, "2020-08-31", "2020-09-02") == RB_OK);
  REQUIRE(yahoo.urls.size() == 1);
  CHECK(yahoo.urls[0] ==
        "https://query1.finance.yahoo.com/v8/finance/chart/AAPL?period1=1598745600&period2=1800000000&interval=1d"
        "&events=div%2Csplits%2CcapitalGains&includePrePost=false&includeAdjustedClose=true");
  REQUIRE(yahoo.out.size() == 1);
  CHECK(yahoo.out[0].symbol == "AAPL");
  CHECK(yahoo.out[0].source == "yahoo");
  CHECK(yahoo.out[0].basis == RB_RAW);
  REQUIRE(yahoo.out[0].bars.size() == 3);
  CHECK(yahoo.out[0].bars[0].date == day("2020-08-31"));
  CHECK(yahoo.out[0].bars[0].close == 129.04);
  CHECK(yahoo.out[0].bars[0].split_ratio == 4);
  CHECK(yahoo.out[0].bars[1].split_ratio == 1);
}

TEST_CASE("yahoo takes every recorded daily answer, and refuses the quarterly one") {
  for (const auto& file : yahoo_files()) {
    const std::string name = file.filename().string();
    const std::string body = body_of(file);
    const auto document = boost::json::parse(body);
    const auto* results = document.at("chart").at("result").if_array();
    if (results == nullptr) continue;
    CAPTURE(name);
    const auto& meta = results->at(0).at("meta").as_object();
    const std::string symbol(meta.at("symbol").as_string());
    YahooUnderTest yahoo([&](const std::string&) { return YahooUnderTest::Answer{200, body}; }, {{"currency", "any"}});
    const auto code = yahoo.fetch({symbol}, "1980-01-01");
    const auto* times = results->at(0).as_object().if_contains("timestamp");
    if (meta.at("dataGranularity").as_string() == "3mo") {
      CHECK(code == RB_INVALID);
      CHECK(yahoo.plugin.failure == "answer for VFINX has bars of \"3mo\", must be of one day (1d)");
      continue;
    }
    REQUIRE(code == RB_OK);
    REQUIRE(yahoo.out.size() == 1);
    CHECK(yahoo.out[0].bars.size() == (times == nullptr ? 0 : times->as_array().size()));
  }
}

TEST_CASE("yahoo encodes symbols in the address") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{400, no_data}; });
  REQUIRE(yahoo.fetch({"^GSPC", "EURUSD=X", "BRK-B"}) == RB_OK);
  REQUIRE(yahoo.urls.size() == 3);
  CHECK(yahoo.urls[0].find("/chart/%5EGSPC?") != std::string::npos);
  CHECK(yahoo.urls[1].find("/chart/EURUSD%3DX?") != std::string::npos);
  CHECK(yahoo.urls[2].find("/chart/BRK-B?") != std::string::npos);
  REQUIRE(yahoo.out.size() == 3);
  CHECK(yahoo.out[0].bars.empty());
}

TEST_CASE("yahoo does not ask about the future") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{500, ""}; });
  REQUIRE(yahoo.fetch({"AAPL"}, "2027-01-18", "2027-02-01") == RB_OK);
  CHECK(yahoo.urls.empty());
  REQUIRE(yahoo.out.size() == 1);
  CHECK(yahoo.out[0].bars.empty());
}

TEST_CASE("yahoo says what was wrong, with the symbol") {
  const auto aapl = yahoo_body(aapl_file);
  if (!aapl) return;
  const auto ocado = yahoo_body("chart-OCDO.L-2020-01-01-to-2020-01-03.json");
  struct Case {
    std::string symbol;
    int status;
    std::string body;
    std::int32_t code;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"ZZZZ", 404, not_found, RB_NOT_FOUND, "no symbol ZZZZ: No data found, symbol may be delisted"},
      {"AAPL", 404, "<html>proxy</html>", RB_REJECTED, "HTTP 404 for AAPL: <html>proxy</html>"},
      {"AAPL", 429, "Edge: Too Many Requests", RB_UNAVAILABLE,
       "too many requests, asking for AAPL (HTTP 429): the limit counts by address and lasts minutes, try again later "
       "or use another provider"},
      {"AAPL", 401, R"({"chart":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})",
       RB_REJECTED, "answer for AAPL: yahoo says: Unauthorized: Invalid Crumb"},
      {"AAPL", 301, "", RB_REJECTED, "HTTP 301 for AAPL: "},
      {"AAPL", 200, "<!DOCTYPE html>", RB_INVALID, "answer for AAPL: it is not JSON at byte 0: syntax error"},
      {"AAPL", 200, aapl->substr(0, 5000), RB_INVALID, "answer for AAPL: it ends in the middle, after 5000 bytes"},
      {"MSFT", 200, *aapl, RB_INVALID, "answer for MSFT is about AAPL"},
      {"OCDO.L", 200, *ocado, RB_REJECTED,
       "OCDO.L is quoted in \"GBp\", must be USD (set currency; all symbols of a portfolio and its account share one)"},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.message);
    YahooUnderTest yahoo([&](const std::string&) { return YahooUnderTest::Answer{wrong.status, wrong.body}; });
    CHECK(yahoo.fetch({wrong.symbol}) == wrong.code);
    CHECK(yahoo.plugin.failure == wrong.message);
    CHECK(yahoo.out.empty());
    CHECK(yahoo.urls.size() == 1);  // none of these is a reason to ask the second host
  }
}

TEST_CASE("without a network yahoo asks both hosts and keeps the host's sentence") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{0, ""}; });
  CHECK(yahoo.fetch({"AAPL", "MSFT"}) == RB_UNAVAILABLE);
  CHECK(yahoo.plugin.failure == "cannot reach query2.finance.yahoo.com: no such name");
  REQUIRE(yahoo.urls.size() == 2);  // not twice again for every symbol
  CHECK(yahoo.urls[0].starts_with("https://query1.finance.yahoo.com/"));
  CHECK(yahoo.urls[1].starts_with("https://query2.finance.yahoo.com/"));
}

TEST_CASE("the second host stands in for a broken first one, for the rest of the call") {
  const auto aapl = yahoo_body(aapl_file);
  if (!aapl) return;
  for (const int status : {0, 500, 503}) {
    YahooUnderTest yahoo([&](const std::string& url) {
      if (url.find("query1") != std::string::npos) return YahooUnderTest::Answer{status, "<html>"};
      return YahooUnderTest::Answer{200, *aapl};
    });
    REQUIRE(yahoo.fetch({"AAPL", "AAPL"}) == RB_OK);
    CHECK(yahoo.urls.size() == 3);
    CHECK(yahoo.out.size() == 2);
  }
}

TEST_CASE("both hosts broken is unavailable, with the beginning of what they said") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{503, "<html>\nup\x01stream"}; });
  CHECK(yahoo.fetch({"AAPL"}) == RB_UNAVAILABLE);
  CHECK(yahoo.plugin.failure == "HTTP 503 for AAPL: <html> up stream");
}

TEST_CASE("a base_url replaces both hosts, and there is none to fall back to") {
  YahooUnderTest yahoo(
      [](const std::string&) {
        return YahooUnderTest::Answer{500, ""};
      },
      {{"base_url", "http://127.0.0.1:8000/proxy/"}});
  CHECK(yahoo.fetch({"AAPL"}) == RB_UNAVAILABLE);
  REQUIRE(yahoo.urls.size() == 1);
  CHECK(yahoo.urls[0].starts_with("http://127.0.0.1:8000/proxy/v8/finance/chart/AAPL?"));
}

TEST_CASE("a stopped call asks nothing more") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{400, no_data}; });
  yahoo.plugin.cancelled = true;
  CHECK(yahoo.fetch({"AAPL"}) == RB_UNAVAILABLE);
  CHECK(yahoo.urls.empty());
}

TEST_CASE("yahoo has no list of all symbols") {
  YahooUnderTest yahoo([](const std::string&) { return YahooUnderTest::Answer{500, ""}; });
  CHECK(yahoo.fetch({}) == RB_INVALID);
  CHECK(yahoo.urls.empty());
}
