#include "laboratory/laboratory.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "socket_client.hpp"

namespace rebalancer::laboratory {
namespace {

using test::HttpAnswer;
using test::SocketClient;

constexpr std::string_view keys = "APCA-API-KEY-ID: LAB\r\nAPCA-API-SECRET-KEY: LAB\r\n";

std::unique_ptr<Laboratory> laboratory_with(std::string_view faults, std::uint64_t seed = 7) {
  LaboratorySettings settings;
  settings.faults = FaultScript::parse(faults).value();
  settings.exchange.seed = seed;
  settings.exchange.start = Instant::from_seconds(1'772'463'600);
  settings.exchange.quantities = {{"SPY", Decimal::whole(10)}};
  settings.rate_limits = false;
  return Laboratory::start(settings).value();
}

HttpAnswer ask(Laboratory& laboratory, std::string_view method, std::string_view target, std::string_view body = "") {
  return test::ask(laboratory.port(), method, target, keys, body);
}

std::string order(std::string_view client_id) {
  return R"({"symbol":"IWM","qty":"3","side":"buy","type":"market","time_in_force":"day","client_order_id":")" +
         std::string(client_id) + "\"}";
}

HttpAnswer submit(Laboratory& laboratory, std::string_view client_id) {
  return ask(laboratory, "POST", "/v2/orders", order(client_id));
}

bool has_order(Laboratory& laboratory, std::string_view client_id) {
  return laboratory.truth().order_of(client_id) != nullptr;
}

TEST_CASE("each fault: what the client sees, and whether the order exists") {
  struct Row {
    const char* fault;
    int status;  // 0: no answer
    bool exists;
  };
  for (const Row& row : {Row{"connection-lost@submit:1", 0, false}, Row{"reply-lost@submit:1", 0, true},
                         Row{"restart@submit:1", 0, false}, Row{"error-before(500)@submit:1", 500, false},
                         Row{"error-after(504)@submit:1", 504, true}, Row{"html-before(503)@submit:1", 503, false},
                         Row{"html-before(200)@submit:1", 200, false}, Row{"html-after(502)@submit:1", 502, true},
                         Row{"too-many(30)@submit:1", 429, false}, Row{"unauthorized@submit:1", 401, false},
                         Row{"forbidden@submit:1", 403, false}, Row{"blocked@submit:1", 403, false},
                         Row{"cut-body(12)@submit:1", 200, true}, Row{"cut(12)@submit:1", 200, true},
                         Row{"slow(200)@submit:1", 200, true}, Row{"hidden(2)@submit:1", 200, true}}) {
    const auto laboratory = laboratory_with(row.fault);
    const HttpAnswer answer = submit(*laboratory, "a");
    CHECK_MESSAGE(answer.status == row.status, row.fault);
    CHECK_MESSAGE(has_order(*laboratory, "a") == row.exists, row.fault);
    REQUIRE(laboratory->struck().size() == 1);
    CHECK(laboratory->struck().front().starts_with("submit 1: "));
    CHECK(submit(*laboratory, "b").status == (std::string_view(row.fault).starts_with("blocked") ? 403 : 200));
  }
}

TEST_CASE("what is cut ends where it should") {
  const auto laboratory = laboratory_with("cut(12)@clock:1, cut-body(12)@clock:2, cut-body(100000)@clock:3");
  SocketClient client(laboratory->port());
  client.write("GET /v2/clock HTTP/1.1\r\nHost: x\r\n" + std::string(keys) + "\r\n");
  const std::string all = client.read_all();
  CHECK(all.substr(all.find("\r\n\r\n") + 4).size() == 12);
  CHECK(ask(*laboratory, "GET", "/v2/clock").body == R"({"timestamp")");
  CHECK(!ask(*laboratory, "GET", "/v2/clock").body.ends_with('}'));
}

TEST_CASE("a request that is never answered does not keep others waiting, nor the laboratory from ending") {
  auto laboratory = laboratory_with("silent-after@submit:1, half-open@submit:2");
  SocketClient first(laboratory->port());
  SocketClient second(laboratory->port());
  for (const auto& [client, id] : {std::pair{&first, "a"}, {&second, "b"}}) {
    const std::string body = order(id);
    client->write("POST /v2/orders HTTP/1.1\r\nHost: x\r\n" + std::string(keys) +
                  "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    client->wait_at_most(100);
    CHECK(client->read_some().empty());
  }
  CHECK(has_order(*laboratory, "a"));
  CHECK(!has_order(*laboratory, "b"));
  CHECK(submit(*laboratory, "c").status == 200);
  laboratory.reset();
  CHECK(first.read_all().empty());
}

TEST_CASE("the world changes in the middle: split overnight, dividend, a trade by hand, a clock that jumps") {
  const auto laboratory = laboratory_with(
      "overnight@clock:1, split(SPY 2:1)@clock:1, dividend(SPY 1.5)@clock:2, outside-trade(SPY -5)@clock:3, "
      "clock-jump(-7200)@clock:4, price(SPY 250)@clock:5");
  const Instant before = laboratory->truth().now();
  for (int i = 0; i < 5; ++i) CHECK(ask(*laboratory, "GET", "/v2/clock").status == 200);
  const Exchange truth = laboratory->truth();
  CHECK(truth.quantity_of("SPY") == Decimal::whole(15));
  CHECK(truth.events().size() == 2);
  CHECK(truth.now().nanoseconds() - before.nanoseconds() > 8LL * 3'600 * 1'000'000'000);
  CHECK(truth.now().nanoseconds() - truth.shown_now().nanoseconds() == 7'200LL * 1'000'000'000);
  CHECK(truth.instruments().at("SPY").price == Decimal::whole(250));
  CHECK(truth.broken_laws().empty());
}

TEST_CASE("a split is in the list of activities, one that is untold is not") {
  const auto laboratory = laboratory_with("split(SPY 2:1)@clock:1, split-untold(SPY 2:1)@clock:2");
  for (int i = 0; i < 2; ++i) CHECK(ask(*laboratory, "GET", "/v2/clock").status == 200);
  const std::string told = ask(*laboratory, "GET", "/v2/account/activities").body;
  const std::size_t first = told.find("\"SPLIT\"");
  CHECK(first != std::string::npos);
  CHECK(told.find("\"SPLIT\"", first + 1) == std::string::npos);
  CHECK(laboratory->truth().events().size() == 2);
  CHECK(laboratory->truth().broken_laws().empty());
}

TEST_CASE("lists that are wrong for one answer, while the truth is right") {
  const auto laboratory =
      laboratory_with("duplicate-fills@fills:2, reordered-fills@fills:3, dropped-fill@fills:4, short-list@positions:1");
  REQUIRE(submit(*laboratory, "a").status == 200);
  laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::minutes(1)); });
  const auto count = [](const std::string& body) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = body.find("\"FILL\"", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  const std::string right = ask(*laboratory, "GET", "/v2/account/activities").body;
  const std::size_t fills = laboratory->truth().executions().size();
  CHECK(count(right) == fills);
  CHECK(count(ask(*laboratory, "GET", "/v2/account/activities").body) == 2 * fills);
  CHECK(count(ask(*laboratory, "GET", "/v2/account/activities").body) == fills);
  CHECK(count(ask(*laboratory, "GET", "/v2/account/activities").body) == fills - 1);
  CHECK(ask(*laboratory, "GET", "/v2/positions").body.find("SPY") == std::string::npos);
  CHECK(ask(*laboratory, "GET", "/v2/positions").body.find("SPY") != std::string::npos);
}

TEST_CASE("time from outside is followed, and what was skipped stays ahead of it") {
  std::atomic<std::int64_t> seconds = 1'772'463'600;
  LaboratorySettings settings;
  settings.clock = [&seconds] { return Instant::from_seconds(seconds); };
  const auto laboratory = Laboratory::start(settings).value();
  CHECK(laboratory->truth().now() == Instant::from_seconds(seconds));
  laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::hours(24)); });
  seconds += 60;
  CHECK(laboratory->truth().now() == Instant::from_seconds(seconds + 86'400));
}

TEST_CASE("a user looks at the truth, adds faults and lets time pass over HTTP") {
  const auto laboratory = laboratory_with("");
  CHECK(ask(*laboratory, "POST", "/laboratory/faults", "too-many(5)@clock:1").status == 200);
  CHECK(ask(*laboratory, "GET", "/v2/clock").status == 429);
  CHECK(ask(*laboratory, "POST", "/laboratory/faults", "nonsense").status == 400);
  CHECK(ask(*laboratory, "POST", "/laboratory/clock", "86400").status == 200);
  CHECK(ask(*laboratory, "POST", "/laboratory/clock", "-1").status == 400);
  const HttpAnswer truth = ask(*laboratory, "GET", "/laboratory");
  CHECK(truth.status == 200);
  CHECK(truth.body.find("\"SPY\":\"10\"") != std::string::npos);
  CHECK(truth.body.find("\"now\":\"2026-03-03") != std::string::npos);
  CHECK(ask(*laboratory, "GET", "/laboratory/none").status == 404);
}

TEST_CASE("many clients at once, with faults: the laws of the account hold") {
  const auto laboratory = laboratory_with(FaultScript::random(5, 30, 40).to_string());
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&laboratory, client] {
      for (int i = 0; i < 25; ++i) {
        static_cast<void>(submit(*laboratory, std::to_string(client) + "-" + std::to_string(i)));
        static_cast<void>(ask(*laboratory, "GET", "/v2/orders?status=all"));
      }
    });
  }
  for (std::thread& client : clients) client.join();
  const Exchange truth = laboratory->truth();
  CHECK(laboratory->requests(RequestKind::submit) == 100);
  CHECK(truth.orders().size() > 50);
  CHECK(truth.broken_laws().empty());
}

TEST_CASE("what cannot be served is told") {
  LaboratorySettings settings;
  settings.exchange.calendar = "XNON";
  CHECK(!Laboratory::start(settings));
  CHECK(!broker_kind_named("alpacca"));
  CHECK(broker_kind_named("trading212") == BrokerKind::trading212);
}

}  // namespace
}  // namespace rebalancer::laboratory
