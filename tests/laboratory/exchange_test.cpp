#include "laboratory/exchange.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "core/base/random.hpp"

namespace rebalancer::laboratory {
namespace {

using namespace std::chrono_literals;

// Monday 2026-03-02, 10:00 in New York.
const Instant monday = Instant::from_seconds(1'772'463'600);

Decimal decimal(const char* text) { return Decimal::parse(text).value(); }

ExchangeSettings settings(const char* calendar = "XNYS") {
  ExchangeSettings made;
  made.start = monday;
  made.calendar = calendar;
  made.quantities = {{"SPY", Decimal::whole(10)}};
  return made;
}

Exchange exchange() { return Exchange::make(settings()).value(); }

OrderRequest buy(const char* client_id, const char* symbol, const char* quantity) {
  OrderRequest request;
  request.client_id = client_id;
  request.symbol = symbol;
  request.quantity = decimal(quantity);
  return request;
}

OrderRequest sell(const char* client_id, const char* symbol, const char* quantity) {
  OrderRequest request = buy(client_id, symbol, quantity);
  request.side = Side::sell;
  return request;
}

OrderRequest with_limit(OrderRequest request, const char* limit) {
  request.type = OrderType::limit;
  request.limit = decimal(limit);
  return request;
}

Refusal::Why refusal(Exchange& exchange, const OrderRequest& request) {
  const auto made = exchange.submit(request);
  REQUIRE(!made);
  return made.error().why;
}

TEST_CASE("an order is accepted first and filled in pieces as time passes") {
  Exchange account = exchange();
  const auto number = account.submit(buy("a", "IWM", "7"));
  REQUIRE(number);
  CHECK(account.order_of("a")->status == OrderStatus::accepted);
  CHECK(account.executions().empty());
  CHECK(account.reserved_cash().is_positive());
  account.advance(10s);
  const ExchangeOrder& order = *account.order_of("a");
  CHECK(order.status == OrderStatus::filled);
  CHECK(order.filled == Decimal::whole(7));
  CHECK(account.quantity_of("IWM") == Decimal::whole(7));
  CHECK(account.reserved_cash().is_zero());
  for (const Execution& execution : account.executions()) {
    CHECK(execution.quantity.billionths() % Decimal::scale == 0);  // whole shares stay whole
    CHECK(execution.price >= decimal("224.07"));
    CHECK(execution.price <= decimal("224.19"));  // five basis points, rounded up
  }
  CHECK(account.broken_laws().empty());
}

TEST_CASE("what is refused, and why") {
  Exchange account = exchange();
  using enum Refusal::Why;
  CHECK(refusal(account, buy("a", "NOPE", "1")) == unknown_symbol);
  CHECK(refusal(account, buy("a", "HALT", "1")) == not_tradable);
  CHECK(refusal(account, buy("a", "WHOL", "1.5")) == not_fractionable);
  CHECK(refusal(account, buy("a", "SPY", "0")) == bad_quantity);
  CHECK(refusal(account, buy("a", "SPY", "-1")) == bad_quantity);
  CHECK(refusal(account, buy("a", "SPY", "1000")) == buying_power);
  CHECK(refusal(account, buy("a", "SPY", "9000000000")) == bad_quantity);
  CHECK(refusal(account, sell("a", "SPY", "10.1")) == quantity_available);
  CHECK(refusal(account, sell("a", "IWM", "1")) == quantity_available);
  CHECK(refusal(account, with_limit(buy("a", "SPY", "1"), "600.123")) == bad_price);
  CHECK(refusal(account, with_limit(buy("a", "SPY", "1"), "0")) == bad_price);
  OrderRequest good_till_cancelled = buy("a", "SPY", "1.5");
  good_till_cancelled.time_in_force = TimeInForce::gtc;
  CHECK(refusal(account, good_till_cancelled) == bad_time_in_force);
  OrderRequest small = buy("a", "SPY", "0");
  small.notional = decimal("0.99");
  CHECK(refusal(account, small) == below_minimum);
  account.set_blocked(true);
  CHECK(refusal(account, buy("a", "SPY", "1")) == blocked);
  CHECK(account.orders().empty());
}

TEST_CASE("a client id is taken for ever, also when its order is long done") {
  Exchange account = exchange();
  REQUIRE(account.submit(buy("a", "IWM", "1")));
  account.advance(24h);
  CHECK(account.order_of("a")->status == OrderStatus::filled);
  CHECK(refusal(account, buy("a", "IWM", "1")) == Refusal::Why::duplicate_client_id);
}

TEST_CASE("two orders cannot spend the same cash or sell the same shares") {
  Exchange account = exchange();
  REQUIRE(account.submit(buy("a", "QQQ", "100")));
  CHECK(refusal(account, buy("b", "QQQ", "100")) == Refusal::Why::buying_power);
  REQUIRE(account.submit(sell("c", "SPY", "6")));
  const auto second = account.submit(sell("d", "SPY", "6"));
  REQUIRE(!second);
  CHECK(second.error().text == "insufficient qty available for order (requested: 6, available: 4)");
  CHECK(second.error().held == Decimal::whole(6));
}

TEST_CASE("a limit order waits for its price and fills at it or better") {
  Exchange account = exchange();
  REQUIRE(account.submit(with_limit(buy("a", "SPY", "2"), "600")));
  account.advance(1h);
  CHECK(account.order_of("a")->status == OrderStatus::working);
  CHECK(account.executions().empty());
  account.set_price("SPY", decimal("599.5"));
  account.advance(1h);
  CHECK(account.order_of("a")->status == OrderStatus::filled);
  CHECK(account.order_of("a")->average_price() == decimal("599.5"));
}

TEST_CASE("what is good for the day expires at the close; outside of hours orders wait for the open") {
  Exchange account = exchange();
  REQUIRE(account.submit(with_limit(buy("day", "SPY", "2"), "600")));
  OrderRequest patient = with_limit(buy("patient", "SPY", "2"), "600");
  patient.time_in_force = TimeInForce::gtc;
  REQUIRE(account.submit(patient));
  account.advance(12h);  // 22:00 in New York
  CHECK(!account.is_open());
  CHECK(account.order_of("day")->status == OrderStatus::expired);
  CHECK(account.order_of("patient")->status == OrderStatus::working);
  REQUIRE(account.submit(buy("night", "IWM", "1")));
  account.advance(1h);
  CHECK(account.order_of("night")->status == OrderStatus::accepted);
  account.pass_night();
  account.advance(10s);
  CHECK(account.order_of("night")->status == OrderStatus::filled);
}

TEST_CASE("a cancel is asked for, then confirmed; a fill may come between") {
  Exchange account = exchange();
  REQUIRE(account.submit(with_limit(buy("a", "SPY", "2"), "600")));
  account.advance(1s);
  REQUIRE(account.cancel(1));
  CHECK(account.order_of("a")->status == OrderStatus::pending_cancel);
  account.advance(1s);
  CHECK(account.order_of("a")->status == OrderStatus::cancelled);
  const auto again = account.cancel(1);
  REQUIRE(!again);
  CHECK(again.error().why == Refusal::Why::not_open);
  CHECK(account.reserved_cash().is_zero());

  int filled = 0;
  int cancelled = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ExchangeSettings made = settings();
    made.seed = seed;
    Exchange other = Exchange::make(made).value();
    REQUIRE(other.submit(buy("a", "IWM", "50")));
    REQUIRE(other.cancel(1));
    other.advance(1min);
    const ExchangeOrder& order = *other.order_of("a");
    CHECK(is_done(order.status));
    order.status == OrderStatus::filled ? ++filled : ++cancelled;
    CHECK(other.quantity_of("IWM") == order.filled);
    CHECK(other.broken_laws().empty());
  }
  CHECK(filled > 0);
  CHECK(cancelled > 0);
}

TEST_CASE("a replaced order is another order") {
  Exchange account = exchange();
  REQUIRE(account.submit(with_limit(buy("a", "SPY", "2"), "600")));
  const auto made = account.replace(1, with_limit(buy("b", "SPY", "3"), "601"));
  REQUIRE(made);
  CHECK(account.order_of("a")->status == OrderStatus::replaced);
  CHECK(account.order_of("a")->replaced_by == *made);
  CHECK(account.order_of("b")->replaces == 1);
}

TEST_CASE("a sale's cash settles a session later") {
  ExchangeSettings made = settings();
  made.cash = Decimal::whole(100);
  made.unsettled_cash_buys = false;
  Exchange account = Exchange::make(made).value();
  REQUIRE(account.submit(sell("a", "SPY", "10")));
  account.advance(1min);
  CHECK(account.cash() > Decimal::whole(6'000));
  CHECK(account.buying_power() == Decimal::whole(100));
  account.pass_night();
  CHECK(account.buying_power() == account.cash());
}

TEST_CASE("a notional order becomes shares when it fills and never costs more") {
  Exchange account = exchange();
  OrderRequest request = buy("a", "SPY", "0");
  request.notional = decimal("1000");
  REQUIRE(account.submit(request));
  account.advance(1min);
  CHECK(account.order_of("a")->status == OrderStatus::filled);
  CHECK(account.cash() >= decimal("99000"));
  CHECK(account.cash() < decimal("99000.01"));
  CHECK(account.broken_laws().empty());
}

TEST_CASE("what happens from outside: splits, dividends, transfers, trades by hand") {
  Exchange account = exchange();
  const Decimal before = account.equity();
  account.split("SPY", 2, 1);
  CHECK(account.quantity_of("SPY") == Decimal::whole(20));
  CHECK(account.instruments().at("SPY").price == decimal("306.2"));
  CHECK(account.equity() == before);
  account.pay_dividend("SPY", decimal("1.25"));
  CHECK(account.cash() == Decimal::whole(100'025));
  account.transfer(Decimal::whole(-25));
  account.trade_outside("SPY", Decimal::whole(-5));
  CHECK(account.quantity_of("SPY") == Decimal::whole(15));
  CHECK(account.orders().empty());
  CHECK(account.executions().size() == 1);
  CHECK(account.broken_laws().empty());
}

TEST_CASE("faults of one order: hidden, rejected later, spread over days, never filled") {
  Exchange account = exchange();
  for (const char* id : {"hidden", "rejected", "spread", "never"}) {
    OrderRequest request = buy(id, "IWM", "9");
    request.time_in_force = TimeInForce::gtc;
    REQUIRE(account.submit(request));
  }
  account.hide(1, 2);
  account.reject_later(2);
  account.spread_over_days(3, 2);
  account.never_fill(4);
  CHECK(account.look_up("hidden") == nullptr);
  CHECK(account.visible_orders().size() == 3);
  CHECK(account.look_up("hidden") != nullptr);
  account.advance(1min);
  CHECK(account.order_of("rejected")->status == OrderStatus::rejected);
  CHECK(account.order_of("spread")->status == OrderStatus::partially_filled);
  CHECK(account.order_of("never")->status == OrderStatus::working);
  account.advance(72h);
  CHECK(account.order_of("spread")->status == OrderStatus::filled);
  CHECK(account.order_of("never")->status == OrderStatus::working);
}

TEST_CASE("a clock that jumps shows another time, but nothing happens sooner") {
  Exchange account = exchange();
  account.jump_clock(-1h);
  CHECK(account.shown_now() < account.now());
  REQUIRE(account.submit(buy("a", "IWM", "1")));
  CHECK(account.order_of("a")->submitted_at == account.shown_now());
  account.advance(1min);
  CHECK(account.order_of("a")->status == OrderStatus::filled);
}

TEST_CASE("the same seed is the same market") {
  const auto run = [](std::uint64_t seed) {
    ExchangeSettings made = settings("24x7");
    made.seed = seed;
    Exchange account = Exchange::make(made).value();
    for (const char* symbol : {"IWM", "EFA", "TLT"}) {
      REQUIRE(account.submit(buy(symbol, symbol, "20")));
      account.advance(100ms);
    }
    account.advance(1min);
    std::string text;
    for (const Execution& execution : account.executions()) {
      text += execution.symbol + execution.quantity.to_string() + "@" + execution.price.to_string() + " ";
    }
    return text;
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("whatever is asked in whatever order, the account's laws hold") {
  const std::vector<Instrument> instruments = usual_instruments();
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    ExchangeSettings made = settings(seed % 2 == 0 ? "XNYS" : "24x7");
    made.seed = seed;
    made.unsettled_cash_buys = seed % 3 != 0;
    Exchange account = Exchange::make(made).value();
    for (int i = 0; i < 120; ++i) {
      const Instrument& instrument = instruments[random.below(instruments.size())];
      OrderRequest request = buy(std::to_string(random.below(150)).c_str(), instrument.symbol.c_str(), "1");
      request.side = random.below(2) == 0 ? Side::buy : Side::sell;
      request.quantity = Decimal::from_billionths(static_cast<std::int64_t>(random.below(60'000'000'000)));
      if (random.below(2) == 0) request.quantity = Decimal::whole(static_cast<std::int64_t>(random.below(60)));
      if (random.below(3) == 0) {
        request = with_limit(request, instrument.price.to_string().c_str());
        if (random.below(2) == 0) request.time_in_force = TimeInForce::gtc;
      }
      switch (random.below(8)) {
        case 0:
          static_cast<void>(account.cancel(random.below(account.orders().size() + 2)));
          break;
        case 1:
          account.set_price(instrument.symbol, Decimal::whole(20 + static_cast<std::int64_t>(random.below(400))));
          break;
        case 2:
          if (!account.orders().empty()) {
            static_cast<void>(account.replace(1 + random.below(account.orders().size()), request));
          }
          break;
        default:
          static_cast<void>(account.submit(request));
          break;
      }
      if (random.below(40) == 0) account.split(instrument.symbol, 1 + static_cast<std::int64_t>(random.below(3)), 1);
      if (random.below(40) == 0) account.pay_dividend(instrument.symbol, decimal("0.37"));
      account.advance(std::chrono::milliseconds(random.below(random.below(20) == 0 ? 90'000'000 : 500)));
      const auto broken = account.broken_laws();
      CHECK_MESSAGE(broken.empty(), "seed " << seed << " step " << i << ": " << (broken.empty() ? "" : broken.front()));
      if (!broken.empty()) return;
    }
  }
}

}  // namespace
}  // namespace rebalancer::laboratory
