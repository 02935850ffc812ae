// The built plugin against a TWS on a real socket: orders, what becomes of them, and what may never become of them.
#include <doctest/doctest.h>

#include "plugins/brokers/interactive_brokers/scene.hpp"

namespace rebalancer::test {
namespace {

using Messages = TwsScene::Messages;

// The reports of a submit that is answered so.
std::vector<TwsReport> answered(TwsScene& scene, TwsScene::Reply reply) {
  scene.on_order(std::move(reply));
  scene.submit();
  return scene.reports;
}

}  // namespace

TEST_CASE("what it can do") {
  TwsScene scene;
  rb_capabilities told{};
  told.size = sizeof told;
  CHECK(scene.api().capabilities(scene.plugin->instance(), &told) == RB_OK);
  CHECK(told.flags == (RB_SIMULATED | RB_MARKET_ORDERS | RB_LIMIT_ORDERS));
  CHECK(told.dedupe == RB_DEDUPE_NONE);
  CHECK(told.lookup == RB_LOOKUP_BY_TAG);
  CHECK(told.lookup_lag_s == 30);
  CHECK(told.quantity_increment == one_share);
  // Asked without a connection: an instance made to check a configuration disturbs nobody.
  CHECK(scene.server.connections() == 0);
  CHECK_FALSE(std::filesystem::exists(scene.folder.file("ids")));
}

TEST_CASE("the account's figures, of our account, in its currency") {
  TwsScene scene;
  std::string currency = "USD", cash = "12000.00";
  scene.server.on("62", [&](const auto& to, const TwsFields& asked) {
    for (const char* account : {"DU9999999", "DU1234567"}) {
      const bool own = std::string(account) == "DU1234567";
      to.send({"63", "1", asked[2], account, "NetLiquidation", own ? "68000.5" : "1", currency});
      to.send({"63", "1", asked[2], account, "TotalCashValue", own ? cash : "1", currency});
      to.send({"63", "1", asked[2], account, "BuyingPower", own ? "300000.00" : "1", currency});
    }
    to.send({"64", "1", asked[2]});
  });
  CHECK(scene.account() == RB_OK);
  CHECK(scene.account_told == "DU1234567 USD 12000000000000 68000500000000 300000000000000");
  currency = "EUR";
  CHECK(scene.account() == RB_INVALID);
  // Each is ended, since only two may be kept up.
  CHECK(scene.server.requests("63").size() >= 1);
  CHECK(scene.failed_with("account DU1234567 is kept in EUR, and currency is USD"));
  currency = "USD";
  cash = "a lot";
  CHECK(scene.account() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("TotalCashValue of account DU1234567: \"a lot\" is no number"));
  scene.server.on("62", [](const auto& to, const TwsFields& asked) { to.send({"64", "1", asked[2]}); });
  CHECK(scene.account() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("the summary of account DU1234567 has no TotalCashValue"));
}

TEST_CASE("positions: stocks of our account") {
  TwsScene scene;
  std::vector<TwsFields> told{
      {"61", "3", "DU9999999", "1", "VTI", "STK", "", "0.0", "", "", "ARCA", "USD", "VTI", "VTI", "5", "1"},
      {"61", "3", "DU1234567", "2", "SPY", "STK", "", "0.0", "", "", "ARCA", "USD", "SPY", "SPY", "15", "200.25"},
      {"61", "3", "DU1234567", "3", "BRK B", "STK", "", "0.0", "", "", "NYSE", "USD", "BRK B", "BRKB", "-2", "1"},
      {"61", "3", "DU1234567", "4", "QQQ", "OPT", "20270115", "500.0", "P", "100", "", "USD", "QQQ  P500", "QQQ", "-3",
       "1"}};
  scene.server.on("61", [&](const auto& to, const TwsFields&) {
    for (const TwsFields& position : told) to.send(position);
    to.send({"62", "1"});
  });
  CHECK(scene.positions() == RB_OK);
  CHECK(scene.holdings == "BRK-B=-2 SPY=15 ");
  CHECK(scene.logged("the position of -3 QQQ  P500 (OPT) is left out"));
  told.push_back({"61", "3", "DU1234567", "9", "SPY", "STK", "", "0.0", "", "", "LSE", "USD", "SPY", "SPY", "1", "1"});
  CHECK(scene.positions() == RB_CONFLICT);
  CHECK(scene.failed_with("two positions of SPY: contracts 2 and 9"));
  told.back() = {"61", "3", "DU1234567", "9", "VOD", "STK", "", "0.0", "", "", "LSE", "GBP", "VOD", "VOD", "1", "1"};
  CHECK(scene.positions() == RB_CONFLICT);
  CHECK(scene.failed_with("the position of 1 VOD is in GBP, and currency is USD"));
}

TEST_CASE("an order is placed, fills in parts and is filled: each execution once, with its commission") {
  TwsScene scene;
  const auto taken = answered(scene, [](const TwsOrder& order) {
    return Messages{tws_open_order(tws_with_status(order, "PendingSubmit")),
                    tws_open_order(tws_with_status(order, "PreSubmitted")),
                    tws_order_status(tws_with_status(order, "PreSubmitted"))};
  });
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].client_id == "rb-1");
  CHECK(taken[0].broker_id == "4900101");
  CHECK(taken[0].state == RB_OPEN);
  const auto sent = scene.server.requests("3");
  REQUIRE(sent.size() == 1);
  CHECK(sent[0][1] == "101");
  CHECK(sent[0][2] == "756733");
  CHECK(sent[0][16] == "BUY");
  CHECK(sent[0][17] == "100");
  CHECK(sent[0][18] == "LMT");
  CHECK(sent[0][19] == "500.1");
  CHECK(sent[0][23] == "DU1234567");
  CHECK(sent[0][26] == "rb-1");

  TwsOrder order;
  order.perm_id = "4900101";
  const auto first = tws_execution(order, "-1", "0000e0d5.69dd7411.01.01", "40", "500");
  const auto second = tws_execution(order, "-1", "0000e0d5.69dd7412.01.01", "60", "500.1");
  const auto fee = tws_commission("0000e0d5.69dd7411.01.01", "1.0"),
             rest = tws_commission("0000e0d5.69dd7412.01.01", "0.5");
  scene.open({tws_with_status(order, "Submitted", "40", "500.0")});
  scene.executions({first, fee});
  CHECK(scene.find() == RB_OK);
  REQUIRE(scene.reports.size() == 1);
  CHECK(scene.reports[0].state == RB_PARTIAL);
  CHECK(scene.reports[0].filled == 40 * one_share);
  CHECK(scene.reports[0].average_price == 500 * one_share);

  scene.open({});
  TwsOrder done = tws_with_status(order, "Filled", "100");
  done.quantity = "0";  // as it was recorded
  scene.completed({tws_completed_order(done, "Filled Size: 100")});
  scene.executions({first, fee, second, rest, first, fee, second, rest});
  CHECK(scene.find() == RB_OK);
  CHECK(scene.reports[0].state == RB_FILLED);
  CHECK(scene.reports[0].filled == 100 * one_share);
  CHECK(scene.reports[0].average_price == 500'060'000'000);
  CHECK(scene.reports[0].fee == 15 * one_share / 10);
  CHECK(scene.fills() == RB_OK);
  REQUIRE(scene.fills_told.size() == 2);
  CHECK(scene.fills_told[0].id == "0000e0d5.69dd7411.01");
  CHECK(scene.fills_told[0].symbol == "SPY");
  CHECK(scene.fills_told[0].quantity == 40 * one_share);
  CHECK(scene.fills_told[0].fee == one_share);
  CHECK(scene.fills_told[0].at == 1'775'487'605'000'000'000);
  // A correction takes the place of what it corrects.
  scene.executions({first, fee, second, rest, tws_execution(order, "-1", "0000e0d5.69dd7412.01.02", "60", "500.05"),
                    tws_commission("0000e0d5.69dd7412.01.02", "0.5")});
  CHECK(scene.fills() == RB_OK);
  REQUIRE(scene.fills_told.size() == 2);
  CHECK(scene.fills_told[1].price == 500'050'000'000);
  CHECK(scene.orders_sent() == 1);
}

TEST_CASE("a market order that fills at once") {
  TwsScene scene;
  scene.on_order([](const TwsOrder& order) {
    return Messages{tws_open_order(tws_with_status(order, "PreSubmitted")),
                    tws_execution(order, "-1", "a.b.01.01", "100", "499.9"),
                    tws_open_order(tws_with_status(order, "Filled")),
                    tws_order_status(tws_with_status(order, "Filled", "100", "499.9"))};
  });
  CHECK(scene.submit("rb-1", 100 * one_share, 0) == RB_OK);
  CHECK(scene.server.requests("3")[0][18] == "MKT");
  CHECK(scene.server.requests("3")[0][19].empty());
  CHECK(scene.find() == RB_OK);
  CHECK(scene.reports[0].state == RB_FILLED);
  CHECK(scene.reports[0].average_price == 499'900'000'000);
}

TEST_CASE("each refusal is a rejection with its reason; what is no refusal is none") {
  struct Case {
    const char *code, *text;
  };
  for (const Case& wrong :
       {Case{"103", "Duplicate order id"}, Case{"110", "The price does not conform to the minimum"},
        Case{"201", "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. EQUITY WITH LOAN VALUE"},
        Case{"203", "The security is not available or allowed for this account"},
        Case{"321", "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode."},
        Case{"10243", "Fractional-sized order cannot be placed via API"}}) {
    CAPTURE(wrong.code);
    TwsScene scene;
    const auto told = answered(
        scene, [&](const TwsOrder& order) { return Messages{tws_error(order.order_id, wrong.code, wrong.text)}; });
    REQUIRE(told.size() == 1);
    CHECK(told[0].state == RB_ORDER_REJECTED);
    CHECK(told[0].reason == std::string(wrong.text) + " (" + wrong.code + ")");
  }
  TwsScene late;
  auto told = answered(late, [](const TwsOrder& order) {
    return Messages{
        tws_open_order(tws_with_status(order, "PendingSubmit")), tws_open_order(tws_with_status(order, "Inactive")),
        tws_order_status(tws_with_status(order, "Inactive")), tws_error(order.order_id, "201", "no buying power")};
  });
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == RB_ORDER_REJECTED);
  TwsScene warned;
  told = answered(warned, [](const TwsOrder& order) {
    return Messages{tws_error(order.order_id, "399", "your order will not be placed until 09:30"),
                    tws_error("-1", "10167", "delayed data"), tws_open_order(order)};
  });
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == RB_OPEN);
  TwsScene inactive;
  told = answered(inactive,
                  [](const TwsOrder& order) { return Messages{tws_open_order(tws_with_status(order, "Inactive"))}; });
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == RB_OPEN);
  CHECK(inactive.logged("is Inactive: no reason is told"));
  TwsScene cancelled;
  told = answered(cancelled, [](const TwsOrder& order) {
    return Messages{tws_order_status(tws_with_status(order, "Cancelled")),
                    tws_error(order.order_id, "202", "Order Canceled - reason:")};
  });
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == RB_CANCELLED);
  TwsScene strange;
  told = answered(strange,
                  [](const TwsOrder& order) { return Messages{tws_open_order(tws_with_status(order, "Thinking"))}; });
  REQUIRE(told.size() == 1);
  CHECK(told[0].state == RB_OPEN);
  CHECK(strange.logged("says \"Thinking\", which its documents do not know: taken as open"));
}

TEST_CASE("silence, an error nobody knows and a fill without a price leave an order unknown") {
  TwsScene silent;
  silent.silent("3");
  CHECK(silent.submit() == RB_TIMEOUT);
  CHECK(silent.failed_with("order rb-1 (order id 101) was sent, and nothing was said of it for 300 ms"));
  TwsScene strange;
  CHECK(answered(strange, [](const TwsOrder& order) {
          return Messages{tws_error(order.order_id, "12345", "hm")};
        }).empty());
  CHECK(strange.failed_with("all that was said is: hm (12345)"));
  TwsScene unpriced;
  CHECK(answered(unpriced, [](const TwsOrder& order) {
          return Messages{tws_order_status(tws_with_status(order, "Filled", "100", "0.0"))};
        }).empty());
  CHECK(unpriced.failed_with("100 filled of 100, at an unknown price"));
  TwsScene damaged;
  CHECK(answered(damaged, [](const TwsOrder& order) { return Messages{{"5", order.order_id, "x"}}; }).empty());
  CHECK(damaged.logged("message 5 (openOrder), field 2: \"x\" is no whole number"));
  for (TwsScene* scene : {&silent, &strange, &unpriced, &damaged}) {
    CHECK(scene->submit() == RB_CONFLICT);
    CHECK(scene->orders_sent() == 1);
  }
}

TEST_CASE("what would be refused, or kept until tomorrow, is not sent") {
  const auto refusal = [](TwsScene& scene, rb_decimal quantity, rb_decimal limit) {
    CHECK(scene.submit("rb-1", quantity, limit) == RB_REJECTED);
    CHECK(scene.orders_sent() == 0);
    return scene.plugin->failure;
  };
  TwsScene scene;
  CHECK(refusal(scene, one_share / 2, 0).find("only whole shares are traded") != std::string::npos);
  CHECK(refusal(scene, one_share, 500'001'000'000) ==
        "order rb-1 (buy 1 SPY): the limit 500.001 must be a multiple of 0.01");
  scene.plugin->now = 1'775'505'600'000'000'000;  // 16:00 in New York
  CHECK(refusal(scene, one_share, 0) ==
        "the market of SPY is closed until 2026-04-07T13:30:00.000Z, and queue_when_closed is off");
  scene.plugin->now += 30 * 86'400'000'000'000;
  CHECK(refusal(scene, one_share, 0).find("do not reach this day") != std::string::npos);
  CHECK(scene.server.requests("9").size() == 2);
  TwsScene fractional("fractional", "true");
  CHECK(refusal(fractional, one_share / 100'000, 0).find("the least quantity is 0.0001") != std::string::npos);
  CHECK(refusal(fractional, one_share + 1, 0).find("must be a multiple of 0.0001") != std::string::npos);
  TwsScene unknown;
  unknown.server.on("9", [](const auto& to, const TwsFields& asked) {
    to.send(tws_error(asked[2], "200", "No security definition has been found for the request"));
  });
  CHECK(refusal(unknown, one_share, 0).find("knows no stock SPY in USD: ") != std::string::npos);
  TwsScene two;
  two.server.on("9", [](const auto& to, const TwsFields& asked) {
    auto other = tws_contract(asked[2], asked[4]);
    other[12] = "1";
    to.send(other);
    to.send(tws_contract(asked[2], asked[4]));
    to.send({"52", "1", asked[2]});
  });
  CHECK(refusal(two, one_share, 0) == "SPY in USD is more than one contract: 1 (ARCA), 756733 (ARCA)");
  TwsScene queued("queue_when_closed", "true");
  queued.plugin->now = 1'775'505'600'000'000'000;
  queued.on_order([](const TwsOrder& order) { return Messages{tws_open_order(order)}; });
  CHECK(queued.submit() == RB_OK);
}

TEST_CASE("a restarted gateway counts backwards: no id is used twice, no fill goes to another order") {
  TwsScene scene;
  scene.on_order([](const TwsOrder& order) { return Messages{tws_open_order(order)}; });
  CHECK(scene.submit("rb-1") == RB_OK);
  scene.next_valid_id = "97";
  scene.restart();
  // An order of the morning, and an execution of it, under an id that the gateway would give out again.
  TwsOrder morning;
  morning.reference = "rb-morning";
  morning.order_id = "300";
  morning.perm_id = "777";
  scene.open({morning});
  CHECK(scene.submit("rb-2") == RB_OK);
  CHECK(scene.submit("rb-3") == RB_OK);
  const auto sent = scene.server.requests("3");
  REQUIRE(sent.size() == 3);
  CHECK(sent[0][1] == "101");
  CHECK(sent[1][1] == "301");
  CHECK(sent[2][1] == "302");
  // Told under our order id, by the permanent id and the reference of another order.
  morning.order_id = "301";
  scene.executions({tws_execution(morning, "-1", "m.01.01", "100", "10"), tws_commission("m.01.01", "1")});
  CHECK(scene.fills("rb-2") == RB_OK);
  CHECK(scene.fills_told.empty());
  CHECK(scene.fills("rb-morning") == RB_OK);
  CHECK(scene.fills_told.size() == 1);
}

TEST_CASE("an id that the server knows already: refused, and the next order takes a far higher one") {
  TwsScene scene;
  scene.on_order([](const TwsOrder& order) {
    return order.order_id == "101" ? Messages{tws_error(order.order_id, "103", "Duplicate order id")}
                                   : Messages{tws_open_order(order)};
  });
  CHECK(scene.submit("rb-1") == RB_OK);
  CHECK(scene.reports[0].state == RB_ORDER_REJECTED);
  CHECK(scene.submit("rb-2") == RB_OK);
  CHECK(scene.server.requests("3")[1][1] == "1101");
}

TEST_CASE("an order is only absent when all three lists came to their end") {
  for (const char* missing : {"16", "99", "7"}) {
    CAPTURE(missing);
    TwsScene scene;
    scene.silent(missing);
    CHECK(scene.find() == RB_UNAVAILABLE);
    CHECK(scene.failed_with("come to its end"));
  }
  TwsScene scene;
  CHECK(scene.find() == RB_NOT_FOUND);
  scene.executions({tws_execution(TwsOrder(), "-1", "a.01", "100", "10")});
  CHECK(scene.find() == RB_UNAVAILABLE);
  CHECK(scene.failed_with("order rb-1 has 1 executions and is neither"));
  TwsOrder copy;
  copy.perm_id = "5002";
  scene.open({TwsOrder(), copy});
  CHECK(scene.find() == RB_CONFLICT);
  CHECK(scene.failed_with("2 orders carry the reference rb-1: permanent ids 5001 and 5002"));
}

}  // namespace rebalancer::test
