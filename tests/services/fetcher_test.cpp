#include "services/fetcher.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/fake_provider.hpp"
#include "support/memory_price_store.hpp"
#include "support/recording_events.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

Date day(const char* iso) { return Date::parse(iso).value(); }
const Symbol spy = Symbol::parse("SPY").value();
const Symbol qqq = Symbol::parse("QQQ").value();
const std::vector<Symbol> both{spy, qqq};

struct House {
  House() : calendar(calendar_named("XNYS").value()) {
    tell(provider, spy, 100);
    tell(provider, qqq, 200);
    finish("2026-11-20");
  }
  // Closes from 2026-01-02 to the end of the year, one more each session.
  void tell(FakeProvider& told, const Symbol& symbol, double close) const {
    for (const Date date : calendar->sessions(day("2026-01-02"), day("2026-12-31"))) told.tell(symbol, date, close++);
  }
  void finish(const char* session) { clock.set(calendar->close(day(session))); }
  Result<FetchSummary> fetch(const char* as_of, int sessions = 5, const std::vector<Symbol>& symbols = both) {
    return Fetcher(providers, store, *calendar, clock, events).fetch(symbols, day(as_of), sessions, {});
  }
  FetchSummary fetched(const char* as_of, int sessions = 5, const std::vector<Symbol>& symbols = both) {
    auto summary = fetch(as_of, sessions, symbols);
    if (!summary) FAIL(summary.error().message);
    return *summary;
  }
  Result<std::vector<BarTable>> stored(const char* as_of, int sessions = 5) {
    return Fetcher(providers, store, *calendar, clock, events).stored(both, day(as_of), sessions);
  }
  std::vector<double> closes(const char* as_of, int sessions = 5) {
    std::vector<double> values;
    const auto tables = stored(as_of, sessions);
    if (!tables) FAIL(tables.error().message);
    for (const Bar& bar : tables->at(0).bars()) values.push_back(bar.close);
    return values;
  }

  std::shared_ptr<const Calendar> calendar;
  FakeProvider provider, second{"second"};
  MemoryPriceStore store;
  FakeClock clock;
  RecordingEvents events;
  std::vector<Provider*> providers{&provider};
};

}  // namespace

TEST_CASE("what was never stored is asked for the whole window, in one call for all symbols") {
  House house;
  const auto summary = house.fetched("2026-11-20");
  CHECK(summary.source == "fake");
  CHECK_FALSE(summary.simulated);
  CHECK(summary.bars_received == 10);
  CHECK(summary.bars_new == 10);
  CHECK(summary.symbols_current == 0);
  REQUIRE(house.provider.requests.size() == 1);
  CHECK(house.provider.requests[0].symbols.size() == 2);
  CHECK(house.provider.requests[0].from == day("2026-11-16"));
  CHECK(house.provider.requests[0].to == day("2026-11-20"));
  CHECK(house.events.count("prices_fetched") == 1);
  CHECK(house.closes("2026-11-20").size() == 5);
}

TEST_CASE("a second fetch for the same day asks nothing and stores nothing") {
  House house;
  house.fetched("2026-11-20");
  const auto again = house.fetched("2026-11-22");  // a Sunday: the same session
  CHECK(again.bars_new == 0);
  CHECK(again.bars_received == 0);
  CHECK(again.symbols_current == 2);
  CHECK(house.provider.requests.size() == 1);
}

TEST_CASE("a later day asks for what is missing and the last stored day again") {
  House house;
  house.fetched("2026-11-20");
  house.finish("2026-11-24");
  const auto summary = house.fetched("2026-11-24");
  REQUIRE(house.provider.requests.size() == 2);
  CHECK(house.provider.requests[1].from == day("2026-11-20"));
  CHECK(house.provider.requests[1].to == day("2026-11-24"));
  CHECK(summary.bars_received == 6);
  CHECK(summary.bars_new == 4);
}

TEST_CASE("a longer window asks for the days before the first, and for both ends when both are missing") {
  House house;
  house.fetched("2026-11-20");
  CHECK(house.fetched("2026-11-20", 8).bars_new == 6);
  REQUIRE(house.provider.requests.size() == 2);
  CHECK(house.provider.requests[1].from == day("2026-11-11"));
  CHECK(house.provider.requests[1].to == day("2026-11-16"));
  house.finish("2026-11-23");
  CHECK(house.fetched("2026-11-23", 12).bars_new == 8);
  REQUIRE(house.provider.requests.size() == 4);
  CHECK(house.provider.requests[2].to == day("2026-11-11"));
  CHECK(house.provider.requests[3].from == day("2026-11-20"));
  CHECK(house.closes("2026-11-23", 12).size() == 12);
}

TEST_CASE("symbols that want different days are asked apart") {
  House house;
  house.fetched("2026-11-20", 5, {spy});
  house.finish("2026-11-23");
  house.fetched("2026-11-23", 5, {spy, qqq, spy});
  REQUIRE(house.provider.requests.size() == 3);
  CHECK(house.provider.requests[1].symbols == std::vector<Symbol>{qqq});
  CHECK(house.provider.requests[1].from == day("2026-11-17"));
  CHECK(house.provider.requests[2].symbols == std::vector<Symbol>{spy});
  CHECK(house.provider.requests[2].from == day("2026-11-20"));
}

TEST_CASE("a stored history that ended before the window is filled without asking for the days between") {
  House house;
  house.finish("2026-03-06");
  house.fetched("2026-03-06");
  house.finish("2026-11-20");
  house.fetched("2026-11-20");
  CHECK(house.provider.requests[1].from == day("2026-11-16"));
}

TEST_CASE("an adjusted history that changed as a whole is asked for again as a whole") {
  House house;
  house.provider.basis = PriceBasis::adjusted;
  house.fetched("2026-11-20");
  // A dividend: everything before it is scaled down.
  for (auto& [date, bar] : house.provider.history[spy]) {
    if (date <= day("2026-11-20")) bar.close *= 0.99;
  }
  house.finish("2026-11-23");
  const auto summary = house.fetched("2026-11-23");
  REQUIRE(house.provider.requests.size() == 3);
  CHECK(house.provider.requests[2].symbols == std::vector<Symbol>{spy});
  CHECK(house.provider.requests[2].from == day("2026-11-17"));
  CHECK(summary.bars_new == 5 + 1);
  const auto closes = house.closes("2026-11-23");
  REQUIRE(closes.size() == 5);
  CHECK(closes[0] == doctest::Approx(house.provider.history[spy][day("2026-11-17")].close));
}

TEST_CASE("another provider's history replaces the stored one, also on days it does not know") {
  House house;
  house.fetched("2026-11-20");
  FakeProvider other("other");
  other.basis = PriceBasis::adjusted;
  house.tell(other, spy, 1000);
  house.tell(other, qqq, 2000);
  other.history[spy].erase(day("2026-11-18"));
  house.providers = {&other};
  CHECK(house.fetched("2026-11-20").bars_new == 10);
  const auto tables = house.stored("2026-11-20");
  REQUIRE(tables);
  CHECK(tables->at(0).source() == "other");
  CHECK(tables->at(0).basis() == PriceBasis::adjusted);
  const auto closes = house.closes("2026-11-20");
  CHECK(closes[0] > 1000);
  CHECK(std::isnan(closes[2]));
  CHECK(closes[4] > 1000);
  CHECK(house.fetched("2026-11-20").symbols_current == 2);
}

TEST_CASE("a last day that only the former source knew is asked for again until it is told") {
  House house;
  house.fetched("2026-11-20");
  FakeProvider other("other");
  house.tell(other, spy, 1000);
  house.tell(other, qqq, 2000);
  const Bar late = other.history[spy][day("2026-11-20")];
  other.history[spy].erase(day("2026-11-20"));
  house.providers = {&other};
  house.fetched("2026-11-20");
  CHECK(std::isnan(house.closes("2026-11-20").back()));
  other.history[spy][day("2026-11-20")] = late;
  CHECK(house.fetched("2026-11-20").bars_new == 1);
  CHECK(house.closes("2026-11-20").back() == late.close);
}

TEST_CASE("a file on this machine is asked for the whole window each time, so that an edit is seen") {
  House house;
  house.provider.local = true;
  house.provider.source = "fake prices.csv";
  house.fetched("2026-11-20");
  CHECK(house.fetched("2026-11-20").bars_new == 0);
  house.provider.tell(spy, day("2026-11-18"), 7);
  CHECK(house.fetched("2026-11-20").bars_new == 1);
  CHECK(house.closes("2026-11-20")[2] == 7);
  house.provider.history[spy].erase(day("2026-11-18"));
  CHECK(house.fetched("2026-11-20").bars_new == 1);
  CHECK(std::isnan(house.closes("2026-11-20")[2]));
  CHECK(house.fetched("2026-11-20").bars_new == 0);
  CHECK(house.provider.requests.size() == 5);
}

TEST_CASE("the first provider that answers wins, and the failed ones are told") {
  House house;
  house.tell(house.second, spy, 100);
  house.tell(house.second, qqq, 200);
  house.providers = {&house.provider, &house.second};
  house.provider.failure = Error{ErrorCode::unavailable, "no network"};
  const auto summary = house.fetched("2026-11-20");
  CHECK(summary.source == "second");
  CHECK(summary.bars_new == 10);
  REQUIRE(house.events.count("provider_failed") == 1);
  CHECK(house.events.events[0].message == "no network");
  CHECK(house.events.events[0].fields.at("provider") == "fake");
  house.provider.failure.reset();
  CHECK(house.fetched("2026-11-20").source == "fake");
  CHECK(house.second.requests.size() == 1);
}

TEST_CASE("when no provider answers, the error names each, and the store is as it was") {
  House house;
  house.providers = {&house.provider, &house.second};
  house.provider.failure = Error{ErrorCode::unavailable, "no network"};
  house.second.failure = Error{ErrorCode::not_found, "SPY is not in p.csv"};
  const auto summary = house.fetch("2026-11-20");
  REQUIRE_FALSE(summary);
  CHECK(summary.error() == Error{ErrorCode::not_found, "fake: no network; second: SPY is not in p.csv"});
  CHECK(house.store.writes == 0);
  house.providers.clear();
  CHECK(house.fetch("2026-11-20").error().code == ErrorCode::invalid);
}

TEST_CASE("a provider that fails halfway leaves nothing behind") {
  House house;
  house.fetched("2026-11-20", 5, {spy});
  const std::size_t writes = house.store.writes;
  house.finish("2026-11-23");
  // The first group of two is answered, the second is not.
  struct Halfway final : Provider {
    explicit Halfway(FakeProvider& inner) : inner_(inner) {}
    std::string name() const override { return "fake"; }
    bool simulated() const override { return false; }
    Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to,
                                       std::stop_token stop) override {
      if (calls_++ == 1) return fail(ErrorCode::exhausted, "too many requests");
      return inner_.bars(symbols, from, to, stop);
    }
    FakeProvider& inner_;
    int calls_ = 0;
  } halfway(house.provider);
  house.providers = {&halfway};
  CHECK(house.fetch("2026-11-23").error() == Error{ErrorCode::exhausted, "fake: too many requests"});
  CHECK(house.store.writes == writes);
}

TEST_CASE("the store's errors are not the provider's") {
  House house;
  house.providers = {&house.provider, &house.second};
  house.store.failure = Error{ErrorCode::exhausted, "prices.db: the disk is full"};
  CHECK(house.fetch("2026-11-20").error() == Error{ErrorCode::exhausted, "prices.db: the disk is full"});
  CHECK(house.second.requests.empty());
}

TEST_CASE("the price of a session that is not over is neither asked for nor stored") {
  House house;
  house.clock.set(Instant::from_nanoseconds(house.calendar->close(day("2026-11-23")).nanoseconds() - 1));
  house.fetched("2026-11-23");
  CHECK(house.provider.requests[0].to == day("2026-11-20"));
  CHECK(house.store.last_date(spy)->value() == day("2026-11-20"));
  CHECK_FALSE(house.fetch("2027-06-01"));
}

TEST_CASE("bars beyond the days asked for are dropped") {
  House house;
  struct Talkative final : Provider {
    explicit Talkative(FakeProvider& inner) : inner_(inner) {}
    std::string name() const override { return "fake"; }
    bool simulated() const override { return false; }
    Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date, Date, std::stop_token stop) override {
      return inner_.bars(symbols, day("2026-01-01"), day("2026-12-31"), stop);
    }
    FakeProvider& inner_;
  } talkative(house.provider);
  house.providers = {&talkative};
  CHECK(house.fetched("2026-11-20").bars_new == 10);
}

TEST_CASE("made-up prices are named so, and never used once no configured provider makes prices up") {
  House house;
  house.provider.makes_up_prices = true;
  const auto summary = house.fetched("2026-11-20");
  CHECK(summary.simulated);
  CHECK(house.fetched("2026-11-20").symbols_current == 2);
  CHECK(house.stored("2026-11-20")->at(0).source() == "simulated fake");
  house.second.failure = Error{ErrorCode::unavailable, "no network"};
  house.providers = {&house.second};
  CHECK_FALSE(house.fetch("2026-11-20"));
  const auto stored = house.stored("2026-11-20");
  REQUIRE_FALSE(stored);
  CHECK(stored.error().code == ErrorCode::rejected);
  CHECK(stored.error().message.starts_with("SPY: the stored prices are made up (from simulated fake)"));
  // Real ones replace them.
  house.second.failure.reset();
  house.tell(house.second, spy, 100);
  house.tell(house.second, qqq, 200);
  house.fetched("2026-11-20");
  CHECK(house.stored("2026-11-20")->at(0).source() == "second");
}

TEST_CASE("a stop ends the fetch") {
  House house;
  std::stop_source stop;
  stop.request_stop();
  const auto summary = Fetcher(house.providers, house.store, *house.calendar, house.clock, house.events)
                           .fetch(both, day("2026-11-20"), 5, stop.get_token());
  REQUIRE_FALSE(summary);
  CHECK(summary.error().code == ErrorCode::timeout);
  CHECK(house.provider.requests.empty());
}

TEST_CASE("a symbol the provider has nothing to tell about is no error of the fetch") {
  House house;
  house.provider.history.erase(qqq);
  CHECK(house.fetched("2026-11-20").bars_new == 5);
  CHECK(house.stored("2026-11-20")->at(1).bars().empty());
}

TEST_CASE("stored days of different bases, which nobody can read, are put right by the next fetch") {
  House house;
  house.fetched("2026-11-20");
  Bar stray;
  stray.date = day("2026-11-18");
  stray.close = 5;
  house.provider.history[spy].erase(stray.date);
  const auto table = BarTable::make(spy, {stray}, PriceBasis::adjusted, "import").value();
  REQUIRE(house.store.write(table, house.clock.now()));
  CHECK_FALSE(house.stored("2026-11-20"));
  house.provider.local = true;
  house.fetched("2026-11-20");
  CHECK(std::isnan(house.closes("2026-11-20")[2]));
}
