// What every price store owes, whatever it is made of. `open` gives a store on the same place each time, so that what
// was written is still there for the next one.
#pragma once
#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/ports/price_store.hpp"

namespace rebalancer::test {

using OpenStore = std::function<std::unique_ptr<PriceStore>()>;

inline Symbol named(const char* text) { return Symbol::parse(text).value(); }
inline Date on(int day) { return Date::from_days(20'000 + day); }
inline Instant at(std::int64_t second) { return Instant::from_seconds(1'790'000'000 + second); }
inline const Date ever = Date::from_days(-20'000), never = Date::from_days(60'000);

inline Bar bar_of(int day, double close) {
  Bar bar;
  bar.date = on(day);
  bar.close = close;
  return bar;
}
inline BarTable bars_named(const char* name, std::vector<Bar> bars, PriceBasis basis = PriceBasis::raw,
                           const char* source = "test") {
  return BarTable::make(named(name), std::move(bars), basis, source).value();
}
inline bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
inline bool same_bar(const Bar& a, const Bar& b) {
  return a.date == b.date && same_number(a.open, b.open) && same_number(a.high, b.high) && same_number(a.low, b.low) &&
         same_number(a.close, b.close) && same_number(a.volume, b.volume) && a.dividend == b.dividend &&
         a.split_ratio == b.split_ratio;
}

inline void store_keeps_every_figure(const OpenStore& open) {
  Bar full = bar_of(0, 0.1 + 0.2);
  full.open = 1.0 / 3;
  full.high = 1e300;
  full.low = -1e-300;  // judged later, kept as told
  full.volume = 123456789;
  full.dividend = 0.123456789012345678;
  full.split_ratio = 1.0 / 7;
  const Bar empty = bar_of(1, no_value);
  REQUIRE(open()->write(bars_named("SPY", {full, empty}), at(0)).value() == 2);
  const auto read = open()->read(named("SPY"), ever, never, {});
  REQUIRE(read);
  REQUIRE(read->bars().size() == 2);
  CHECK(same_bar(read->bars()[0], full));
  CHECK(same_bar(read->bars()[1], empty));
  CHECK(read->basis() == PriceBasis::raw);
  CHECK(read->source() == "test");
}

inline void store_is_idempotent(const OpenStore& open) {
  const auto table = bars_named("SPY", {bar_of(0, 1), bar_of(1, no_value), bar_of(2, 3)});
  auto store = open();
  CHECK(store->write(table, at(0)).value() == 3);
  CHECK(store->write(table, at(1)).value() == 0);
  CHECK(store->write(table, at(-5)).value() == 0);
  store = nullptr;
  CHECK(open()->write(table, at(2)).value() == 0);
  // Overlapping: only what is new counts.
  CHECK(open()->write(bars_named("SPY", {bar_of(2, 3), bar_of(3, 4)}), at(3)).value() == 1);
  CHECK(open()->write(bars_named("QQQ", {bar_of(2, 3)}), at(3)).value() == 1);
  CHECK(open()->write(bars_named("SPY", {}), at(4)).value() == 0);
}

inline void store_tells_what_was_known(const OpenStore& open) {
  auto store = open();
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 1), bar_of(1, 2)}), at(10)).value() == 2);
  REQUIRE(store->write(bars_named("SPY", {bar_of(1, 2.5), bar_of(2, 3)}), at(20)).value() == 2);
  store = open();
  const auto closes = [&](std::optional<Instant> known_by) {
    const auto read = store->read(named("SPY"), ever, never, known_by);
    std::vector<double> values;
    if (!read) return values;
    for (const Bar& bar : read->bars()) values.push_back(bar.close);
    return values;
  };
  CHECK(closes({}) == std::vector<double>{1, 2.5, 3});
  CHECK(closes(at(20)) == std::vector<double>{1, 2.5, 3});
  CHECK(closes(Instant::from_nanoseconds(at(20).nanoseconds() - 1)) == std::vector<double>{1, 2});
  CHECK(closes(at(10)) == std::vector<double>{1, 2});
  CHECK(closes(at(9)).empty());
  // Back to the old figure: a revision too.
  CHECK(store->write(bars_named("SPY", {bar_of(1, 2)}), at(30)).value() == 1);
  CHECK(closes({}) == std::vector<double>{1, 2, 3});
  CHECK(closes(at(25)) == std::vector<double>{1, 2.5, 3});
}

inline void store_never_changes_the_past(const OpenStore& open) {
  auto store = open();
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 1)}), at(10)).value() == 1);
  // The clock went back, and stands still: the revision is known from just after what it replaces.
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 2)}), at(5)).value() == 1);
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 3)}), at(5)).value() == 1);
  CHECK(store->read(named("SPY"), ever, never, at(10))->bars()[0].close == 1);
  CHECK(store->read(named("SPY"), ever, never, {})->bars()[0].close == 3);
  CHECK(store->read(named("SPY"), ever, never, at(7))->bars().empty());
}

inline void store_cuts_to_the_window(const OpenStore& open) {
  auto store = open();
  std::vector<Bar> bars;
  for (int i = 0; i < 20; ++i) bars.push_back(bar_of(i, i + 1));
  REQUIRE(store->write(bars_named("SPY", bars), at(0)).value() == 20);
  const auto read = store->read(named("SPY"), on(5), on(7), {});
  REQUIRE(read->bars().size() == 3);
  CHECK(read->bars()[0].date == on(5));
  CHECK(read->bars()[2].date == on(7));
  CHECK(store->read(named("SPY"), on(7), on(5), {})->bars().empty());
  CHECK(store->read(named("SPY"), on(30), on(40), {})->bars().empty());
}

inline void store_knows_its_symbols_and_ranges(const OpenStore& open) {
  auto store = open();
  CHECK(store->symbols()->empty());
  CHECK_FALSE(store->last_date(named("SPY"))->has_value());
  CHECK_FALSE(store->first_date(named("SPY"))->has_value());
  const auto unknown = store->read(named("SPY"), ever, never, {});
  REQUIRE(unknown);
  CHECK(unknown->bars().empty());
  CHECK(unknown->basis() == PriceBasis::raw);
  CHECK(unknown->source().empty());
  REQUIRE(store->write(bars_named("^GSPC", {bar_of(3, 1), bar_of(9, 1)}), at(0)));
  REQUIRE(store->write(bars_named("BRK-B", {bar_of(4, 1)}), at(0)));
  REQUIRE(store->write(bars_named("EURUSD=X", {bar_of(4, 1)}), at(0)));
  REQUIRE(store->write(bars_named("A.B", {bar_of(4, 1)}), at(0)));
  store = open();
  CHECK(*store->symbols() == std::vector<Symbol>{named("A.B"), named("BRK-B"), named("EURUSD=X"), named("^GSPC")});
  CHECK(store->first_date(named("^GSPC"))->value() == on(3));
  CHECK(store->last_date(named("^GSPC"))->value() == on(9));
  REQUIRE(store->write(bars_named("^GSPC", {bar_of(1, 1)}), at(1)));
  CHECK(store->first_date(named("^GSPC"))->value() == on(1));
}

inline void store_keeps_basis_and_source_apart(const OpenStore& open) {
  auto store = open();
  REQUIRE(
      store->write(bars_named("SPY", {bar_of(0, 1), bar_of(1, 2)}, PriceBasis::adjusted, "csv \"a, b\".csv"), at(0)));
  CHECK(store->read(named("SPY"), ever, never, {})->basis() == PriceBasis::adjusted);
  CHECK(store->read(named("SPY"), ever, never, {})->source() == "csv \"a, b\".csv");
  // The same figure from elsewhere is another fact.
  CHECK(store->write(bars_named("SPY", {bar_of(1, 2)}, PriceBasis::adjusted, "yahoo"), at(1)).value() == 1);
  store = open();
  CHECK(store->read(named("SPY"), ever, never, {})->source() == "csv \"a, b\".csv, yahoo");
  CHECK(store->read(named("SPY"), on(1), on(1), {})->source() == "yahoo");
  CHECK(store->write(bars_named("SPY", {bar_of(1, 2)}, PriceBasis::raw, "yahoo"), at(2)).value() == 1);
  const auto mixed = store->read(named("SPY"), ever, never, {});
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().code == ErrorCode::conflict);
  CHECK(mixed.error().message.find("SPY: the price of " + on(0).to_string() + " is adjusted") != std::string::npos);
  CHECK(store->read(named("SPY"), on(1), on(1), {})->basis() == PriceBasis::raw);
}

// Random writes against a model made of maps.
inline void store_agrees_with_a_model(const OpenStore& open) {
  using Version = std::pair<std::int64_t, Bar>;
  std::map<std::string, std::map<int, std::vector<Version>>> model;
  Random random(17);
  auto store = open();
  for (int step = 0; step < 60; ++step) {
    const std::string name = random.below(2) == 0 ? "AAA" : "BBB";
    const auto start = static_cast<int>(random.below(30));
    std::vector<Bar> bars;
    std::size_t expected = 0;
    for (int day = start; day < start + 8; ++day) {
      if (random.below(4) == 0) continue;
      const Bar bar = bar_of(day, static_cast<double>(1 + random.below(2)));
      bars.push_back(bar);
      auto& versions = model[name][day];
      if (!versions.empty() && same_bar(versions.back().second, bar)) continue;
      versions.emplace_back(step, bar);
      ++expected;
    }
    REQUIRE(store->write(bars_named(name.c_str(), bars), at(step)).value() == expected);
    if (step % 10 == 9) store = open();
    const auto known_by = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(step) + 1));
    for (const auto& [symbol, days] : model) {
      std::vector<Bar> wanted;
      for (const auto& [day, versions] : days) {
        const Bar* last = nullptr;
        for (const auto& [when, bar] : versions) {
          if (when <= known_by) last = &bar;
        }
        if (last != nullptr) wanted.push_back(*last);
      }
      const auto read = store->read(named(symbol.c_str()), ever, never, at(known_by));
      REQUIRE(read);
      REQUIRE(read->bars().size() == wanted.size());
      for (std::size_t i = 0; i < wanted.size(); ++i) REQUIRE(same_bar(read->bars()[i], wanted[i]));
    }
  }
}

// Every claim on a fresh place: `make_place` gives the opener of an empty one.
inline void check_price_store(const std::function<OpenStore()>& make_place) {
  SUBCASE("keeps every figure") { store_keeps_every_figure(make_place()); }
  SUBCASE("stores nothing twice") { store_is_idempotent(make_place()); }
  SUBCASE("tells what was known at any time") { store_tells_what_was_known(make_place()); }
  SUBCASE("never changes the past") { store_never_changes_the_past(make_place()); }
  SUBCASE("cuts to the window") { store_cuts_to_the_window(make_place()); }
  SUBCASE("knows its symbols and ranges") { store_knows_its_symbols_and_ranges(make_place()); }
  SUBCASE("keeps basis and source apart") { store_keeps_basis_and_source_apart(make_place()); }
  SUBCASE("agrees with a model") { store_agrees_with_a_model(make_place()); }
}

}  // namespace rebalancer::test
