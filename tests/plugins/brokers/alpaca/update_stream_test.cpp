// The built plugin beside a stream that says what the test wants: how often it asks, and that nothing the stream does
// or leaves out changes what it tells.
#include <condition_variable>
#include <memory>
#include <mutex>

#include <doctest/doctest.h>

#include "plugins/brokers/alpaca/scene.hpp"
#include "support/websocket_peer.hpp"

using namespace rebalancer;
using namespace rebalancer::test::alpaca;
using namespace std::chrono_literals;
using test::WebSocketPeer;

namespace {

constexpr auto binary = WebSocketPeer::Kind::binary;
constexpr rb_instant second_ns = 1'000'000'000;
const std::string looks = "GET /v2/orders:by_client_order_id";
const std::string authorized = R"({"stream":"authorization","data":{"action":"authenticate","status":"authorized"}})";
const std::string listening = R"({"stream":"listening","data":{"streams":["trade_updates"]}})";

std::string update(std::string_view client_id) {
  return fmt::format(R"({{"stream":"trade_updates","data":{{"event":"fill","execution_id":"e","price":"500","qty":"9",)"
                     R"("position_qty":"9","timestamp":"2026-03-02T15:00:01Z","order":{}}}}})",
                     order_json("filled", "9", client_id));
}

// A stream that takes any keys. The test says what it tells and when it has been heard.
class StreamServer {
 public:
  explicit StreamServer(std::string authorization = authorized)
      : server_(laboratory::SocketServer::listen(0, [this, authorization](const laboratory::Connection& connection) {
                  serve(connection, authorization);
                }).value()) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  void drop_connections() { server_->drop_connections(); }
  // The plugin has heard that it listens, for the `times`th time.
  [[nodiscard]] bool is_listened_to(int times = 1) {
    return until([&] { return listeners_ >= times; });
  }
  // The plugin has heard it.
  [[nodiscard]] bool tell(std::string message) {
    int told = 0;
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      told = static_cast<int>(messages_.size());
    }
    changed_.notify_all();
    return until([&] { return heard_ >= told; });
  }
  [[nodiscard]] int connections() {
    const std::lock_guard lock(mutex_);
    return connections_;
  }
  [[nodiscard]] std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  template <class Condition>
  bool until(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }
  void note(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  void serve(const laboratory::Connection& connection, const std::string& authorization) {
    WebSocketPeer peer{connection};
    note([&] { ++connections_; });
    if (!peer.agree()) return;
    for (const std::string& answer : {authorization, listening}) {
      std::string request = peer.next(WebSocketPeer::Kind::text);
      if (request.empty()) return;
      note([&] { said_.push_back(std::move(request)); });
      peer.say(binary, answer);
    }
    peer.wait_until_heard("listening");
    note([&] { ++listeners_; });
    while (connection.read_some(peer.buffer, 5ms)) {
      peer.buffer.clear();
      std::unique_lock lock(mutex_);
      if (static_cast<std::size_t>(heard_) == messages_.size()) continue;
      const std::string message = messages_[static_cast<std::size_t>(heard_)];
      lock.unlock();
      peer.say(binary, message);
      peer.wait_until_heard(fmt::format("{}", heard_));
      note([&] { ++heard_; });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int connections_ = 0, listeners_ = 0, heard_ = 0;
  std::vector<std::string> messages_, said_;
  std::unique_ptr<laboratory::SocketServer> server_;  // the last: its threads use what is above
};

// An order is open, and somebody listens.
struct OpenOrder {
  explicit OpenOrder(bool stream = true) : scene({{"stream", stream ? "true" : "false"}, {"base_url", server.url()}}) {
    REQUIRE(scene.submit_answered({200, order_json("new")}) == RB_OK);
    scene.usual[looks] = {200, order_json("new")};
    if (stream) REQUIRE(server.is_listened_to());
  }
  // What is told of it after so many finds, and how many looks these took.
  std::size_t looks_of(int finds) {
    const std::size_t before = scene.count(looks);
    for (int i = 0; i < finds; ++i) REQUIRE(scene.find() == RB_OK);
    return scene.count(looks) - before;
  }
  StreamServer server;
  Scene scene;
};

}  // namespace

TEST_CASE("alpaca: an order that waits is asked for once with the stream, and each time without") {
  OpenOrder with, without(false);
  CHECK(with.looks_of(40) == 1);
  CHECK(without.looks_of(40) == 40);
  CHECK(with.scene.reports.at(0).state == RB_OPEN);
  CHECK(with.scene.reports.at(0).broker_id == "b1");
  CHECK(without.server.connections() == 0);
  CHECK(with.server.said() == std::vector<std::string>{
                                  R"({"action":"authenticate","data":{"key_id":"KEY","secret_key":"SECRET"}})",
                                  R"({"action":"listen","data":{"streams":["trade_updates"]}})",
                              });
  CHECK(with.scene.plugin.logs.empty());
}

TEST_CASE("alpaca: an update asks for a look, and what is told is what the look says") {
  OpenOrder order;
  CHECK(order.looks_of(2) == 1);
  order.scene.usual[looks] = {200, order_json("partially_filled", "1")};
  CHECK(order.looks_of(2) == 0);
  REQUIRE(order.server.tell(update("rb-1")));
  CHECK(order.looks_of(2) == 1);
  CHECK(order.scene.reports.at(0).state == RB_PARTIAL);
  CHECK(order.scene.reports.at(0).filled == one);
}

TEST_CASE("alpaca: a false update costs a look and nothing else") {
  OpenOrder order;
  CHECK(order.looks_of(2) == 1);
  for (const std::string& message :
       {update("rb-1"), update("rb-1"), update("somebody else's"), std::string("<html>"), std::string("\xff\xfe"),
        std::string(R"({"stream":"trade_updates","data":{"event":"fill"}})")}) {
    CAPTURE(message);
    REQUIRE(order.server.tell(message));
    CHECK(order.looks_of(5) == 1);
    CHECK(order.scene.reports.at(0).state == RB_OPEN);
    CHECK(order.scene.reports.at(0).filled == 0);
  }
  REQUIRE(order.server.tell(R"({"stream":"account_updates","data":{}})"));
  CHECK(order.looks_of(5) == 0);
}

TEST_CASE("alpaca: a fill whose update was lost is found by the age of what was seen") {
  OpenOrder order;
  CHECK(order.looks_of(2) == 1);
  order.scene.usual[looks] = {200, order_json("filled", "2.5")};
  order.scene.plugin.now += 15 * second_ns;
  CHECK(order.looks_of(1) == 0);
  CHECK(order.scene.reports.at(0).state == RB_OPEN);
  order.scene.plugin.now += second_ns;  // far below 60 s
  CHECK(order.looks_of(1) == 1);
  CHECK(order.scene.reports.at(0).state == RB_FILLED);
  CHECK(order.scene.reports.at(0).filled == 5 * one / 2);
  // What has ended is asked for each time.
  CHECK(order.looks_of(3) == 3);
}

TEST_CASE("alpaca: what is compared with the account, and what is about to be cancelled, is looked at") {
  OpenOrder order;
  CHECK(order.looks_of(2) == 1);
  order.scene.usual["GET /v2/positions"] = {200, "[]"};
  const auto ignore = [](void*, const rb_position*) {};
  REQUIRE(order.scene.api().positions(order.scene.plugin.instance(), ignore, nullptr) == RB_OK);
  CHECK(order.looks_of(2) == 1);

  order.scene.usual["DELETE /v2/orders/b1"] = {204, ""};
  REQUIRE(order.scene.api().cancel(order.scene.plugin.instance(), {"rb-1", 4}) == RB_OK);
  order.scene.usual[looks] = {200, order_json("pending_cancel")};
  CHECK(order.looks_of(3) == 3);
  order.scene.usual[looks] = {200, order_json("canceled")};
  CHECK(order.looks_of(1) == 1);
  CHECK(order.scene.reports.at(0).state == RB_CANCELLED);
}

TEST_CASE("alpaca: while the stream is lost orders are asked for, and a person is told once") {
  OpenOrder order;
  CHECK(order.looks_of(2) == 1);
  order.server.drop_connections();
  REQUIRE(order.server.is_listened_to(2));
  // What happened in between nobody told.
  CHECK(order.looks_of(3) == 1);
  order.server.drop_connections();
  REQUIRE(order.server.is_listened_to(3));
  CHECK(order.looks_of(3) == 1);
  REQUIRE(order.scene.plugin.logs.size() == 1);
  CHECK(order.scene.plugin.logs[0].first == 2);
  CHECK(order.scene.plugin.logs[0].second.starts_with("the stream of trade updates is not there (the "));
}

TEST_CASE("alpaca: a stream that refuses the keys is left alone, and orders are asked for") {
  StreamServer server(R"({"stream":"authorization","data":{"action":"authenticate","status":"unauthorized"}})");
  Scene scene({{"stream", "true"}, {"base_url", server.url()}});
  REQUIRE(scene.submit_answered({200, order_json("new")}) == RB_OK);
  scene.usual[looks] = {200, order_json("new")};
  int finds = 0;
  while (scene.plugin.logs.empty() && ++finds < 1'000'000) REQUIRE(scene.find() == RB_OK);
  REQUIRE(scene.plugin.logs.size() == 1);
  CHECK(scene.plugin.logs[0].second ==
        "Alpaca refuses the stream of trade updates (unauthorized): orders are asked for");
  CHECK(scene.count(looks) == static_cast<std::size_t>(finds));
  CHECK(server.connections() == 1);
}

TEST_CASE("alpaca: no order, no stream") {
  StreamServer server;
  Scene scene({{"stream", "true"}, {"base_url", server.url()}});
  scene.usual[looks] = {200, order_json("filled", "2.5")};
  scene.usual["GET /v2/positions"] = {200, "[]"};
  const auto ignore = [](void*, const rb_position*) {};
  REQUIRE(scene.api().positions(scene.plugin.instance(), ignore, nullptr) == RB_OK);
  REQUIRE(scene.find() == RB_OK);
  CHECK(server.connections() == 0);
  scene.usual[looks] = {200, order_json("new")};
  REQUIRE(scene.find() == RB_OK);
  CHECK(server.is_listened_to());
}
