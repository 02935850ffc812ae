#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "laboratory/alpaca_json.hpp"
#include "laboratory/laboratory.hpp"
#include "socket_client.hpp"

namespace rebalancer::laboratory {
namespace {

namespace json = boost::json;
using test::HttpAnswer;

constexpr std::string_view keys = "APCA-API-KEY-ID: LAB\r\nAPCA-API-SECRET-KEY: LAB\r\n";

struct Scene {
  explicit Scene(std::string_view faults = "", bool rate_limits = false) {
    LaboratorySettings settings;
    settings.faults = FaultScript::parse(faults).value();
    settings.exchange.start = Instant::from_seconds(1'772'463'600);  // Monday 2026-03-02, 10:00 in New York
    settings.exchange.calendar = "XNYS";
    settings.exchange.quantities = {{"SPY", Decimal::whole(10)}};
    settings.rate_limits = rate_limits;
    laboratory = Laboratory::start(settings).value();
  }
  HttpAnswer ask(std::string_view method, std::string_view target, std::string_view body = "") const {
    return test::ask(laboratory->port(), method, target, keys, body);
  }
  json::value get(std::string_view target) const {
    const HttpAnswer answer = ask("GET", target);
    REQUIRE_MESSAGE(answer.status == 200, target << " " << answer.status << " " << answer.body);
    return json::parse(answer.body);
  }
  HttpAnswer submit(std::string_view client_id, std::string_view rest) const {
    return ask("POST", "/v2/orders",
               R"({"time_in_force":"day","type":"market","client_order_id":")" + std::string(client_id) + "\"," +
                   std::string(rest) + "}");
  }
  std::unique_ptr<Laboratory> laboratory;
};

std::string text(const json::value& object, std::string_view name) { return std::string(object.at(name).as_string()); }

std::string message(const HttpAnswer& answer) { return text(json::parse(answer.body), "message"); }
std::int64_t code(const HttpAnswer& answer) { return json::parse(answer.body).at("code").as_int64(); }

constexpr std::string_view buy_two = R"("symbol":"IWM","qty":"2","side":"buy")";

TEST_CASE("keys are asked for") {
  const Scene scene;
  const HttpAnswer none = test::ask(scene.laboratory->port(), "GET", "/v2/account", "");
  CHECK(none.status == 401);
  CHECK(code(none) == 40'110'000);
  const HttpAnswer wrong = test::ask(scene.laboratory->port(), "GET", "/v2/account",
                                     "APCA-API-KEY-ID: LAB\r\nAPCA-API-SECRET-KEY: wrong\r\n");
  CHECK(wrong.status == 401);
  CHECK(text(scene.get("/v2/account"), "account_number") == scene.laboratory->account_id());
}

TEST_CASE("an order from acceptance to its fills, as every call tells it") {
  const Scene scene;
  const HttpAnswer made = scene.submit("a-1", buy_two);
  REQUIRE(made.status == 200);
  const json::value order = json::parse(made.body);
  CHECK(text(order, "status") == "accepted");
  CHECK(text(order, "filled_qty") == "0");
  CHECK(order.at("filled_avg_price").is_null());
  const std::string id = text(order, "id");
  for (int i = 0; i < 20; ++i) static_cast<void>(scene.get("/v2/clock"));  // time passes
  const json::value found = scene.get("/v2/orders:by_client_order_id?client_order_id=a-1");
  CHECK(text(found, "status") == "filled");
  CHECK(text(found, "filled_qty") == "2");
  CHECK(found == scene.get("/v2/orders/" + id));
  CHECK(scene.get("/v2/orders").as_array().empty());  // open ones
  CHECK(scene.get("/v2/orders?status=closed").as_array().size() == 1);
  CHECK(text(scene.get("/v2/positions/IWM"), "qty") == "2");
  Decimal sum;
  const json::value fills = scene.get("/v2/account/activities/FILL");
  for (const json::value& fill : fills.as_array()) {
    CHECK(text(fill, "order_id") == id);
    sum = add(sum, Decimal::parse(text(fill, "qty")).value()).value();
  }
  CHECK(sum == Decimal::whole(2));
}

TEST_CASE("refusals in Alpaca's words") {
  const Scene scene;
  REQUIRE(scene.submit("a-1", buy_two).status == 200);
  const HttpAnswer twice = scene.submit("a-1", buy_two);
  CHECK(twice.status == 422);
  CHECK(code(twice) == 40'010'001);
  CHECK(message(twice) == "client_order_id must be unique");

  const HttpAnswer poor = scene.submit("a-2", R"("symbol":"SPY","qty":"1000","side":"buy")");
  CHECK(poor.status == 403);
  CHECK(code(poor) == 40'310'000);
  CHECK(message(poor) == "insufficient buying power");
  CHECK(!text(json::parse(poor.body), "cost_basis").empty());

  const HttpAnswer short_sale = scene.submit("a-3", R"("symbol":"SPY","qty":"11","side":"sell")");
  CHECK(short_sale.status == 403);
  CHECK(message(short_sale) == "insufficient qty available for order (requested: 11, available: 10)");
  CHECK(text(json::parse(short_sale.body), "existing_qty") == "10");

  CHECK(message(scene.submit("a-4", R"("symbol":"NOPE","qty":"1","side":"buy")")) == "asset \"NOPE\" not found");
  CHECK(message(scene.submit("a-5", R"("symbol":"HALT","qty":"1","side":"buy")")) == "asset \"HALT\" is not tradable");
  const HttpAnswer penny = scene.submit("a-6", R"("symbol":"SPY","qty":"1","side":"buy","limit_price":"1.001")");
  CHECK(penny.status == 422);  // a market order has no limit
  CHECK(scene.ask("POST", "/v2/orders", "{").status == 400);
  CHECK(scene.ask("POST", "/v2/orders", R"({"symbol":"SPY","qty":1,"side":"buy"})").status == 422);
  CHECK(scene.ask("GET", "/v2/orders:by_client_order_id?client_order_id=none").status == 404);
  CHECK(scene.ask("GET", "/v2/orders/00000000-0000-4000-8000-000000000001").status == 404);
  CHECK(scene.ask("GET", "/v2/orders/x").status == 422);
  CHECK(scene.ask("GET", "/v2/assets/NOPE").status == 404);
  CHECK(message(scene.ask("GET", "/v2/positions/EFA")) == "position does not exist");
  CHECK(scene.laboratory->truth().orders().size() == 1);
}

TEST_CASE("a cancel is taken, and refused for what is done") {
  const Scene scene("never-fill@submit:1");
  const std::string id = text(json::parse(scene.submit("a-1", buy_two).body), "id");
  CHECK(scene.ask("DELETE", "/v2/orders/" + id).status == 204);
  for (int i = 0; i < 5; ++i) static_cast<void>(scene.get("/v2/clock"));
  CHECK(text(scene.get("/v2/orders/" + id), "status") == "canceled");
  const HttpAnswer again = scene.ask("DELETE", "/v2/orders/" + id);
  CHECK(again.status == 422);
  CHECK(message(again) == "order is already in \"canceled\" state");
}

TEST_CASE("a replaced order has another id, and each names the other") {
  const Scene scene;
  const HttpAnswer made = scene.ask("POST", "/v2/orders",
                                    R"({"symbol":"SPY","qty":"1","side":"buy","type":"limit","limit_price":"600",)"
                                    R"("time_in_force":"gtc","client_order_id":"a-1"})");
  REQUIRE(made.status == 200);
  const std::string id = text(json::parse(made.body), "id");
  const HttpAnswer changed = scene.ask("PATCH", "/v2/orders/" + id, R"({"qty":"2","client_order_id":"a-2"})");
  REQUIRE(changed.status == 200);
  CHECK(text(json::parse(changed.body), "replaces") == id);
  const json::value old = scene.get("/v2/orders/" + id);
  CHECK(text(old, "status") == "replaced");
  CHECK(text(old, "replaced_by") == text(json::parse(changed.body), "id"));
}

TEST_CASE("the limit of requests in a minute, and its headers") {
  const Scene scene("", true);
  const HttpAnswer first = scene.ask("GET", "/v2/clock");
  CHECK(first.head.find("X-RateLimit-Limit: 200\r\nX-RateLimit-Remaining: 199\r\nX-RateLimit-Reset: ") !=
        std::string::npos);
  HttpAnswer last;
  for (int i = 0; i < 200; ++i) last = scene.ask("GET", "/v2/clock");
  CHECK(last.status == 429);
  CHECK(code(last) == 42'910'000);
  scene.laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::minutes(1)); });
  CHECK(scene.ask("GET", "/v2/clock").status == 200);
}

TEST_CASE("lists are cut into pages that leave nothing out") {
  const Scene scene;
  for (int i = 0; i < 7; ++i) REQUIRE(scene.submit("a-" + std::to_string(i), buy_two).status == 200);
  for (int i = 0; i < 20; ++i) static_cast<void>(scene.get("/v2/clock"));
  std::size_t seen = 0;
  std::string token;
  while (true) {
    const json::value page = scene.get("/v2/account/activities?page_size=3&page_token=" + token);
    if (page.as_array().empty()) break;
    seen += page.as_array().size();
    token = text(page.as_array().back(), "id");
  }
  CHECK(seen == scene.laboratory->truth().executions().size());
  CHECK(seen >= 7);
  const json::value orders = scene.get("/v2/orders?status=all&limit=3&direction=asc");
  CHECK(text(orders.at(0), "client_order_id") == "a-0");
  const json::value next = scene.get("/v2/orders?status=all&direction=asc&after=" + text(orders.at(2), "submitted_at"));
  CHECK(next.as_array().size() == 4);
}

TEST_CASE("ids are found again, and only their own kind") {
  const std::string id = alpaca::uuid(7, alpaca::Named::order, 12);
  CHECK(id.size() == 36);
  CHECK(alpaca::number_of(7, alpaca::Named::order, id) == 12);
  CHECK(!alpaca::number_of(8, alpaca::Named::order, id));
  CHECK(!alpaca::number_of(7, alpaca::Named::asset, id));
}

}  // namespace
}  // namespace rebalancer::laboratory
