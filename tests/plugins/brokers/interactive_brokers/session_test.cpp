// The conversation: handshake, accounts, lists without an end, lost lines, and what is never sent twice.
#include <doctest/doctest.h>

#include "scene.hpp"

namespace rebalancer::test {
namespace {

std::string greeting(const std::string& version) { return tws_frame(tws_payload({version, "20260406 17:00:00 CET"})); }

}  // namespace

TEST_CASE("the handshake offers the versions whose layouts are known, and begins only with an account and an id") {
  TwsScene scene;
  scene.executions({});
  CHECK(scene.open_orders() == RB_OK);
  CHECK(scene.server.first_bytes() == std::string("API\0v157..178", 13));
  CHECK(scene.server.requests("71") == std::vector<TwsFields>{{"71", "2", "7", ""}});
  CHECK(scene.server.connections() == 1);
  CHECK(scene.open_orders() == RB_OK);
  CHECK(scene.server.connections() == 1);
}

TEST_CASE("any other server is refused with a sentence") {
  const auto refused = [](const std::string& bytes) {
    TwsScene scene;
    scene.server.greet_with(bytes);
    CHECK(scene.open_orders() == RB_UNAVAILABLE);
    CHECK(scene.server.requests("71").empty());
    return scene.plugin->failure;
  };
  CHECK(refused(greeting("156")).find("server version 156, must be 157 to 178") != std::string::npos);
  CHECK(refused(greeting("201")).find("server version 201, must be 157 to 178") != std::string::npos);
  CHECK(refused("HTTP/1.1 503 Service Unavailable\r\n\r\n<html>").find("no TWS or IB Gateway") != std::string::npos);
  CHECK(refused(tws_frame("<html>")).find("does not begin with a server version") != std::string::npos);
}

TEST_CASE("a server that is not there, that says nothing, and a client id that is taken") {
  TwsScene nobody("port", "1");
  CHECK(nobody.submit() == RB_UNAVAILABLE);
  CHECK(nobody.failed_with("cannot connect to 127.0.0.1:1"));
  TwsScene mute("connect_timeout", "200");
  mute.server.greet_with("");
  CHECK(mute.open_orders() == RB_UNAVAILABLE);
  CHECK(mute.failed_with("does not answer the first message"));
  TwsScene taken;
  taken.server.on("71", [](const auto& to, const TwsFields&) {
    to.send(tws_error("-1", "326", "Unable to connect as the client id is already in use."));
    to.hang_up();
  });
  CHECK(taken.open_orders() == RB_UNAVAILABLE);
  CHECK(taken.failed_with("client_id 7 is used by another program"));
  TwsScene half("connect_timeout", "200");
  half.server.on("71", [](const auto& to, const TwsFields&) { to.send({"15", "1", "DU1234567"}); });
  CHECK(half.open_orders() == RB_UNAVAILABLE);
  CHECK(half.failed_with("does not tell the next order id within 200 ms"));
}

TEST_CASE("the account: the right one, of the right kind, or nothing happens") {
  const auto refusal = [](const std::string& accounts, TwsScene::Settings settings) {
    TwsScene scene(std::move(settings));
    scene.accounts = accounts;
    CHECK(scene.submit() == RB_INVALID);
    CHECK(scene.orders_sent() == 0);
    return scene.plugin->failure;
  };
  CHECK(refusal("DU1,DU2,", {}) == "this login has the accounts DU1, DU2: say which in account");
  CHECK(refusal("DU1,DU2,", {{"account", "DU3"}}) == "account is DU3, this login has only DU1, DU2");
  CHECK(refusal("U1234567", {}) == "account U1234567 trades real money, and paper is true");
  CHECK(refusal("DU1", {{"paper", "false"}}) == "account DU1 is a paper account, and paper is false");
  CHECK(refusal("", {}) == "this login has no account");
  TwsScene second("account", "DU2");
  second.accounts = "DU1,DU2,";
  CHECK(second.open_orders() == RB_OK);
}

TEST_CASE("a list without its end is no list") {
  TwsScene scene;
  CHECK(scene.open_orders() == RB_OK);
  for (const char* request : {"16", "61", "62"}) scene.silent(request);
  CHECK(scene.open_orders() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the list of open orders did not come to its end within 300 ms"));
  CHECK(scene.positions() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the list of positions did not come to its end"));
  CHECK(scene.account() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the account's summary did not come to its end"));
  // A line on which nothing comes at all may be half open: the next question takes a new one.
  CHECK(scene.server.connections() == 3);
}

TEST_CASE("a list with an item that cannot be read is no list") {
  TwsScene scene;
  scene.server.on("61", [](const auto& to, const TwsFields&) {
    to.send(
        {"61", "3", "DU1234567", "756733", "SPY", "STK", "", "0.0", "", "", "ARCA", "USD", "SPY", "SPY", "many", "1"});
    to.send({"62", "1"});
  });
  CHECK(scene.positions() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("message 61 (position), field 14: \"many\" is no number"));
  scene.server.on("61", [](const auto& to, const TwsFields&) { to.send_bytes("<html>maintenance</html>"); });
  CHECK(scene.positions() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the stream lost its place at \"<html>maintenance</html>\""));
}

TEST_CASE("while the gateway has lost Interactive Brokers nothing is sent and nothing is believed") {
  TwsScene scene;
  CHECK(scene.open_orders() == RB_OK);
  scene.server.on("16", [](const auto& to, const TwsFields&) {
    to.send({"53", "1"});
    to.send(tws_error("-1", "1100", "Connectivity between IB and Trader Workstation has been lost."));
  });
  CHECK(scene.open_orders() == RB_OK);
  scene.on_order([](const TwsOrder& order) { return TwsScene::Messages{tws_open_order(order)}; });
  // The loss may come behind the end of the list that was read.
  while (scene.open_orders() == RB_OK) {
  }
  CHECK(scene.failed_with("the gateway has lost Interactive Brokers: Connectivity between"));
  CHECK(scene.submit() == RB_REJECTED);
  CHECK(scene.failed_with("order rb-1 was not sent"));
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.orders_sent() == 0);
}

TEST_CASE("after 1101 and 1102 what is known is asked for again, and nothing is sent again") {
  for (const char* code : {"1101", "1102"}) {
    TwsScene scene;
    scene.on_order([&](const TwsOrder& order) {
      return TwsScene::Messages{tws_error("-1", "1100", "lost"), tws_error("-1", code, "restored"),
                                tws_open_order(order)};
    });
    CHECK(scene.submit() == RB_OK);
    const std::size_t lists = scene.server.requests("16").size();
    CHECK(scene.submit("rb-2") == RB_OK);
    CHECK(scene.server.requests("16").size() == lists + 1);
    CHECK(scene.orders_sent() == 2);
    CHECK(scene.server.requests("3")[0][26] == "rb-1");
    CHECK(scene.server.requests("3")[1][26] == "rb-2");
  }
}

TEST_CASE("a connection that ends after an order was sent leaves it unknown; the next question connects again") {
  TwsScene scene;
  scene.server.on("3", [](const auto& to, const TwsFields&) { to.hang_up(); });
  CHECK(scene.submit() == RB_TIMEOUT);
  CHECK(scene.failed_with("was sent, and then: TWS or IB Gateway at 127.0.0.1"));
  TwsOrder order;
  scene.open({order});
  CHECK(scene.find() == RB_OK);
  CHECK(scene.server.connections() == 2);
  CHECK(scene.orders_sent() == 1);
  // It is ours, and it is there: it is not sent a second time.
  CHECK(scene.submit() == RB_CONFLICT);
  CHECK(scene.orders_sent() == 1);
}

TEST_CASE("messages are paced") {
  TwsScene scene("messages_per_second", "40");
  // 20 at once, then one each 50 ms: the start, and 22 lists.
  for (int i = 0; i < 22; ++i) REQUIRE(scene.open_orders() == RB_OK);
  CHECK(scene.server.requests("16").size() == 22);
}

TEST_CASE("somebody who wants to stop does not wait for the end of a timeout") {
  TwsScene scene("answer_timeout", "120000");
  CHECK(scene.open_orders() == RB_OK);
  scene.silent("61");
  scene.plugin->cancelled = true;
  CHECK(scene.positions() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the list of positions was not waited for: the program stops"));
}

}  // namespace rebalancer::test
