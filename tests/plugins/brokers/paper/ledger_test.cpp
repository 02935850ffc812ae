#include "paper/ledger.hpp"

#include <doctest/doctest.h>

#include <rebalancer/plugin.hpp>

#include "core/base/random.hpp"
#include "ledger_check.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using paper::Ledger;
using paper::LedgerSettings;
using test::decimal;
using test::order_for;

namespace {

const Instant noon = Instant::from_seconds(1'795'000'000);

LedgerSettings in_memory() {
  LedgerSettings settings;
  settings.file = ":memory:";
  return settings;
}

// 100,000 in cash, SPY at 400 and BND at 72.5 in today's session.
struct Opened {
  Ledger ledger;
  explicit Opened(LedgerSettings settings = in_memory()) : ledger(std::move(settings)) {
    ledger.set_marks(test::marks({{"SPY", "400"}, {"BND", "72.5"}}), test::day(0), noon);
  }
  OrderReport submit(const Order& order) { return ledger.submit(order, noon); }
};

rb_code code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const sdk::Failure& failure) {
    return failure.code();
  }
  return RB_OK;
}

}  // namespace

TEST_CASE("a market order fills at the mark, and cash and holdings change by exactly that") {
  Opened book;
  const OrderReport report = book.submit(order_for("a", "SPY", Side::buy, "10"));
  CHECK(report.state == OrderState::filled);
  CHECK(report.filled == Quantity(decimal("10")));
  CHECK(report.average_price->to_string() == "400");
  CHECK(report.fee.is_zero());
  CHECK(book.ledger.cash() == decimal("96000"));
  CHECK(book.ledger.equity() == decimal("100000"));
  CHECK(book.ledger.positions().at(0).quantity == Quantity(decimal("10")));
  CHECK(book.submit(order_for("b", "SPY", Side::sell, "10")).state == OrderState::filled);
  CHECK(book.ledger.cash() == decimal("100000"));
  CHECK(book.ledger.positions().empty());
  test::check_book(book.ledger, {"a", "b"});
}

TEST_CASE("slippage, the cost rate and the commission are against the account") {
  LedgerSettings settings = in_memory();
  settings.slippage = decimal("0.001");
  settings.cost_rate = decimal("0.0005");
  settings.commission = decimal("1");
  Opened book(settings);
  const OrderReport bought = book.submit(order_for("a", "SPY", Side::buy, "10"));
  CHECK(bought.average_price->to_string() == "400.4");
  CHECK(bought.fee == decimal("3.002"));  // 4004 * 0.0005 + 1
  CHECK(book.ledger.cash() == decimal("95992.998"));
  const OrderReport sold = book.submit(order_for("b", "SPY", Side::sell, "10"));
  CHECK(sold.average_price->to_string() == "399.6");
  CHECK(book.ledger.cash() == decimal("99986"));  // + 3996 - 1.998 - 1 + ...
  test::check_book(book.ledger, {"a", "b"});
}

TEST_CASE("a limit order fills within its limit only, later if not now") {
  Opened book;
  CHECK(book.submit(order_for("a", "SPY", Side::buy, "1", "400")).state == OrderState::filled);
  const OrderReport waiting = book.submit(order_for("b", "SPY", Side::buy, "1", "399.99"));
  CHECK(waiting.state == OrderState::acknowledged);
  CHECK(book.ledger.find_order("b", noon).state == OrderState::acknowledged);
  CHECK(book.ledger.open_orders(noon).size() == 1);
  book.ledger.set_marks(test::marks({{"SPY", "399.5"}}), test::day(1), noon);
  const OrderReport filled = book.ledger.find_order("b", noon);
  CHECK(filled.state == OrderState::filled);
  CHECK(filled.average_price->to_string() == "399.5");
  CHECK(book.submit(order_for("c", "SPY", Side::sell, "2", "400")).state == OrderState::acknowledged);
  CHECK(book.submit(order_for("d", "SPY", Side::sell, "2", "390")).state == OrderState::rejected);  // both are in c
  book.ledger.set_marks(test::marks({{"SPY", "400"}}), test::day(2), noon);
  CHECK(book.ledger.find_order("c", noon).state == OrderState::filled);
  test::check_book(book.ledger, {"a", "b", "c", "d"});
}

TEST_CASE("what is rejected says why, changes nothing and stays rejected") {
  LedgerSettings settings = in_memory();
  settings.rejected_symbols = {"BND"};
  settings.order_value_min = decimal("500");
  Opened book(settings);
  const auto reason = [&](const Order& order) {
    const OrderReport report = book.submit(order);
    CHECK(report.state == OrderState::rejected);
    CHECK(report.filled.decimal().is_zero());
    CHECK(test::same_report(report, book.submit(order)));
    CHECK(test::same_report(report, book.ledger.find_order(order.client_id, noon)));
    return report.reason;
  };
  CHECK(reason(order_for("a", "QQQ", Side::buy, "1")) == "no price for QQQ in this session");
  CHECK(reason(order_for("b", "SPY", Side::buy, "1.5")) == "quantity 1.5 of SPY is not a multiple of 1");
  CHECK(reason(order_for("c", "SPY", Side::buy, "250.000000001")) ==
        "quantity 250.000000001 of SPY is not a multiple of 1");
  CHECK(reason(order_for("d", "SPY", Side::buy, "251")) == "insufficient cash: 251 SPY cost 100400, 100000 is there");
  CHECK(reason(order_for("e", "SPY", Side::sell, "2")) ==
        "insufficient holdings: 2 SPY to sell, 0 held and not in another order");
  CHECK(reason(order_for("f", "BND", Side::buy, "10")) == "BND is rejected by configuration");
  CHECK(reason(order_for("g", "SPY", Side::buy, "1")) == "value 400 of SPY is below the minimum 500");
  CHECK(reason(order_for("h", "SPY", Side::buy, "2", "400.001")) == "limit 400.001 of SPY is not a multiple of 0.01");
  CHECK(book.ledger.cash() == decimal("100000"));
  CHECK(book.submit(order_for("i", "SPY", Side::buy, "250")).state == OrderState::filled);  // to the last cent
  CHECK(book.ledger.cash().is_zero());
}

TEST_CASE("a mark of an earlier session values a position but fills no order") {
  Opened book;
  REQUIRE(book.submit(order_for("a", "BND", Side::buy, "10")).state == OrderState::filled);
  book.ledger.set_marks(test::marks({{"SPY", "410"}}), test::day(1), noon);
  CHECK(book.submit(order_for("b", "BND", Side::sell, "10")).reason == "no price for BND in this session");
  CHECK(book.ledger.equity() == decimal("100000"));
}

TEST_CASE("fractions of a millionth share are tradable when asked for") {
  LedgerSettings settings = in_memory();
  settings.fractional = true;
  Opened book(settings);
  CHECK(book.submit(order_for("a", "SPY", Side::buy, "0.123457")).state == OrderState::filled);
  CHECK(book.submit(order_for("b", "SPY", Side::buy, "0.1234567")).state == OrderState::rejected);
  CHECK(book.ledger.cash() == decimal("99950.6172"));
}

TEST_CASE("the rest of a partial fill comes when it is asked for, with its own fill and one commission") {
  LedgerSettings settings = in_memory();
  settings.fill_fraction = decimal("0.5");
  settings.commission = decimal("2");
  Opened book(settings);
  const OrderReport half = book.submit(order_for("a", "SPY", Side::buy, "11"));
  CHECK(half.state == OrderState::partial);
  CHECK(half.filled == Quantity(decimal("5")));
  // The same order again is not a question about it.
  CHECK(test::same_report(half, book.submit(order_for("a", "SPY", Side::buy, "11"))));
  const OrderReport whole = book.ledger.find_order("a", noon);
  CHECK(whole.state == OrderState::filled);
  CHECK(whole.fee == decimal("2"));
  REQUIRE(book.ledger.fills("a").size() == 2);
  CHECK(book.ledger.fills("a")[0].id == "a/1");
  CHECK(book.ledger.fills("a")[1].id == "a/2");
  CHECK(book.ledger.fills("a")[1].quantity == Quantity(decimal("6")));
  // A share of less than one increment leaves the order working.
  CHECK(book.submit(order_for("b", "SPY", Side::buy, "1")).state == OrderState::acknowledged);
  CHECK(book.ledger.open_orders(noon).empty());
  CHECK(book.ledger.find_order("b", noon).state == OrderState::filled);
  test::check_book(book.ledger, {"a", "b"});
}

TEST_CASE("open buys take cash from later ones; a price that runs away ends them, not the account") {
  LedgerSettings settings = in_memory();
  settings.fill_fraction = Decimal();
  Opened book(settings);
  CHECK(book.submit(order_for("a", "SPY", Side::buy, "200")).state == OrderState::acknowledged);
  CHECK(book.ledger.cash() == decimal("100000"));
  CHECK(book.ledger.buying_power() == decimal("20000"));
  CHECK(book.submit(order_for("b", "SPY", Side::buy, "51")).state == OrderState::rejected);
  CHECK(book.submit(order_for("c", "SPY", Side::buy, "50")).state == OrderState::acknowledged);
  book.ledger.set_marks(test::marks({{"SPY", "450"}}), test::day(1), noon);
  CHECK(book.ledger.find_order("a", noon).state == OrderState::filled);
  const OrderReport ended = book.ledger.find_order("c", noon);
  CHECK(ended.state == OrderState::cancelled);
  CHECK(ended.reason == "insufficient cash for the rest at this price");
  CHECK(book.ledger.cash() == decimal("10000"));
  test::check_book(book.ledger, {"a", "b", "c"});
}

TEST_CASE("a cancelled order fills no more; one that ended otherwise cannot be cancelled") {
  Opened book;
  REQUIRE(book.submit(order_for("a", "SPY", Side::buy, "1", "300")).state == OrderState::acknowledged);
  book.ledger.cancel("a");
  book.ledger.cancel("a");
  book.ledger.set_marks(test::marks({{"SPY", "200"}}), test::day(1), noon);
  CHECK(book.ledger.find_order("a", noon).state == OrderState::cancelled);
  REQUIRE(book.submit(order_for("b", "SPY", Side::buy, "1")).state == OrderState::filled);
  CHECK(code_of([&] { book.ledger.cancel("b"); }) == RB_CONFLICT);
  CHECK(code_of([&] { book.ledger.cancel("nobody"); }) == RB_NOT_FOUND);
  CHECK(code_of([&] { static_cast<void>(book.ledger.find_order("nobody", noon)); }) == RB_NOT_FOUND);
  CHECK(code_of([&] { static_cast<void>(book.ledger.fills("nobody")); }) == RB_NOT_FOUND);
}

TEST_CASE("a client id belongs to one order for ever") {
  Opened book;
  const Order first = order_for("a", "SPY", Side::buy, "10", "401");
  const OrderReport report = book.submit(first);
  for (const Order& other :
       {order_for("a", "BND", Side::buy, "10", "401"), order_for("a", "SPY", Side::sell, "10", "401"),
        order_for("a", "SPY", Side::buy, "11", "401"), order_for("a", "SPY", Side::buy, "10", "402"),
        order_for("a", "SPY", Side::buy, "10")}) {
    CHECK(code_of([&] { static_cast<void>(book.submit(other)); }) == RB_CONFLICT);
  }
  CHECK(test::same_report(book.submit(first), report));
  CHECK(book.ledger.cash() == decimal("96000"));
}

TEST_CASE("an account keeps its book and its opening cash when it is opened again") {
  const test::TemporaryDirectory folder;
  LedgerSettings settings;
  settings.file = folder.file("deep/paper.db").string();
  {
    Opened book(settings);
    static_cast<void>(book.submit(order_for("a", "SPY", Side::buy, "10")));
  }
  settings.opening_cash = decimal("5");
  {
    Ledger again(settings);
    CHECK(again.opening_cash() == decimal("100000"));
    CHECK(again.cash() == decimal("96000"));
    CHECK(again.find_order("a", noon).state == OrderState::filled);
    CHECK(again.submit(order_for("b", "SPY", Side::buy, "1"), noon).state == OrderState::filled);  // marks are kept too
    CHECK(code_of([&] { Ledger beside(settings); }) == RB_UNAVAILABLE);                            // one at a time
  }
  settings.currency = Currency::parse("EUR").value();
  CHECK(code_of([&] { Ledger wrong(settings); }) == RB_CONFLICT);
  settings.file = folder.write("text.db", std::string(4000, 'x')).string();
  CHECK(code_of([&] { Ledger wrong(settings); }) == RB_INVALID);
  settings.file = folder.path().string();
  CHECK(code_of([&] { Ledger wrong(settings); }) == RB_UNAVAILABLE);
}

TEST_CASE("in random streams of orders cash stays non-negative, nothing is made or lost, and copies change nothing") {
  // Several streams per account, since opening one costs more than a stream.
  constexpr int accounts = 2'000;
  constexpr int streams = 5 * accounts;
  const std::vector<std::string> symbols = {"AAA", "BBB", "CCC"};
  int fills = 0;
  int rejections = 0;
  int cancelled = 0;
  for (int account = 0; account < accounts; ++account) {
    Random random(static_cast<std::uint64_t>(account) + 1);
    const auto chance = [&](double of) { return random.uniform() < of; };
    const auto pick = [&](std::int64_t low, std::int64_t high) {
      return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    LedgerSettings settings = in_memory();
    settings.opening_cash = Decimal::from_billionths(pick(0, 20'000'000'000'000));
    settings.fractional = chance(0.5);
    if (chance(0.5)) settings.cost_rate = Decimal::from_billionths(pick(0, 20'000'000));
    if (chance(0.3)) settings.commission = Decimal::from_billionths(pick(0, 300'000'000'000));
    if (chance(0.5)) settings.slippage = Decimal::from_billionths(pick(0, 50'000'000));
    if (chance(0.5)) settings.fill_fraction = Decimal::from_billionths(pick(0, 1'000'000'000));
    if (chance(0.2)) settings.order_value_min = Decimal::whole(pick(0, 100));
    Ledger ledger(settings);
    CAPTURE(account);

    std::vector<Order> sent;
    std::vector<std::string> ids;
    int day = 0;
    for (int step = 0; step < 5 * 12; ++step) {
      const auto choice = step % 12 == 0 ? 0 : pick(1, 9);
      if (choice == 0) {
        std::vector<std::pair<Symbol, Price>> marks;
        for (const std::string& name : symbols) {
          if (chance(0.95)) {
            marks.emplace_back(test::symbol(name),
                               Price::make(Decimal::from_billionths(pick(1, 200'000'000'000))).value());
          }
        }
        ledger.set_marks(marks, test::day(day++), noon);
      } else if (choice <= 6) {
        const std::int64_t increment = settings.fractional ? 1000 : 1'000'000'000;
        std::int64_t quantity = pick(1, settings.fractional ? 200'000'000 : 200) * increment;
        if (chance(0.05)) quantity += 1;
        std::optional<Price> limit;
        if (chance(0.5)) limit = Price::make(Decimal::from_billionths(pick(1, 20'000) * 10'000'000)).value();
        const std::string id = "o" + std::to_string(ids.size());
        const Order order =
            Order::make(id, test::symbol(symbols[random.below(3)]), chance(0.6) ? Side::buy : Side::sell,
                        Quantity(Decimal::from_billionths(quantity)), limit)
                .value();
        rejections += ledger.submit(order, noon).state == OrderState::rejected ? 1 : 0;
        sent.push_back(order);
        ids.push_back(id);
      } else if (!sent.empty()) {
        const Order& old = sent[random.below(sent.size())];
        if (choice == 7) {
          const Decimal cash = ledger.cash();
          const OrderReport before = ledger.submit(old, noon);
          CHECK(test::same_report(before, ledger.submit(old, noon)));
          CHECK(ledger.cash() == cash);
          Order other = old;
          other.side = old.side == Side::buy ? Side::sell : Side::buy;
          CHECK(code_of([&] { static_cast<void>(ledger.submit(other, noon)); }) == RB_CONFLICT);
        } else if (choice == 8) {
          if (chance(0.5)) {
            CHECK(ledger.find_order(old.client_id, noon).client_id == old.client_id);
          } else {
            CHECK(ledger.open_orders(noon).size() <= sent.size());
          }
        } else {
          cancelled += code_of([&] { ledger.cancel(old.client_id); }) == RB_OK ? 1 : 0;
        }
      }
      CHECK_FALSE(ledger.cash().is_negative());
      CHECK_FALSE(ledger.buying_power().is_negative());
    }
    test::check_book(ledger, ids);
    for (const std::string& id : ids) {
      const OrderReport report = ledger.find_order(id, noon);
      Decimal told;
      const std::vector<Fill> list = ledger.fills(id);
      for (const Fill& fill : list) told = add(told, fill.quantity.decimal()).value();
      CHECK(told == report.filled.decimal());
      fills += static_cast<int>(list.size());
    }
  }
  // The streams are worth something only if all of this happens in them.
  CHECK(fills > streams);
  CHECK(rejections > streams);
  CHECK(cancelled > streams / 20);
  MESSAGE(streams << " streams: " << fills << " fills, " << rejections << " rejections, " << cancelled << " cancelled");
}
