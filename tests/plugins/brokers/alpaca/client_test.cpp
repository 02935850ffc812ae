// What is asked of Alpaca's server and in which words: pages, replacements, whose 404 it is, and how long an answer
// holds.
#include <doctest/doctest.h>

#include "plugins/brokers/alpaca/scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test::alpaca;
using test::PluginUnderTest;

namespace {

const std::string lookup = "GET /v2/orders:by_client_order_id";
const std::string fills_path = "GET /v2/account/activities/FILL";
const Answer taken{422, R"({"code":40010001,"message":"client_order_id must be unique"})"};

std::string replaced_by(const std::string& next, std::string_view filled = "0") {
  return changed(order_json("replaced", filled), R"("replaced_by":null)", R"("replaced_by":")" + next + R"(")");
}

std::string fill_json(std::string_view id, std::string_view order, std::string_view quantity, std::string_view price) {
  return fmt::format(R"({{"activity_type":"FILL","id":"{}","order_id":"{}","symbol":"SPY","side":"buy","qty":"{}",)"
                     R"("price":"{}","transaction_time":"2026-03-02T15:00:01.5Z"}})",
                     id, order, quantity, price);
}

std::int32_t open_orders(Scene& scene) {
  scene.reports.clear();
  scene.plugin.failure.clear();
  return scene.api().open_orders(scene.plugin.instance(), &Scene::take, &scene.reports);
}

// `count` open orders, the newest first, each a microsecond older than the one before; all at once when not.
std::string order_page(int first, int count, bool at_once = false) {
  std::string page = "[";
  for (int i = first; i < first + count; ++i) {
    std::string order = changed(order_json("new", "0", fmt::format("rb-{}", i)), "b1", fmt::format("b{}", i));
    order = changed(order, "00.123456789Z", fmt::format("00.{:06}Z", at_once ? 500'000 : 900'000 - i));
    page += (i == first ? "" : ",") + order;
  }
  return page + "]";
}

}  // namespace

TEST_CASE("alpaca: no failure to look at an order that exists says that it was not taken") {
  const std::vector<Answer> looks{{429, R"({"code":42910000,"message":"rate limit exceeded"})"},
                                  {401, R"({"code":40110000,"message":"request is not authorized"})"},
                                  {403, R"({"message":"forbidden."})"},
                                  {404, "<html>nginx</html>"},
                                  {404, R"({"code":40410000,"message":"order not found"})"},
                                  {500, ""},
                                  {200, "<html>"},
                                  {200, order_json("new", "0", "rb-2")},
                                  {200, replaced_by("gone")},
                                  {0, ""},
                                  {-1, ""}};
  for (const Answer& look : looks) {
    CAPTURE(look.status);
    CAPTURE(look.body);
    Scene scene;
    scene.usual[lookup] = look;
    CHECK(scene.submit_answered(taken) == RB_TIMEOUT);
    CHECK(!scene.plugin.failure.empty());
    CHECK(scene.reports.empty());
    CHECK(scene.count("POST") == 1);
  }
}

TEST_CASE("alpaca: an order under our id that is not the one sent is a conflict") {
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{R"("qty":"2.5")", R"("qty":"3")"},
                                                        {R"("side":"buy")", R"("side":"sell")"},
                                                        {R"("symbol":"SPY")", R"("symbol":"SPYG")"},
                                                        {R"("limit_price":"500.1")", R"("limit_price":null)"},
                                                        {R"("qty":"2.5")", R"("qty":null,"notional":"100")"}}) {
    CAPTURE(to);
    Scene scene;
    CHECK(scene.submit_answered({200, changed(order_json("accepted"), from, to)}) == RB_CONFLICT);
    CHECK(scene.plugin.failure.starts_with("the id rb-1 is taken by another order: "));
    CHECK(scene.reports.empty());
    scene.usual[lookup] = {200, changed(order_json("accepted"), from, to)};
    CHECK(scene.submit_answered(taken) == RB_CONFLICT);
  }
}

TEST_CASE("alpaca: what an order had traded before it was replaced is counted, fill by fill") {
  Scene scene;
  scene.usual[lookup] = {200, replaced_by("b2", "1")};
  scene.usual["GET /v2/orders/b2"] = {200, changed(order_json("canceled", "0", "by-hand"), "b1", "b2")};
  scene.usual[fills_path] = {200, "[" + fill_json("1::a", "b1", "1", "499") + "]"};
  CHECK(scene.find() == RB_OK);
  CHECK(scene.reports.at(0).state == RB_CANCELLED);
  CHECK(scene.reports.at(0).filled == one);
  CHECK(scene.reports.at(0).average_price == 499 * one);

  // Whether or not the next one's figures hold what went before: the fills say how much it is.
  for (const char* told : {"1.5", "2.5"}) {
    CAPTURE(told);
    scene.usual["GET /v2/orders/b2"] = {200, changed(order_json("filled", told, "by-hand"), "b1", "b2")};
    scene.usual[fills_path] = {
        200, "[" + fill_json("1::a", "b1", "1", "499") + "," + fill_json("1::b", "b2", "1.5", "500") + "]"};
    CHECK(scene.find() == RB_OK);
    CHECK(scene.reports.at(0).state == RB_FILLED);
    CHECK(scene.reports.at(0).filled == 5 * one / 2);
    CHECK(scene.reports.at(0).average_price == 499'600'000'000);
  }
  // Fills that are not told yet are not made up, and not left out.
  scene.usual[fills_path] = {200, "[]"};
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "order rb-1: 1 are filled, fills of 0 are told");
}

TEST_CASE("alpaca: an order that was replaced by what cannot be seen is neither gone nor ended") {
  Scene scene;
  scene.usual[lookup] = {200, replaced_by("b2")};
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "order b2: Alpaca says that there is none");
  scene.usual["GET /v2/orders/b2"] = {200, order_json("new")};
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "order b2: the answer is of order b1");
  scene.usual[lookup] = {200, order_json("replaced")};
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "order rb-1: Alpaca says replaced, and not by what");
  CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_UNAVAILABLE);
  CHECK(scene.count("DELETE") == 0);
  // Two that replace each other.
  scene.usual[lookup] = {200, replaced_by("b1")};
  scene.usual["GET /v2/orders/b1"] = {200, replaced_by("b1")};
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "order rb-1: its replacements do not end");
}

TEST_CASE("alpaca: open orders come from all pages, each once, also those of one moment") {
  Scene scene;
  scene.scripts["GET /v2/orders"] = {{200, order_page(0, 500)}, {200, order_page(499, 3)}};
  REQUIRE(open_orders(scene) == RB_OK);
  CHECK(scene.reports.size() == 502);
  CHECK(scene.reports.back().client_id == "rb-501");
  CHECK(scene.asked.front() == "GET /v2/orders?status=open&limit=500&direction=desc");
  // `until` leaves out its own moment, so it is one microsecond after the oldest order that is known.
  CHECK(scene.asked.back().ends_with("&until=2026-03-02T15%3A00%3A00.899502000Z"));
  // More of one moment than a page holds cannot be listed: that is said, and not taken for the end.
  scene.scripts["GET /v2/orders"] = {{200, order_page(0, 500, true)}, {200, order_page(0, 500, true)}};
  CHECK(open_orders(scene) == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "the list of open orders does not end");
  // A page that failed or was cut ends nothing either.
  scene.scripts["GET /v2/orders"] = {{200, order_page(0, 500)}, {500, ""}};
  CHECK(open_orders(scene) == RB_UNAVAILABLE);
  scene.scripts["GET /v2/orders"] = {{200, order_page(0, 3).substr(0, 700)}};
  CHECK(open_orders(scene) == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure.find("it ends in the middle") != std::string::npos);
}

TEST_CASE("alpaca: a 404 that is not Alpaca's says nothing about symbols, orders and movements") {
  for (const char* body : {"<html>nginx</html>", "", "not found", R"({"code":404,"message":"no route"})"}) {
    CAPTURE(body);
    Scene scene;
    scene.usual["GET /v2/assets/SPY"] = {404, body};
    CHECK(scene.submit() == RB_UNAVAILABLE);
    CHECK(scene.count("POST") == 0);
    scene.usual[lookup] = {404, body};
    CHECK(scene.find() == RB_UNAVAILABLE);
    scene.usual["GET /v2/account/activities"] = {404, body};
    const auto nothing = [](void*, const rb_movement*) {};
    CHECK(scene.api().movements(scene.plugin.instance(), 0, nothing, nullptr) == RB_UNAVAILABLE);
    scene.usual[lookup] = {200, order_json("new")};
    scene.usual["DELETE /v2/orders/b1"] = {404, body};
    CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_UNAVAILABLE);
  }
  Scene scene;
  scene.usual[lookup] = {200, order_json("new")};
  CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_NOT_FOUND);
}

TEST_CASE("alpaca: wrong keys are told as wrong keys, whichever status says so") {
  for (const Answer& no : std::vector<Answer>{{401, R"({"code":40110000,"message":"request is not authorized"})"},
                                              {403, R"({"code":40110000,"message":"request is not authorized"})"},
                                              {403, R"({"message":"forbidden."})"},
                                              {401, ""}}) {
    Scene scene;
    scene.usual["GET /v2/account"] = no;
    const auto nothing = [](void*, const rb_account*) {};
    CHECK(scene.api().account(scene.plugin.instance(), nothing, nullptr) == RB_REJECTED);
    CHECK_MESSAGE(scene.plugin.failure.starts_with("the account: the keys are not accepted at http://127.0.0.1:1; "),
                  scene.plugin.failure);
    CHECK(scene.plugin.failure.find("SECRET") == std::string::npos);
    CHECK(scene.plugin.failure.find("KEY") == std::string::npos);
  }
}

TEST_CASE("alpaca: open is true until the close, then it is asked again") {
  constexpr rb_instant second = 1'000'000'000;
  Scene scene;
  // Ten seconds are left by the server's clock, whatever ours says.
  scene.usual["GET /v2/clock"] = {200, changed(clock_json, "2026-03-02T15:00:00Z", "2026-03-02T15:59:50-05:00")};
  REQUIRE(scene.submit_answered({200, order_json("accepted")}) == RB_OK);
  scene.plugin.now += 9 * second;
  REQUIRE(scene.submit_answered({200, order_json("accepted")}) == RB_OK);
  CHECK(scene.count("GET /v2/clock") == 1);
  scene.usual["GET /v2/clock"] = {200, changed(clock_json, "true", "false")};
  scene.plugin.now += second;
  CHECK(scene.submit() == RB_REJECTED);
  CHECK(scene.plugin.failure == "the market is closed until 2026-03-03T14:30:00Z, and queue_when_closed is off");
  CHECK(scene.count("POST") == 2);
  // An hour before the close it holds for half a minute, and not when our clock was set back.
  Scene early;
  REQUIRE(early.submit_answered({200, order_json("accepted")}) == RB_OK);
  early.plugin.now += 29 * second;
  REQUIRE(early.submit_answered({200, order_json("accepted")}) == RB_OK);
  CHECK(early.count("GET /v2/clock") == 1);
  early.plugin.now -= 60 * second;
  REQUIRE(early.submit_answered({200, order_json("accepted")}) == RB_OK);
  CHECK(early.count("GET /v2/clock") == 2);
}

TEST_CASE("alpaca: a symbol that Alpaca calls otherwise is refused with its name there") {
  Scene scene;
  scene.usual["GET /v2/assets/SPY"] = {200, changed(asset_json, R"("symbol":"SPY")", R"("symbol":"SPY.A")")};
  CHECK(scene.submit() == RB_REJECTED);
  CHECK(scene.plugin.failure == "Alpaca calls SPY SPY.A: use that");
  CHECK(scene.count("POST") == 0);
}

TEST_CASE("alpaca: a host is what it is, however it is written") {
  const auto refusal = [](const std::string& url, const char* paper) {
    return Scene(PluginUnderTest::Settings{{"base_url", url}, {"paper", paper}}).plugin.failure;
  };
  for (const char* live : {"https://API.Alpaca.Markets", "https://api.alpaca.markets:443/v2",
                           "https://api.alpaca.markets.", "HTTPS://api.alpaca.markets/", "api.alpaca.markets"}) {
    CAPTURE(live);
    CHECK(refusal(live, "true") == "base_url is the live host, and paper is true: real money would look like paper");
    CHECK(refusal(live, "false").empty());
  }
  CHECK(refusal("https://Paper-Api.alpaca.markets", "false") == "base_url is the paper host, and paper is false");
  CHECK(refusal("https://paper-api.alpaca.markets", "true").empty());
  CHECK(refusal("https://paper-api.alpaca.markets@evil.example", "true") ==
        "base_url must not hold a user or a password");
  CHECK(refusal("https://data.alpaca.markets", "true") ==
        "base_url names data.alpaca.markets, orders go to api.alpaca.markets or paper-api.alpaca.markets");
  CHECK(refusal("https://notalpaca.markets", "true").empty());
}

TEST_CASE("alpaca: account and positions are read as they are sent, and a figure that is missing is an error") {
  struct Told {
    std::string id, currency;
    rb_decimal cash = 0, equity = 0;
    std::vector<std::pair<std::string, rb_decimal>> positions;
  } told;
  const auto account = [](void* ctx, const rb_account* value) {
    auto& out = *static_cast<Told*>(ctx);
    out.id = PluginUnderTest::copy(value->id);
    out.currency = PluginUnderTest::copy(value->currency);
    out.cash = value->cash;
    out.equity = value->equity;
  };
  const auto position = [](void* ctx, const rb_position* value) {
    static_cast<Told*>(ctx)->positions.emplace_back(PluginUnderTest::copy(value->symbol), value->quantity);
  };
  Scene scene;
  REQUIRE(scene.api().account(scene.plugin.instance(), account, &told) == RB_OK);
  CHECK(told.id == "PA3K8ZK1W0XN");
  CHECK(told.currency == "USD");
  CHECK(told.cash == 4'000'320'000'000);
  CHECK(told.equity == 12'345'678'901'235);
  scene.usual["GET /v2/account"] = {200, changed(account_json, R"("cash":"4000.32",)", "")};
  CHECK(scene.api().account(scene.plugin.instance(), account, &told) == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "the answer cannot be understood: the account: cash is missing");

  scene.usual["GET /v2/positions"] = {
      200, R"([{"symbol":"SPY","qty":"1.000000001","side":"long","new_member":{"a":[1]}},)"
           R"({"symbol":"EFA","qty":"2","side":"short"},{"symbol":"AGG","qty":-3,"side":"short"}])"};
  REQUIRE(scene.api().positions(scene.plugin.instance(), position, &told) == RB_OK);
  CHECK(told.positions ==
        std::vector<std::pair<std::string, rb_decimal>>{{"SPY", one + 1}, {"EFA", -2 * one}, {"AGG", -3 * one}});
  scene.usual["GET /v2/positions"] = {200, R"([{"symbol":"SPY"}])"};
  CHECK(scene.api().positions(scene.plugin.instance(), position, &told) == RB_UNAVAILABLE);
  CHECK(scene.plugin.failure == "the answer cannot be understood: position SPY: qty is missing");
  scene.usual["GET /v2/positions"] = {200, R"({"symbol":"SPY","qty":"1"})"};
  CHECK(scene.api().positions(scene.plugin.instance(), position, &told) == RB_UNAVAILABLE);
}
