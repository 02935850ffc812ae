#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "laboratory/laboratory.hpp"
#include "laboratory/simulator.hpp"
#include "socket_client.hpp"

namespace rebalancer::laboratory {
namespace {

namespace json = boost::json;
using test::HttpAnswer;

constexpr std::string_view pair_of_keys = "Authorization: Basic TEFCOkxBQg==\r\n";
constexpr std::string_view equity = "/api/v0/equity/";

struct Scene {
  explicit Scene(std::string_view faults = "", bool rate_limits = false) {
    LaboratorySettings settings;
    settings.broker = BrokerKind::trading212;
    settings.faults = FaultScript::parse(faults).value();
    settings.exchange.start = Instant::from_seconds(1'772'463'600);
    settings.exchange.quantities = {{"SPY", Decimal::whole(10)}};
    settings.rate_limits = rate_limits;
    laboratory = Laboratory::start(settings).value();
  }
  HttpAnswer ask(std::string_view method, std::string_view path, std::string_view body = "") const {
    const std::string target = path.starts_with('/') ? std::string(path) : std::string(equity) + std::string(path);
    return test::ask(laboratory->port(), method, target, pair_of_keys, body);
  }
  json::value get(std::string_view path) const {
    const HttpAnswer answer = ask("GET", path);
    REQUIRE_MESSAGE(answer.status == 200, path << " " << answer.status << " " << answer.body);
    return json::parse(answer.body);
  }
  HttpAnswer market(std::string_view ticker, std::string_view quantity) const {
    return ask("POST", "orders/market",
               R"({"ticker":")" + std::string(ticker) + R"(","quantity":)" + std::string(quantity) + "}");
  }
  void wait() const {
    laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::minutes(1)); });
  }
  std::unique_ptr<Laboratory> laboratory;
};

TEST_CASE("both kinds of keys are taken, others not") {
  const Scene scene;
  const std::uint16_t port = scene.laboratory->port();
  const std::string target = std::string(equity) + "account/summary";
  CHECK(test::ask(port, "GET", target, pair_of_keys).status == 200);
  CHECK(test::ask(port, "GET", target, "Authorization: LAB\r\n").status == 200);
  CHECK(test::ask(port, "GET", target, "Authorization: BAD\r\n").status == 401);
  CHECK(test::ask(port, "GET", target, "").status == 401);
  CHECK(std::to_string(scene.get("account/summary").at("id").as_int64()) == scene.laboratory->account_id());
}

TEST_CASE("the same order twice is two orders") {
  const Scene scene;
  CHECK(scene.market("IWM_US_EQ", "2").status == 200);
  CHECK(scene.market("IWM_US_EQ", "2").status == 200);
  scene.wait();
  CHECK(scene.laboratory->truth().quantity_of("IWM_US_EQ") == Decimal::whole(4));
}

TEST_CASE("pending, then in the history only, sales with a minus") {
  const Scene scene;
  const HttpAnswer made = scene.market("SPY_US_EQ", "-2.5");
  REQUIRE(made.status == 200);
  const json::value order = json::parse(made.body);
  CHECK(order.at("side").as_string() == "SELL");
  CHECK(order.at("quantity").as_double() == doctest::Approx(-2.5));
  CHECK(order.at("initiatedFrom").as_string() == "API");
  const std::string id = std::to_string(order.at("id").as_int64());
  const json::value pending = scene.get("orders/" + id);
  CHECK(pending.at("id") == order.at("id"));
  scene.wait();
  CHECK(scene.ask("GET", "orders/" + id).status == 404);
  CHECK(scene.get("orders").as_array().empty());
  const json::value history = scene.get("history/orders?ticker=SPY_US_EQ");
  const json::array& items = history.at("items").as_array();
  REQUIRE(!items.empty());
  for (const json::value& item : items) {
    CHECK(item.at("order").at("id") == order.at("id"));
    CHECK(item.at("order").at("status").as_string() == "FILLED");
    CHECK(item.at("fill").at("quantity").to_number<double>() < 0);
  }
  CHECK(history.at("nextPagePath").is_null());
}

TEST_CASE("refusals in Trading 212's several shapes") {
  const Scene scene;
  const auto type = [](const HttpAnswer& answer) { return json::parse(answer.body).at("type").as_string(); };
  const auto code = [](const HttpAnswer& answer) { return json::parse(answer.body).at("code").as_string(); };
  CHECK(code(scene.market("SPY_US_EQ", "1000")) == "InsufficientFreeForStocksBuy");
  CHECK(code(scene.market("SPY_US_EQ", "-11")) == "SellingEquityNotOwned");
  CHECK(code(scene.market("HALT_US_EQ", "1")) == "InstrumentNotFound");
  const HttpAnswer precise = scene.market("SPY_US_EQ", "1.00001");
  CHECK(precise.status == 400);
  CHECK(type(precise) == "/api-errors/quantity-precision-mismatch");
  CHECK(type(scene.market("WHOL_US_EQ", "1.5")) == "/api-errors/quantity-precision-mismatch");
  CHECK(type(scene.market("SPY", "1")) == "/api-errors/entity-not-found");
  CHECK(scene.market("SPY_US_EQ", "0").status == 400);
  CHECK(scene.ask("POST", "orders/market", R"({"ticker":"SPY_US_EQ","quantity":"1"})").status == 400);
  CHECK(scene.ask("POST", "orders/limit", R"({"ticker":"SPY_US_EQ","quantity":1})").status == 400);
  CHECK(scene.ask("GET", "orders/1").status == 404);
  CHECK(scene.ask("DELETE", "orders/1").status == 404);
  CHECK(scene.laboratory->truth().orders().empty());
}

TEST_CASE("a limit order rests, and its cancel is only asked for") {
  const Scene scene;
  const HttpAnswer made =
      scene.ask("POST", "orders/limit",
                R"({"ticker":"SPY_US_EQ","quantity":1,"limitPrice":600.00,"timeValidity":"GOOD_TILL_CANCEL"})");
  REQUIRE(made.status == 200);
  const std::string id = std::to_string(json::parse(made.body).at("id").as_int64());
  scene.wait();
  CHECK(scene.get("orders/" + id).at("status").as_string() == "NEW");
  CHECK(scene.ask("DELETE", "orders/" + id).status == 200);
  scene.wait();
  const json::value history = scene.get("history/orders");
  CHECK(history.at("items").at(0).at("order").at("status").as_string() == "CANCELLED");
  CHECK(!history.at("items").at(0).as_object().contains("fill"));
}

TEST_CASE("pence cost pence, with the fee for another currency") {
  const Scene scene;
  REQUIRE(scene.market("VODl_EQ", "100").status == 200);
  scene.wait();
  // 100 at 88.30 to 88.35 pence, 0.0132 dollars each, and 0.15 %.
  const Exchange truth = scene.laboratory->truth();
  CHECK(truth.cash() < Decimal::parse("99883.28").value());
  CHECK(truth.cash() > Decimal::parse("99883.19").value());
  const json::value history = scene.get("history/orders");
  const json::value& impact = history.at("items").at(0).at("fill").at("walletImpact");
  CHECK(impact.at("taxes").at(0).at("name").as_string() == "CURRENCY_CONVERSION_FEE");
}

TEST_CASE("each endpoint has its own limit and says so") {
  const Scene scene("", true);
  const HttpAnswer first = scene.ask("GET", "account/summary");
  CHECK(first.status == 200);
  CHECK(first.head.find("x-ratelimit-limit: 1\r\nx-ratelimit-period: 5\r\nx-ratelimit-remaining: 0\r\n") !=
        std::string::npos);
  CHECK(scene.ask("GET", "account/summary").status == 429);
  CHECK(scene.ask("GET", "positions").status == 200);
  scene.laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::seconds(6)); });
  CHECK(scene.ask("GET", "account/summary").status == 200);
}

TEST_CASE("the pages of the history leave nothing out, whatever falls together") {
  const Scene scene;
  for (int i = 0; i < 9; ++i) REQUIRE(scene.market("EFA_US_EQ", "3").status == 200);
  scene.wait();
  std::size_t seen = 0;
  std::string path = "history/orders?limit=4";
  while (true) {
    const json::value page = scene.get(path);
    seen += page.at("items").as_array().size();
    if (page.at("nextPagePath").is_null()) break;
    path = std::string(page.at("nextPagePath").as_string());
  }
  CHECK(seen == scene.laboratory->truth().executions().size());
  CHECK(seen > 9);
}

TEST_CASE("an order that cannot be seen yet is in no list") {
  const Scene scene("hidden(2)@submit:1");
  REQUIRE(scene.market("IWM_US_EQ", "1").status == 200);
  scene.wait();
  const json::value first = scene.get("history/orders");
  CHECK(first.at("items").as_array().empty());
  CHECK(scene.get("orders").as_array().empty());
  const json::value third = scene.get("history/orders");
  CHECK(third.at("items").as_array().size() >= 1);
}

TEST_CASE("one short name may be two instruments") {
  LaboratorySettings settings;
  settings.broker = BrokerKind::trading212;
  settings.exchange.quantities = {{"VOD", Decimal::whole(1)}};
  const auto started = Laboratory::start(settings);
  REQUIRE(!started);
  CHECK(started.error().message == "VOD is the short name of several instruments; say VOD_US_EQ");
  CHECK(encode_base64("LAB:LAB") == "TEFCOkxBQg==");
  CHECK(encode_base64("a") == "YQ==");
  CHECK(encode_base64("ab") == "YWI=");
}

}  // namespace
}  // namespace rebalancer::laboratory
