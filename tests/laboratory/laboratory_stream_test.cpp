// The stream of the simulated Alpaca, from a client's side, and what the script's faults do to it.
#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "laboratory/laboratory.hpp"
#include "websocket_client.hpp"

namespace rebalancer::laboratory {
namespace {

namespace json = boost::json;
using Client = test::WebSocketTestClient;

constexpr std::string_view keys = R"({"action":"authenticate","data":{"key_id":"LAB","secret_key":"LAB"}})";
constexpr std::string_view listen = R"({"action":"listen","data":{"streams":["trade_updates"]}})";

struct Scene {
  explicit Scene(std::string_view faults = "") {
    LaboratorySettings settings;
    settings.faults = FaultScript::parse(faults).value();
    settings.exchange.start = Instant::from_seconds(1'772'463'600);
    settings.exchange.quantities = {{"SPY", Decimal::whole(10)}};
    settings.exchange.rules.pieces_max = 1;
    settings.rate_limits = false;
    laboratory = Laboratory::start(settings).value();
  }
  // A stream that listens.
  [[nodiscard]] std::unique_ptr<Client> stream() const {
    auto client = std::make_unique<Client>(laboratory->port());
    client->say(Client::text, keys);
    CHECK(client->next() == R"({"stream":"authorization","data":{"action":"authenticate","status":"authorized"}})");
    CHECK(client->kind == Client::binary);
    client->say(Client::text, listen);
    CHECK(client->next() == R"({"stream":"listening","data":{"streams":["trade_updates"]}})");
    return client;
  }
  [[nodiscard]] test::HttpAnswer ask(std::string_view method, const std::string& target,
                                     std::string_view body = "") const {
    return test::ask(laboratory->port(), method, target, "APCA-API-KEY-ID: LAB\r\nAPCA-API-SECRET-KEY: LAB\r\n", body);
  }
  // Its id.
  std::string submit(const std::string& client_id, std::string_view rest = R"("type":"market")") const {
    const auto answer = ask("POST", "/v2/orders",
                            R"({"symbol":"SPY","qty":"2","side":"buy","time_in_force":"day","client_order_id":")" +
                                client_id + "\"," + std::string(rest) + "}");
    REQUIRE(answer.status == 200);
    return std::string(json::parse(answer.body).at("id").as_string());
  }
  std::unique_ptr<Laboratory> laboratory;
};

// "new a", "fill a"
std::string event_of(const std::string& message) {
  if (message.empty()) return "";
  const json::value parsed = json::parse(message);
  CHECK(parsed.at("stream") == "trade_updates");
  const json::value& data = parsed.at("data");
  return std::string(data.at("event").as_string()) + " " +
         std::string(data.at("order").at("client_order_id").as_string());
}

std::vector<std::string> events_of(Client& client, std::size_t count) {
  std::vector<std::string> events;
  while (events.size() < count) {
    const std::string message = client.next();
    if (client.kind != Client::binary) break;
    events.push_back(event_of(message));
  }
  return events;
}

using Events = std::vector<std::string>;

TEST_CASE("a stream tells what happens to orders, with the order as the other calls have it") {
  const Scene scene;
  scene.submit("before");
  while (!is_done(scene.laboratory->truth().order_of("before")->status))
    static_cast<void>(scene.ask("GET", "/v2/clock"));
  const auto stream = scene.stream();
  const std::string id = scene.submit("a");
  CHECK(event_of(stream->next()) == "new a");
  const json::value update = json::parse(stream->next()).at("data");
  CHECK(update.at("event") == "fill");
  CHECK(update.at("qty") == "2");
  CHECK(update.at("position_qty") == "14");
  CHECK(update.at("order") == json::parse(scene.ask("GET", "/v2/orders/" + id).body));
  CHECK(update.at("price") == update.at("order").at("filled_avg_price"));
  stream->say(Client::ping, "are you there");
  CHECK(stream->next() == "are you there");
  CHECK(stream->kind == Client::pong);
  stream->say(Client::close, "\x03\xE8");
  CHECK(stream->next() == "\x03\xE8");
  CHECK(stream->kind == Client::close);
  static_cast<void>(stream->next());
  CHECK(stream->kind == -1);
}

TEST_CASE("cancelled, replaced and rejected orders are told too") {
  const Scene scene("rejected-later@submit:3");
  const auto stream = scene.stream();
  constexpr std::string_view far = R"("type":"limit","limit_price":"1")";
  const std::string cancelled = scene.submit("a", far), replaced = scene.submit("b", far);
  CHECK(events_of(*stream, 2) == Events{"new a", "new b"});
  CHECK(scene.ask("DELETE", "/v2/orders/" + cancelled).status == 204);
  CHECK(events_of(*stream, 2) == Events{"pending_cancel a", "canceled a"});
  CHECK(scene.ask("PATCH", "/v2/orders/" + replaced, R"({"qty":"3","client_order_id":"c"})").status == 200);
  CHECK(events_of(*stream, 2) == Events{"new c", "replaced b"});
  scene.submit("d", far);
  CHECK(events_of(*stream, 2) == Events{"new d", "rejected d"});
}

TEST_CASE("keys come first, and must be right") {
  const Scene scene("unauthorized@stream:3");
  for (const std::string_view first :
       {listen, std::string_view(R"({"action":"authenticate","data":{"key_id":"LAB","secret_key":"no"}})"), keys}) {
    Client client(scene.laboratory->port());
    client.say(Client::text, first);
    CHECK(client.next().find(R"("status":"unauthorized")") != std::string::npos);
    static_cast<void>(client.next());
    CHECK(client.kind == -1);
  }
  static_cast<void>(scene.stream());
  Client broken(scene.laboratory->port());
  broken.write("\xFF\xFF");
  CHECK(broken.next() == "\x03\xEA");
  CHECK(broken.kind == Client::close);
}

TEST_CASE("updates are lost, doubled, late, as the script has it") {
  const auto told = [](std::string_view faults, std::size_t count) {
    const Scene scene(faults);
    const auto stream = scene.stream();
    scene.submit("a");
    Events events = events_of(*stream, std::min<std::size_t>(count, 2));
    scene.submit("b");
    for (std::string& event : events_of(*stream, count - events.size())) events.push_back(std::move(event));
    CHECK(scene.laboratory->struck().size() == (faults.empty() ? 0 : 1));
    return events;
  };
  CHECK(told("", 4) == Events{"new a", "fill a", "new b", "fill b"});
  CHECK(told("lost-update@update:3", 3) == Events{"new a", "fill a", "fill b"});
  CHECK(told("doubled-update@update:3", 5) == Events{"new a", "fill a", "new b", "new b", "fill b"});
  CHECK(told("late-update@update:3", 4) == Events{"new a", "fill a", "fill b", "new b"});
}

TEST_CASE("a stream is cut, falls silent, or is not to be had") {
  {
    const Scene scene("connection-lost@update:2");
    const auto stream = scene.stream();
    scene.submit("a");
    CHECK(event_of(stream->next()) == "new a");
    const std::string rest = stream->next();
    CHECK(stream->kind == -1);
    CHECK(rest.size() > 10);  // cut within a frame
  }
  {
    const Scene scene("half-open@update:2");
    const auto stream = scene.stream();
    scene.submit("a");
    CHECK(event_of(stream->next()) == "new a");
    while (scene.laboratory->struck().empty()) static_cast<void>(scene.ask("GET", "/v2/clock"));
    stream->say(Client::ping, "are you there");
    stream->wait_at_most(200);
    CHECK(stream->next().empty());
    CHECK(stream->kind == -1);
  }
  const Scene scene("connection-lost@stream:1, error-before(503)@stream:2, forbidden@stream:3, silent-after@stream:4");
  CHECK(Client(scene.laboratory->port()).agreed.size() <= 4);
  CHECK(Client(scene.laboratory->port()).agreed.starts_with("HTTP/1.1 503 "));
  CHECK(Client(scene.laboratory->port()).agreed.starts_with("HTTP/1.1 403 "));
  Client silent(scene.laboratory->port());
  CHECK(silent.agreed.starts_with("HTTP/1.1 101 "));
  silent.say(Client::text, keys);
  silent.wait_at_most(200);
  CHECK(silent.next().empty());
  static_cast<void>(scene.stream());
  // None of this counts as a request that a script without streams means.
  CHECK(scene.laboratory->requests(RequestKind::stream) == 5);
  CHECK(test::ask(scene.laboratory->port(), "GET", "/stream", "").status == 426);
}

}  // namespace
}  // namespace rebalancer::laboratory
