#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"
#include "support/sent.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

Decimal decimal(const char* text) { return *Decimal::parse(text); }

struct Fixture {
  LoadedPlugins loaded{{built("bad_plugins/bad_broker.so"), built("bad_plugins/older_broker.so")}};
  Order order = *Order::make("rb-1", *Symbol::parse("SPY"), Side::buy, Quantity(decimal("2")), std::nullopt);

  std::unique_ptr<Broker> broker(const std::string& wrong) {
    auto created =
        loaded.host.create_broker("bad_broker", loaded.json(R"({"wrong": ")" + wrong + "\"}"), loaded.options());
    REQUIRE(created);
    return *std::move(created);
  }
  template <class T>
  static std::string broken(const Result<T>& answer) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
    return answer.error().message;
  }
  std::string submitted(const std::string& wrong) { return broken(sent(*broker(wrong), order)); }
  std::string filled(const std::string& wrong) {
    const auto own = broker(wrong);
    CHECK(sent(*own, order));
    return broken(own->fills("rb-1"));
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a broker that keeps the contract is rebuilt as our values") {
  const auto own = broker("nothing");
  const auto capabilities = own->capabilities();
  REQUIRE(capabilities);
  CHECK(capabilities->simulated);
  CHECK(capabilities->market_orders);
  CHECK_FALSE(capabilities->limit_orders);
  CHECK(capabilities->dedupe == BrokerCapabilities::Dedupe::permanent);
  CHECK(capabilities->quantity_increment == Decimal::whole(1));
  CHECK(capabilities->lookup_lag_s == 60);  // of a plugin that does not say
  CHECK_FALSE(capabilities->embedded);
  const auto account = own->account();
  REQUIRE(account);
  CHECK(account->id == "42");
  CHECK(account->cash == Money(decimal("1000"), Currency::usd()));
  const auto positions = own->positions();
  REQUIRE(positions);
  REQUIRE(positions->size() == 2);  // sorted, and what is not held is not a position
  CHECK((*positions)[0].symbol.str() == "BND");
  CHECK((*positions)[1].quantity == Quantity(decimal("3")));
  const auto report = sent(*own, order);
  REQUIRE(report);
  CHECK(report->state == OrderState::filled);
  CHECK(report->filled == Quantity(decimal("2")));
  CHECK(report->average_price->decimal() == decimal("400"));
  CHECK(own->find_order("rb-1")->broker_id == "b1");
  REQUIRE(own->open_orders());
  CHECK(own->open_orders()->front().state == OrderState::acknowledged);
  const auto fills = own->fills("rb-1");
  REQUIRE(fills);
  REQUIRE(fills->size() == 1);
  CHECK(fills->front().quantity == Quantity(decimal("2")));
  CHECK(fills->front().fee == Money(decimal("1"), Currency::usd()));
  CHECK(own->set_marks({}, Date::from_days(1)));
}

TEST_CASE_FIXTURE(Fixture, "what 1.1 added is told") {
  const auto capabilities = broker("all_of_1_1")->capabilities();
  REQUIRE(capabilities);
  CHECK(capabilities->simulated);
  CHECK(capabilities->embedded);
  CHECK(capabilities->lookup_lag_s == 5);
}

TEST_CASE_FIXTURE(Fixture, "a broker built for 1.0, whose capabilities end earlier, works") {
  auto created = loaded.host.create_broker("older_broker", loaded.json("{}"), loaded.options());
  REQUIRE(created);
  const auto capabilities = (*created)->capabilities();
  REQUIRE(capabilities);
  CHECK(capabilities->simulated);
  CHECK_FALSE(capabilities->embedded);
  CHECK_FALSE(capabilities->market_orders);
  CHECK(capabilities->limit_orders);
  CHECK(capabilities->dedupe == BrokerCapabilities::Dedupe::window);
  CHECK(capabilities->dedupe_window_s == 120);
  CHECK(capabilities->lookup == BrokerCapabilities::Lookup::by_client_id);
  CHECK(capabilities->quantity_increment == decimal("0.001"));
  CHECK(capabilities->price_increment == decimal("0.1"));
  CHECK(capabilities->order_value_min == decimal("5"));
  CHECK(capabilities->commission_per_order == decimal("2"));
  CHECK(capabilities->cost_rate == decimal("0.0005"));
  CHECK(capabilities->lookup_lag_s == 60);
  CHECK((*created)->account()->id == "7");
  const auto report = sent(**created, order);
  REQUIRE(report);
  CHECK(report->state == OrderState::acknowledged);
  CHECK((*created)->set_marks({}, Date::from_days(1)));
}

TEST_CASE_FIXTURE(Fixture, "an order report that makes no sense becomes an error that says how") {
  CHECK(submitted("negative_fill") == "bad_broker returned filled quantity -1, must not be negative");
  CHECK(submitted("overfill") == "bad_broker returned filled quantity 2.000000001 of 2 ordered");
  CHECK(submitted("underfill") ==
        "bad_broker returned order state filled with 1.999999999 filled, must be all that was ordered");
  CHECK(submitted("open_but_filled") == "bad_broker returned order state acknowledged with 2 filled, must be 0");
  CHECK(submitted("state") == "bad_broker returned unknown order state 17");
  CHECK(submitted("no_price") == "bad_broker returned average price 0 for 2 filled");
  CHECK(submitted("negative_price") == "bad_broker returned average price -1 for 2 filled");
  CHECK(submitted("other_id") == "bad_broker returned a report on order \"rb-other\" when asked for \"rb-1\"");
  CHECK(submitted("no_report") == "bad_broker returned 0 reports on order rb-1, must be one");
  CHECK(submitted("two_reports") == "bad_broker returned 2 reports on order rb-1, must be one");
}

TEST_CASE_FIXTURE(Fixture, "a rejection is an answer, with its reason made printable") {
  const auto report = sent(*broker("rejected"), order);
  REQUIRE(report);
  CHECK(report->state == OrderState::rejected);
  CHECK(report->reason == "no cash");
  CHECK_FALSE(report->average_price);
}

TEST_CASE_FIXTURE(Fixture, "fills that make no sense become an error that says how") {
  CHECK(filled("fill_quantity") == "bad_broker returned a fill of -1 SPY, must be positive");
  CHECK(filled("fill_price") == "bad_broker returned a fill at price 0, must be positive");
  CHECK(filled("fill_side") == "bad_broker returned unknown side 0");
  CHECK(filled("fill_id") == "bad_broker returned a fill without an id");
  CHECK(filled("fill_of_other") == "bad_broker returned a fill of order \"rb-other\" when asked for \"rb-1\"");
  CHECK(filled("fill_twice") == "bad_broker returned fill f1 twice");
  CHECK(filled("too_many_fills") == "bad_broker returned fills of 4 for order rb-1 of 2");
}

TEST_CASE_FIXTURE(Fixture, "a book or an account that makes no sense becomes an error that says how") {
  CHECK(broken(broker("no_orders")->capabilities()) ==
        "bad_broker returned capabilities without market and without limit orders");
  CHECK(broken(broker("lookup_lag")->capabilities()) == "bad_broker returned lookup lag 60000 s, must be at most 3600");
  CHECK(broken(broker("embedded")->capabilities()) == "bad_broker returned capabilities embedded but not simulated");
  CHECK(broken(broker("dedupe")->capabilities()) == "bad_broker returned unknown dedupe 9");
  CHECK(broken(broker("increment")->capabilities()) == "bad_broker returned quantity increment 0, must be positive");
  CHECK(broken(broker("cost")->capabilities()) == "bad_broker returned cost rate -0.000000001, must not be negative");
  CHECK(broken(broker("no_account")->account()) == "bad_broker returned 0 accounts, must be one");
  CHECK(broken(broker("two_accounts")->account()) == "bad_broker returned 2 accounts, must be one");
  CHECK(broken(broker("currency")->account()).starts_with("bad_broker returned an account: "));
  CHECK(broken(broker("position_twice")->positions()) == "bad_broker returned two positions of SPY");
  CHECK(broken(broker("position_symbol")->positions()).starts_with("bad_broker returned a position: symbol"));
  CHECK(broken(broker("closed_as_open")->open_orders()) == "bad_broker returned order rb-1 as open, which is filled");
  CHECK(broken(broker("open_twice")->open_orders()) == "bad_broker returned order rb-1 twice");
}

TEST_CASE_FIXTURE(Fixture, "what a broker refuses keeps its code, since a timeout is not a no") {
  CHECK(broker("nothing")->cancel("rb-1").error() == Error{ErrorCode::timeout, "bad_broker: no answer"});
  CHECK(broker("not_found")->find_order("rb-9").error() == Error{ErrorCode::not_found, "bad_broker: no order rb-9"});
}
