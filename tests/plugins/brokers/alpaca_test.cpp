// The built plugin, asked through the contract, against answers in Alpaca's own words: each failure is told as what it
// is, and none becomes another.
#include <fstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "plugins/brokers/alpaca/scene.hpp"
#include "support/reference.hpp"

using namespace rebalancer;
using namespace rebalancer::test::alpaca;
using test::PluginUnderTest;

TEST_CASE("alpaca: an order goes out as the API wants it, once, with its client id") {
  Scene scene;
  REQUIRE(scene.submit_answered({200, order_json("accepted")}) == RB_OK);
  CHECK(scene.reports.at(0).state == RB_OPEN);
  CHECK(scene.reports.at(0).broker_id == "b1");
  const auto body = boost::json::parse(scene.bodies.back());
  CHECK(body.at("symbol") == "SPY");
  CHECK(body.at("qty") == "2.5");
  CHECK(body.at("side") == "buy");
  CHECK(body.at("type") == "limit");
  CHECK(body.at("limit_price") == "500.1");
  CHECK(body.at("time_in_force") == "day");
  CHECK(body.at("client_order_id") == "rb-1");
  CHECK(scene.headers.find("APCA-API-KEY-ID: KEY\r\n") != std::string::npos);
  CHECK(scene.count("POST") == 1);
  // What is known of account, market and asset is not asked again for every order.
  REQUIRE(scene.submit_answered({200, order_json("filled", "2.5")}) == RB_OK);
  CHECK(scene.reports.at(0).state == RB_FILLED);
  CHECK(scene.reports.at(0).average_price == 499'123'456'789);
  CHECK(scene.asked.size() == 5);
}

TEST_CASE("alpaca: every answer to an order means what it means, and nothing else") {
  struct Case {
    Answer answer;
    std::int32_t code;
    const char* words;
  };
  const std::vector<Case> cases{
      {{403, R"({"buying_power":"17.2","code":40310000,"cost_basis":"4864","message":"insufficient buying power"})"},
       RB_REJECTED,
       "insufficient buying power (code 40310000)"},
      {{403,
        R"({"available":"0","code":40310000,"existing_qty":"106","message":"insufficient qty available for order"})"},
       RB_REJECTED,
       "insufficient qty available"},
      {{401, R"({"code":40110000,"message":"request is not authorized"})"}, RB_REJECTED, "the keys are not accepted"},
      {{403, R"({"message":"forbidden."})"}, RB_REJECTED, "forbidden."},
      {{422, R"({"code":42210000,"message":"sub-penny increment does not fulfill minimum pricing criteria"})"},
       RB_REJECTED,
       "sub-penny"},
      {{429, R"({"code":42910000,"message":"rate limit exceeded"})", "X-RateLimit-Reset: 1772463660\r\n"},
       RB_EXHAUSTED,
       "again at 1772463660"},
      {{500, ""}, RB_TIMEOUT, "it may have been carried out"},
      {{503, "<html><body>Down for maintenance</body></html>"}, RB_TIMEOUT, "a page for people"},
      {{504, "gateway timeout"}, RB_TIMEOUT, "gateway timeout"},
      {{408, ""}, RB_TIMEOUT, "it may have been carried out"},
      {{302, ""}, RB_TIMEOUT, "no answer to what was asked"},
      {{404, "<html>nginx</html>"}, RB_TIMEOUT, "page for people"},
      {{200, R"({"id":"b1","client_order_)"}, RB_TIMEOUT, "it ends in the middle"},
      {{200, "<html>hello</html>"}, RB_TIMEOUT, "page for people"},
      {{200, R"({"id":"b1"})"}, RB_TIMEOUT, "client_order_id is missing"},
      {{200, R"({"id":"b1","id":"b2"})"}, RB_TIMEOUT, "twice"},
      {{200, order_json("accepted", "0", "rb-2")}, RB_TIMEOUT, "the answer is of order rb-2"},
      {{200, order_json("accepted", "many")}, RB_TIMEOUT, "filled_qty is \"many\""},
      {{0, ""}, RB_EXHAUSTED, "cannot reach it"},
      {{-1, ""}, RB_TIMEOUT, "no answer in time"},
  };
  for (const Case& one_case : cases) {
    CAPTURE(one_case.answer.status);
    CAPTURE(one_case.answer.body);
    Scene scene;
    CHECK(scene.submit_answered(one_case.answer) == one_case.code);
    CHECK_MESSAGE(scene.plugin.failure.find(one_case.words) != std::string::npos, scene.plugin.failure);
    CHECK(scene.reports.empty());
    CHECK(scene.count("POST") == 1);  // never sent again by itself
    CHECK(scene.plugin.failure.find("SECRET") == std::string::npos);
  }
}

TEST_CASE("alpaca: an id that is taken is looked up: the same order is its answer, another one is a conflict") {
  const Answer taken{422, R"({"code":40010001,"message":"client_order_id must be unique"})"};
  const std::string lookup = "GET /v2/orders:by_client_order_id";
  Scene scene;
  scene.usual[lookup] = {200, order_json("partially_filled", "1")};
  CHECK(scene.submit_answered(taken) == RB_OK);
  CHECK(scene.reports.at(0).state == RB_PARTIAL);
  CHECK(scene.reports.at(0).filled == one);
  scene.scripts["POST /v2/orders"] = {taken};
  CHECK(scene.submit(3 * one) == RB_CONFLICT);
  CHECK(scene.plugin.failure == "the id rb-1 is taken by another order: buy 2.5 SPY at 500.1");
  scene.usual.erase(lookup);
  CHECK(scene.submit_answered(taken) == RB_TIMEOUT);
}

TEST_CASE("alpaca: what would be refused or kept until tomorrow is refused before it is sent") {
  const auto refusal = [](const char* path, const std::string& body, int status = 200) {
    Scene scene;
    scene.usual[path] = {status, body};
    CHECK(scene.submit() == RB_REJECTED);
    CHECK(scene.count("POST") == 0);
    return scene.plugin.failure;
  };
  CHECK(refusal("GET /v2/clock", changed(clock_json, "true", "false")) ==
        "the market is closed until 2026-03-03T14:30:00Z, and queue_when_closed is off");
  CHECK(refusal("GET /v2/account", changed(account_json, "ACTIVE", "ACCOUNT_CLOSED")) ==
        "the account is ACCOUNT_CLOSED, orders need an ACTIVE one");
  CHECK(refusal("GET /v2/account", changed(account_json, R"("account_blocked":false)", R"("account_blocked":true)")) ==
        "the account says account_blocked: it takes no orders");
  CHECK(refusal("GET /v2/assets/SPY", R"({"code":40410000,"message":"asset not found for SPY"})", 404) ==
        "Alpaca does not know the symbol SPY");
  CHECK(refusal("GET /v2/assets/SPY", changed(asset_json, R"("tradable":true)", R"("tradable":false)")) ==
        "SPY is active and not tradable at Alpaca");
  CHECK(refusal("GET /v2/assets/SPY", changed(asset_json, R"("fractionable":true)", R"("fractionable":false)")) ==
        "SPY is traded in whole shares only at Alpaca, the order is for 2.5");
  Scene queued(PluginUnderTest::Settings{{"queue_when_closed", "true"}});
  queued.usual["GET /v2/clock"] = {200, changed(clock_json, "true", "false")};
  CHECK(queued.submit_answered({200, order_json("accepted")}) == RB_OK);
  // Looking failed, so nothing is known and nothing was sent.
  Scene down;
  down.usual["GET /v2/clock"] = {503, "<html>"};
  CHECK(down.submit() == RB_UNAVAILABLE);
  CHECK(down.count("POST") == 0);
}

TEST_CASE("alpaca: every documented status is told, an unknown one counts as open and is told to people") {
  const std::string lookup = "GET /v2/orders:by_client_order_id";
  for (const auto& [status, state] :
       std::vector<std::pair<std::string, std::int32_t>>{{"new", RB_OPEN},
                                                         {"accepted", RB_OPEN},
                                                         {"pending_new", RB_OPEN},
                                                         {"accepted_for_bidding", RB_OPEN},
                                                         {"held", RB_OPEN},
                                                         {"stopped", RB_OPEN},
                                                         {"suspended", RB_OPEN},
                                                         {"calculated", RB_OPEN},
                                                         {"done_for_day", RB_OPEN},
                                                         {"pending_cancel", RB_OPEN},
                                                         {"pending_replace", RB_OPEN},
                                                         {"canceled", RB_CANCELLED},
                                                         {"expired", RB_CANCELLED},
                                                         {"rejected", RB_ORDER_REJECTED}}) {
    CAPTURE(status);
    Scene scene;
    scene.usual[lookup] = {200, order_json(status)};
    CHECK(scene.find() == RB_OK);
    CHECK(scene.reports.at(0).state == state);
    CHECK(scene.plugin.logs.empty());
  }
  Scene scene;
  scene.usual[lookup] = {200, order_json("quantum", "1")};
  CHECK(scene.find() == RB_OK);
  CHECK(scene.reports.at(0).state == RB_PARTIAL);
  REQUIRE(scene.plugin.logs.size() == 1);
  CHECK(scene.plugin.logs.front().second ==
        "order rb-1: Alpaca says \"quantum\", which its documents do not know: taken as open");
}

TEST_CASE("alpaca: only its own 404 says that there is no order") {
  const std::string lookup = "GET /v2/orders:by_client_order_id";
  Scene scene;
  CHECK(scene.find() == RB_NOT_FOUND);
  scene.usual[lookup] = {404, "<html>nginx</html>"};
  CHECK(scene.find() == RB_UNAVAILABLE);
  scene.usual[lookup] = {500, ""};
  CHECK(scene.find() == RB_UNAVAILABLE);
  scene.usual[lookup] = {200, order_json("new", "0", "rb-9")};
  CHECK(scene.find() == RB_UNAVAILABLE);
}

TEST_CASE("alpaca: an order that somebody replaced is followed to what took its place") {
  Scene scene;
  std::string replaced = order_json("replaced");
  replaced.replace(replaced.find("null}"), 4, R"("b2")");
  scene.usual["GET /v2/orders:by_client_order_id"] = {200, replaced};
  std::string next = order_json("filled", "2.5", "by-hand");
  next.replace(next.find("b1"), 2, "b2");
  scene.usual["GET /v2/orders/b2"] = {200, next};
  CHECK(scene.find() == RB_OK);
  CHECK(scene.reports.at(0).client_id == "rb-1");
  CHECK(scene.reports.at(0).broker_id == "b2");
  CHECK(scene.reports.at(0).state == RB_FILLED);
}

TEST_CASE("alpaca: fills of an order come from all pages, each once, and only its own") {
  Scene scene;
  scene.usual["GET /v2/orders:by_client_order_id"] = {200, order_json("filled", "2.5")};
  const auto activity = [](int number, std::string_view order, std::string_view quantity) {
    return fmt::format(R"({{"activity_type":"FILL","id":"2026::{:04}","order_id":"{}","symbol":"SPY","side":"buy",)"
                       R"("qty":"{}","price":"499.12","transaction_time":"2026-03-02T15:00:01.5Z","type":"fill"}})",
                       number, order, quantity);
  };
  std::string page = "[";
  for (int i = 0; i < 100; ++i) page += (i == 0 ? "" : ",") + activity(i, i == 40 ? "b1" : "other", "1");
  scene.scripts["GET /v2/account/activities/FILL"] = {
      {200, page + "]"}, {200, "[" + activity(99, "other", "1") + "," + activity(100, "b1", "1.5") + "]"}};
  std::vector<std::pair<std::string, rb_decimal>> fills;
  const auto take = [](void* ctx, const rb_fill* fill) {
    static_cast<std::vector<std::pair<std::string, rb_decimal>>*>(ctx)->emplace_back(PluginUnderTest::copy(fill->id),
                                                                                     fill->quantity);
  };
  REQUIRE(scene.api().fills(scene.plugin.instance(), {"rb-1", 4}, take, &fills) == RB_OK);
  CHECK(fills == std::vector<std::pair<std::string, rb_decimal>>{{"2026::0040", one}, {"2026::0100", 3 * one / 2}});
  CHECK(scene.asked.back().find("page_token=2026%3A%3A0099") != std::string::npos);
  // A page that is cut short is no answer.
  scene.scripts["GET /v2/account/activities/FILL"] = {{200, page}};
  CHECK(scene.api().fills(scene.plugin.instance(), {"rb-1", 4}, take, &fills) == RB_UNAVAILABLE);
}

TEST_CASE("alpaca: cancelling is asked for; what cannot be cancelled any more is told") {
  Scene scene;
  scene.usual["GET /v2/orders:by_client_order_id"] = {200, order_json("new")};
  scene.usual["DELETE /v2/orders/b1"] = {204, ""};
  CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_OK);
  scene.usual["DELETE /v2/orders/b1"] = {422, R"({"code":42210000,"message":"order is already filled"})"};
  CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_REJECTED);
  CHECK(scene.plugin.failure == "order rb-1 cannot be cancelled any more (order is already filled (code 42210000))");
  scene.usual["DELETE /v2/orders/b1"] = {500, ""};
  CHECK(scene.api().cancel(scene.plugin.instance(), {"rb-1", 4}) == RB_TIMEOUT);
}

TEST_CASE("alpaca: what moved the account beside orders is told with its cash and its shares") {
  Scene scene;
  scene.usual["GET /v2/account/activities"] = {
      200,
      R"([{"activity_type":"DIV","id":"1::a","date":"2026-03-01","net_amount":"1.02","per_share_amount":"0.51","qty":"2",)"
      R"("status":"executed","symbol":"T"},)"
      R"({"activity_type":"SPLIT","id":"2::b","date":"2026-03-01","net_amount":"0","qty":"6","symbol":"SPY"},)"
      R"({"activity_type":"FEE","id":"3::c","date":"2026-03-02","net_amount":"-0.03","status":"canceled"}])"};
  struct Told {
    std::string id, symbol;
    rb_decimal cash, quantity;
    rb_instant at;
  };
  std::vector<Told> told;
  const auto take = [](void* ctx, const rb_movement* movement) {
    static_cast<std::vector<Told>*>(ctx)->push_back({PluginUnderTest::copy(movement->id),
                                                     PluginUnderTest::copy(movement->symbol), movement->cash,
                                                     movement->quantity, movement->at});
  };
  REQUIRE(scene.api().movements(scene.plugin.instance(), 0, take, &told) == RB_OK);
  REQUIRE(told.size() == 2);
  CHECK(told[0].id == "1::a");
  CHECK(told[0].symbol.empty());
  CHECK(told[0].cash == 1'020'000'000);
  CHECK(told[0].quantity == 0);
  CHECK(told[0].at == 1'772'323'200'000'000'000);
  CHECK(told[1].symbol == "SPY");
  CHECK(told[1].quantity == 6 * one);
}

TEST_CASE("alpaca: paper and live are told apart by the host, and keys must be words") {
  const auto refusal = [](PluginUnderTest::Settings settings) { return Scene(std::move(settings)).plugin.failure; };
  CHECK(refusal({{"base_url", "https://api.alpaca.markets"}}) ==
        "base_url is the live host, and paper is true: real money would look like paper");
  CHECK(refusal({{"base_url", "https://paper-api.alpaca.markets/v2/"}, {"paper", "false"}}) ==
        "base_url is the paper host, and paper is false");
  CHECK(refusal({{"secret_key", "SECRET\n"}}).starts_with("api_key and secret_key must be one word"));
  for (const bool paper : {true, false}) {
    Scene scene(PluginUnderTest::Settings{{"paper", paper ? "true" : "false"}});
    rb_capabilities can{};
    can.size = sizeof can;
    REQUIRE(scene.api().capabilities(scene.plugin.instance(), &can) == RB_OK);
    CHECK(((can.flags & RB_SIMULATED) != 0) == paper);
    CHECK(can.dedupe == RB_DEDUPE_PERMANENT);
    CHECK(can.lookup == RB_LOOKUP_BY_CLIENT_ID);
    CHECK(can.lookup_lag_s == 30);
  }
}

TEST_CASE("alpaca: orders as Alpaca's documents and clients show them are read") {
  const auto file = test::reference_file("protocols/fixtures/alpaca/openapi-examples.json");
  if (!file) return;
  std::ifstream in(*file);
  const auto examples = boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
  for (const auto& [name, example] : examples.as_object()) {
    CAPTURE(std::string(name));
    const auto& value = example.at("value").as_object();
    Scene scene;
    scene.usual["GET /v2/orders:by_client_order_id"] = {200, boost::json::serialize(value)};
    const std::string client_id(value.at("client_order_id").as_string());
    CHECK_MESSAGE(scene.find(client_id) == RB_OK, scene.plugin.failure);
  }
}
