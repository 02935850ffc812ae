// The built plugin, asked through the contract, against answers in Trading 212's own words: an order goes out once,
// whatever becomes of its answer, and each failure is told as what it is.
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "plugins/brokers/trading212/scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

TEST_CASE("trading212: an order goes out as the API wants it, after stock was taken") {
  Scene scene;
  REQUIRE_MESSAGE(scene.submit_answered({200, order_json()}) == RB_OK, scene.plugin->failure);
  CHECK(scene.reports.at(0).state == RB_OPEN);
  CHECK(scene.reports.at(0).broker_id == "77");
  const auto body = boost::json::parse(scene.bodies.back());
  CHECK(body.at("ticker") == "VUSAl_EQ");
  CHECK(scene.bodies.back().find(R"("quantity":2.5,"limitPrice":80.1,)") != std::string::npos);
  CHECK(body.at("timeValidity") == "DAY");
  CHECK(scene.headers.find("Authorization: Basic S0VZOlNFQ1JFVA==\r\n") != std::string::npos);
  const std::vector<std::string> wanted{"GET account/summary",
                                        "GET metadata/instruments",
                                        "GET orders",
                                        "GET history/orders?limit=50&ticker=VUSAl_EQ",
                                        "GET positions?ticker=VUSAl_EQ",
                                        "POST orders/limit"};
  CHECK(scene.asked == wanted);
}

TEST_CASE("trading212: a sale is a negative quantity, pence are the wire's, an older key goes alone") {
  Scene scene(PluginUnderTest::Settings{{"api_secret", ""}});
  scene.scripts["POST orders/limit"] = {{200, order_json("78", "NEW", "0", "-3", "VODl_EQ")}};
  REQUIRE_MESSAGE(scene.submit("VOD", 3 * one, 735 * one / 1000, RB_SELL) == RB_OK, scene.plugin->failure);
  CHECK(scene.bodies.back().find(R"("quantity":-3,"limitPrice":73.5,)") != std::string::npos);
  CHECK(scene.headers.find("Authorization: KEY\r\n") != std::string::npos);
  scene.usual["GET history/orders"] = {
      200,
      page_json(
          item_json(order_json("78", "FILLED", "-3", "-3", "VODl_EQ"), fill_json("901", "-2", "73.6", "-0.01")) + "," +
          item_json(order_json("78", "FILLED", "-3", "-3", "VODl_EQ"), fill_json("902", "-1", "73.9", "-0.02")) + "," +
          item_json(order_json("78", "FILLED", "-3", "-3", "VODl_EQ"), fill_json("902", "-1", "73.9", "-0.02")))};
  REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
  CHECK(scene.reports.at(0).state == RB_FILLED);
  CHECK(scene.reports.at(0).filled == 3 * one);
  CHECK(scene.reports.at(0).average_price == 737'000'000);
  CHECK(scene.reports.at(0).fee == 30'000'000);
  std::vector<Fill> fills;
  const auto take = [](void* ctx, const rb_fill* told) {
    static_cast<std::vector<Fill>*>(ctx)->push_back({PluginUnderTest::copy(told->id),
                                                     PluginUnderTest::copy(told->symbol), told->side, told->quantity,
                                                     told->price, told->fee});
  };
  REQUIRE(scene.api().fills(scene.plugin->instance(), {"rb-1", 4}, take, &fills) == RB_OK);
  REQUIRE(fills.size() == 2);
  CHECK(fills[0].id == "901");
  CHECK(fills[0].symbol == "VOD");
  CHECK(fills[0].side == RB_SELL);
  CHECK(fills[0].price == 736'000'000);
  CHECK(fills[1].fee == 20'000'000);
}

TEST_CASE("trading212: every answer to an order means what it means, and nothing else") {
  struct Case {
    Answer answer;
    std::int32_t code;
    const char* words;
  };
  const std::vector<Case> cases{
      {{400, R"({"code":"InsufficientFreeForStocksBuy","clarification":"Insufficient funds"})"},
       RB_REJECTED,
       "Insufficient funds (InsufficientFreeForStocksBuy)"},
      {{400, R"({"code":"SellingEquityNotOwned","clarification":"Selling equity"})"},
       RB_REJECTED,
       "SellingEquityNotOwned"},
      {{400,
        R"({"type":"/api-errors/quantity-precision-mismatch","title":"x","status":400,"detail":"invalid quantity precision 2"})"},
       RB_REJECTED,
       "invalid quantity precision 2"},
      {{401, ""}, RB_REJECTED, "the keys are not accepted"},
      {{403, "Scope(orders:execute) missing for API key"}, RB_REJECTED, "Scope(orders:execute) missing"},
      {{404, R"({"type":"/api-errors/entity-not-found","detail":"instrument not found"})"},
       RB_REJECTED,
       "instrument not found"},
      {{429, R"({"code":"BusinessException","context":{"type":"TooManyRequests"}})",
        "x-ratelimit-reset: 1772463602\r\n"},
       RB_EXHAUSTED,
       "again at 1772463602"},
      {{500, ""}, RB_TIMEOUT, "it may have been carried out"},
      {{503, "<html>Down for maintenance</html>"}, RB_TIMEOUT, "may have been carried out"},
      {{403, "<html>attention required</html>"}, RB_TIMEOUT, "page for people"},
      {{404, "<html>nginx</html>"}, RB_TIMEOUT, "page for people"},
      {{408, ""}, RB_TIMEOUT, "may have been carried out"},
      {{302, ""}, RB_TIMEOUT, "no answer to what was asked"},
      {{200, R"({"id":77,"ticker":"VUS)"}, RB_TIMEOUT, "it ends in the middle"},
      {{200, "<html>hello</html>"}, RB_TIMEOUT, "page for people"},
      {{200, R"({"id":77})"}, RB_TIMEOUT, "ticker is missing"},
      {{200, R"({"id":77,"id":78})"}, RB_TIMEOUT, "twice"},
      {{200, order_json("77", "NEW", "0", "2.4")}, RB_TIMEOUT, "of another order"},
      {{0, ""}, RB_EXHAUSTED, "cannot reach it"},
      {{-1, ""}, RB_TIMEOUT, "no answer in time"},
  };
  for (const Case& one_case : cases) {
    CAPTURE(one_case.answer.status);
    CAPTURE(one_case.answer.body);
    Scene scene;
    CHECK(scene.submit_answered(one_case.answer) == one_case.code);
    CHECK_MESSAGE(scene.says(one_case.words), scene.plugin->failure);
    CHECK(scene.reports.empty());
    CHECK(scene.count("POST") == 1);
    CHECK_FALSE(scene.says("SECRET"));
    // Once more under the same id, after a kill: only what was surely not taken goes out again.
    const bool sure = one_case.code != RB_TIMEOUT;
    scene.plugin->now += 20 * second;
    scene.begin();
    const std::int32_t again = scene.submit_answered({200, order_json()});
    CHECK(scene.count("POST") == (sure ? 2 : 1));
    CHECK(again == (sure ? RB_OK : RB_TIMEOUT));
  }
}

TEST_CASE("trading212: what fails before an order goes out is told as not sent") {
  for (const char* endpoint :
       {"GET account/summary", "GET metadata/instruments", "GET orders", "GET history/orders", "GET positions"}) {
    for (const Answer& told :
         {Answer{503, "<html>"}, Answer{0, ""}, Answer{-1, ""}, Answer{200, "{"}, Answer{404, ""}}) {
      CAPTURE(endpoint);
      Scene scene;
      scene.usual[endpoint] = told;
      CHECK(scene.submit() == RB_REJECTED);
      CHECK_FALSE(scene.plugin->failure.empty());
      CHECK(scene.count("POST") == 0);
      scene.usual["GET account/summary"] = {200, account_json};
      CHECK(scene.find() == RB_NOT_FOUND);
    }
  }
}

TEST_CASE("trading212: an order whose answer was lost is found again by what it is, also after a kill") {
  for (const bool done : {false, true}) {
    CAPTURE(done);
    Scene scene;
    // The same order was there before, another person's and one of another size come in between.
    scene.usual["GET history/orders"] = {200, page_json(item_json(order_json("70", "CANCELLED")))};
    REQUIRE(scene.submit_answered({-1, ""}) == RB_TIMEOUT);
    const std::string others = order_json("71", "NEW", "0", "2.5", "VUSAl_EQ", "2026-03-02T15:00:01Z", "IOS") + "," +
                               order_json("72", "NEW", "0", "2.6") + "," +
                               order_json("73", "NEW", "0", "2.5", "VODl_EQ");
    scene.usual["GET orders"] = {200, "[" + others + (done ? "" : "," + order_json()) + "]"};
    if (done) {
      scene.usual["GET history/orders"] = {
          200, page_json(item_json(order_json("77", "FILLED", "2.5"), fill_json("901", "2.5", "80.05", "-0.5")) + "," +
                         item_json(order_json("70", "CANCELLED")))};
    }
    scene.plugin->now += 11 * second;
    scene.begin();
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).broker_id == "77");
    CHECK(scene.reports.at(0).state == (done ? RB_FILLED : RB_OPEN));
    if (done) CHECK(scene.reports.at(0).average_price == 80'050'000'000);
    if (done) CHECK(scene.reports.at(0).fee == 500'000'000);
    // Once found it is known by its id.
    scene.usual["GET orders"] = {200, "[]"};
    scene.usual["GET history/orders"] = {200, page_json(item_json(order_json("77", "CANCELLED")))};
    scene.plugin->now += 11 * second;
    scene.begin();
    REQUIRE_MESSAGE(scene.find() == RB_OK, scene.plugin->failure);
    CHECK(scene.reports.at(0).state == RB_CANCELLED);
    CHECK(scene.count("POST") == 1);
  }
}

TEST_CASE("trading212: what its endpoints will refuse is not asked, and said with when to come back") {
  Scene scene;
  const std::string full =
      "x-ratelimit-limit: 1\r\nx-ratelimit-period: 5\r\nx-ratelimit-remaining: 0\r\n"
      "x-ratelimit-reset: 1772463605\r\n";
  scene.usual["GET orders"] = {200, "[]", full};
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  const std::size_t before = scene.asked.size();
  CHECK(scene.submit("VUSA", one, 0, RB_BUY, "rb-2") == RB_EXHAUSTED);
  CHECK_MESSAGE(scene.says("2026-03-02T15:00:05"), scene.plugin->failure);
  CHECK(scene.asked.size() == before);
  scene.plugin->now += 5 * second;
  scene.scripts["POST orders/market"] = {{200, order_json("80", "NEW", "0", "1")}};
  CHECK(scene.submit("VUSA", one, 0, RB_BUY, "rb-2") == RB_OK);
  CHECK(scene.bodies.back().find("extendedHours") != std::string::npos);
}

TEST_CASE("trading212: an instrument is looked up, and an ambiguous one is asked about") {
  struct Case {
    const char* symbol;
    const char* words;
  };
  for (const Case& one_case :
       {Case{"ABC", "ABC is 2 instruments in GBP at Trading 212: ABCl_EQ (ABC one, GB1, GBX); ABC2l_EQ"},
        Case{"AAPL", "AAPL is not traded in GBP"}, Case{"ZZZ", "does not know ZZZ"},
        Case{"VUSA.L", "perhaps it is VUSAl_EQ"}}) {
    CAPTURE(one_case.symbol);
    Scene scene;
    CHECK(scene.submit(one_case.symbol) == RB_REJECTED);
    CHECK_MESSAGE(scene.says(one_case.words), scene.plugin->failure);
    CHECK(scene.count("POST") == 0);
  }
  Scene scene;
  CHECK(scene.submit("VUSA", 12'345'678) == RB_INVALID);
  CHECK(scene.says("must be a multiple of 0.0001"));
}

TEST_CASE("trading212: the account, positions and movements") {
  Scene scene;
  rb_account account{};
  const auto take = [](void* ctx, const rb_account* told) { *static_cast<rb_account*>(ctx) = *told; };
  REQUIRE(scene.api().account(scene.plugin->instance(), take, &account) == RB_OK);
  CHECK(account.cash == 1'000'250'000'000);
  CHECK(account.buying_power == 900'250'000'000);
  CHECK(account.equity == 1'500'500'000'000);

  scene.usual["GET positions"] = {200, "[" + position_json("VODl_EQ", "GB00BH4HKS39", "3.12345678") + "," +
                                           position_json("AAPL_US_EQ", "US0378331005", "1") + "]"};
  std::vector<Position> positions;
  const auto hold = [](void* ctx, const rb_position* told) {
    static_cast<std::vector<Position>*>(ctx)->push_back({PluginUnderTest::copy(told->symbol), told->quantity});
  };
  REQUIRE_MESSAGE(scene.api().positions(scene.plugin->instance(), hold, &positions) == RB_OK, scene.plugin->failure);
  REQUIRE(positions.size() == 2);
  CHECK(positions[0].symbol == "VOD");
  CHECK(positions[0].quantity == 3'123'456'780);
  CHECK(positions[1].symbol == "US0378331005");
  CHECK(scene.plugin->logs.back().second.find("AAPL_US_EQ") != std::string::npos);

  scene.usual["GET history/dividends"] = {
      200, page_json(R"({"ticker":"VUSAl_EQ","reference":"d1","amount":1.25,"currency":"GBP","type":"ORDINARY",)"
                     R"("paidOn":"2026-03-01T10:00:00Z"},{"ticker":"VUSAl_EQ","reference":"d0","amount":9,)"
                     R"("type":"ORDINARY","paidOn":"2025-03-01T10:00:00Z"})")};
  scene.scripts["GET history/transactions"] = {
      {200, page_json(R"({"reference":"t2","amount":50,"type":"WITHDRAW","dateTime":"2026-03-01T10:00:00Z"})",
                      R"("limit=50&cursor=c2")")},
      {200, page_json(R"({"reference":"t1","amount":100,"type":"DEPOSIT","dateTime":"2026-02-27T10:00:00Z"})",
                      R"("null&limit=50")")}};
  std::vector<Movement> movements;
  const auto move = [](void* ctx, const rb_movement* told) {
    static_cast<std::vector<Movement>*>(ctx)->push_back({PluginUnderTest::copy(told->id),
                                                         PluginUnderTest::copy(told->kind),
                                                         PluginUnderTest::copy(told->text), told->cash});
  };
  REQUIRE_MESSAGE(
      scene.api().movements(scene.plugin->instance(), start - 5 * 86'400 * second, move, &movements) == RB_OK,
      scene.plugin->failure);
  REQUIRE(movements.size() == 3);
  CHECK(movements[0].id == "dividend-d1");
  CHECK(movements[0].cash == 1'250'000'000);
  CHECK(movements[1].kind == "withdrawal");
  CHECK(movements[1].cash == -50 * one);
  CHECK(movements[2].cash == 100 * one);
  CHECK(scene.asked.back() == "GET history/transactions?limit=50&cursor=c2");
}

TEST_CASE("trading212: two positions that one name leads to are told as what they are") {
  Scene scene;
  scene.usual["GET positions"] = {200, "[" + position_json("VUSAd_EQ", "IE00B3XXRP09", "1") + "," +
                                           position_json("VUSAa_EQ", "IE00B3XXRP09", "2") + "]"};
  const auto ignore = [](void*, const rb_position*) {};
  CHECK(scene.api().positions(scene.plugin->instance(), ignore, nullptr) == RB_UNAVAILABLE);
  CHECK_MESSAGE(scene.says("the positions VUSAd_EQ and VUSAa_EQ are both IE00B3XXRP09"), scene.plugin->failure);
}

TEST_CASE("trading212: the desk may conclude from absence only after looks that are the settle time apart") {
  Scene scene;
  rb_capabilities told{};
  told.size = sizeof told;
  REQUIRE(scene.api().capabilities(scene.plugin->instance(), &told) == RB_OK);
  CHECK(told.lookup == RB_LOOKUP_BY_CLIENT_ID);
  CHECK(told.dedupe == RB_DEDUPE_NONE);
  CHECK(told.lookup_lag_s == 30 + 20 + 10);  // settle time, timeout, age of a look
  CHECK_FALSE(std::filesystem::exists(scene.file));
}

TEST_CASE("trading212: the file is of one account") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  scene.usual["GET account/summary"] = {200, R"({"id":999,"currency":"GBP","cash":{"availableToTrade":1}})"};
  scene.plugin->now += 60 * second;
  scene.begin();
  CHECK(scene.submit("VUSA", one, 0, RB_BUY, "rb-2") == RB_REJECTED);
  CHECK_MESSAGE(scene.says("belongs to the account demo 22123456, the keys to demo 999"), scene.plugin->failure);
  CHECK(scene.find() != RB_OK);
}

TEST_CASE("trading212: open orders, cancelling, and a status that nobody knows") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json()}) == RB_OK);
  scene.usual["GET orders"] = {200, "[" + order_json("77", "SLEEPING") + "," + order_json("99") + "]"};
  scene.reports.clear();
  REQUIRE(scene.api().open_orders(scene.plugin->instance(), &Scene::take, &scene.reports) == RB_OK);
  REQUIRE(scene.reports.size() == 2);
  CHECK(scene.reports[0].client_id == "rb-1");
  CHECK(scene.reports[0].state == RB_OPEN);
  CHECK(scene.reports[1].client_id == "trading212-99");
  CHECK(scene.plugin->logs.back().second.find("SLEEPING") != std::string::npos);

  scene.usual["DELETE orders/77"] = {200, ""};
  CHECK(scene.api().cancel(scene.plugin->instance(), {"rb-1", 4}) == RB_OK);
  scene.usual["DELETE orders/77"] = {404, ""};
  CHECK(scene.api().cancel(scene.plugin->instance(), {"rb-1", 4}) == RB_REJECTED);
  CHECK(scene.api().cancel(scene.plugin->instance(), {"rb-9", 4}) == RB_NOT_FOUND);
  // Known by its id and shown nowhere: that is no proof of anything.
  scene.usual["GET orders"] = {200, "[]"};
  scene.plugin->now += 60 * second;
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.says("neither as pending nor in the history yet"));
}
