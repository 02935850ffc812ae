// What every journal must do with fills. Part of run_store_contract.hpp.
#pragma once
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "support/journal_builders.hpp"

namespace rebalancer::test {

// A journal in which run aa11 has begun.
inline void check_fills(RunStore& store) {
  const PlanRecord plan = plan_record("aa11");
  SUBCASE("a fill is applied once; told otherwise it is a conflict, and nothing of that batch is applied") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x"), intent("aa11", 2, "s", "10", Side::sell)}));
    CHECK(store.add_fills({fill_of("f1", "x", "4"), fill_of("f2", "x", "3"), fill_of("f1", "x", "4")}).value() == 2);
    CHECK(store.add_fills({fill_of("f2", "x", "3"), fill_of("f1", "x", "4")}).value() == 0);
    Fill restated = fill_of("f1", "x", "4");
    restated.at = Instant::from_seconds(2001);  // the same second, told in milliseconds
    CHECK(store.add_fills({restated}).value() == 0);
    CHECK(code_of(store.add_fills({fill_of("f3", "x", "1"), fill_of("f1", "x", "5")})) == "conflict");
    CHECK(code_of(store.add_fills({fill_of("f3", "x", "1"), fill_of("f1", "x", "4", "100.51")})) == "conflict");
    CHECK(code_of(store.add_fills({fill_of("f3", "s", "1")})) == "conflict");  // a buy's fill for a sell
    CHECK(code_of(store.add_fills({fill_of("f3", "nobody", "1")})) == "not_found");
    const auto fills = store.fills_of("x").value();
    REQUIRE(fills.size() == 2);
    CHECK(fills[0].id == "f1");
    CHECK(fills[0].quantity.to_string() == "4");
    CHECK(fills[0].price == price("100.5"));
    CHECK(fills[0].fee.to_string() == "0.01 USD");
    CHECK(fills[0].at == Instant::from_seconds(2000));
    CHECK(store.fills_of("s").value().empty());
  }
  SUBCASE("an answer and the fills it counts are written together or not at all") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "x")}));
    REQUIRE(store.update_order(report_of("x", OrderState::sending)));
    REQUIRE(store.record_answer(report_of("x", OrderState::partial, "4", "100.5"), {fill_of("f1", "x", "4")}));
    const OrderReport whole = report_of("x", OrderState::filled, "10", "100.5");
    CHECK(code_of(store.record_answer(whole, {fill_of("f2", "x", "6"), fill_of("f1", "x", "5")})) == "conflict");
    CHECK(code_of(store.record_answer(report_of("x", OrderState::rejected), {fill_of("f2", "x", "6")})) == "conflict");
    CHECK(store.orders_of("aa11").value().at(0).state == OrderState::partial);
    CHECK(store.fills_of("x").value().size() == 1);
    CHECK(store.record_answer(whole, {fill_of("f1", "x", "4"), fill_of("f2", "x", "6")}));
    CHECK(store.orders_of("aa11").value().at(0).state == OrderState::filled);
    CHECK(store.fills_of("x").value().size() == 2);
  }
  SUBCASE("orders that ended with more filled than their fills sum to are known, oldest first") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    const auto lacking = [&] {
      std::string names;
      const auto found = store.orders_lacking_fills().value();
      for (const OrderRecord& record : found) names += record.order.client_id;
      return names;
    };
    for (const std::string id : {"a", "b", "c"}) REQUIRE(store.update_order(report_of(id, OrderState::sending)));
    REQUIRE(store.update_order(report_of("c", OrderState::cancelled)));
    REQUIRE(store.record_answer(report_of("b", OrderState::filled, "10", "100"), {fill_of("f1", "b", "4")}));
    REQUIRE(store.update_order(report_of("a", OrderState::partial, "2", "100")));
    CHECK(lacking() == "b");  // a is not at its end
    REQUIRE(store.update_order(report_of("a", OrderState::cancelled, "2", "100")));
    CHECK(lacking() == "ab");
    REQUIRE(store.add_fills({fill_of("f2", "a", "2"), fill_of("f3", "b", "5.999999999")}));
    CHECK(lacking() == "b");
    REQUIRE(store.add_fills({fill_of("f4", "b", "0.000000001")}));
    CHECK(lacking().empty());
  }
  SUBCASE("traded value counts fills at their prices and what open orders may still take") {
    REQUIRE(store.commit_plan(plan, {intent("aa11", 1, "a"), intent("aa11", 2, "b"), intent("aa11", 3, "c")}));
    const auto value = [&] { return store.traded_value("default", session_day(20)).value().to_string(); };
    CHECK(value() == "0");
    REQUIRE(store.update_order(report_of("a", OrderState::sending)));
    CHECK(value() == "1010");  // 10 at the limit 101
    REQUIRE(store.update_order(report_of("a", OrderState::partial, "4", "100.5")));
    REQUIRE(store.add_fills({fill_of("f1", "a", "4")}));
    CHECK(value() == "1008");  // 4 * 100.5 + 6 * 101
    REQUIRE(store.update_order(report_of("a", OrderState::cancelled, "4", "100.5")));
    CHECK(value() == "402");
    REQUIRE(store.update_order(report_of("b", OrderState::sending)));
    REQUIRE(store.update_order(report_of("b", OrderState::filled, "10", "100")));
    CHECK(value() == "1402");  // the report is ahead of its fills
    CHECK(store.traded_value("default", session_day(21)).value().is_zero());
    CHECK(store.traded_value("other", session_day(20)).value().is_zero());
  }
}

// One random telling of what filled: two orders, fills of theirs in any order, in batches, again, lost and retold, and
// now and then a lie about a fill that was told before. Returns what is wrong with what the journal made of it.
class FillStream {
 public:
  FillStream(RunStore& store, std::uint64_t seed) : store_(store), random_(seed), name_(std::to_string(seed)) {}

  [[nodiscard]] std::string tell() {
    if (auto ready = prepare(); !ready) return ready.error().message;
    std::vector<std::size_t> told;
    for (std::size_t i = 0; i < truth_.size(); ++i) told.insert(told.end(), 1 + random_.below(3), i);
    shuffle(told);
    std::erase_if(told, [&](std::size_t) { return random_.below(4) == 0; });  // lost on the way
    for (std::size_t at = 0; at < told.size();) {
      const std::size_t end = std::min(told.size(), at + 1 + random_.below(3));
      if (auto wrong =
              send({told.begin() + static_cast<std::ptrdiff_t>(at), told.begin() + static_cast<std::ptrdiff_t>(end)},
                   Honesty::partial);
          !wrong.empty()) {
        return wrong;
      }
      at = end;
    }
    std::vector<std::size_t> all(truth_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    shuffle(all);
    if (auto wrong = send(all, Honesty::whole); !wrong.empty()) return wrong;
    return compare();
  }

 private:
  enum class Honesty { partial, whole };

  Result<void> prepare() {
    RunRecord run = run_record("run" + name_);
    if (auto begun = store_.begin_run(run); !begun) return begun;
    const std::vector<OrderRecord> orders = {intent(run.id, 1, "x" + name_, "100"),
                                             intent(run.id, 2, "y" + name_, "100", Side::sell)};
    if (auto planned = store_.commit_plan(plan_record(run.id), orders); !planned) return planned;
    for (std::uint64_t i = 1 + random_.below(5); i > 0; --i) {
      const Order& order = orders[random_.below(2)].order;
      truth_.push_back(
          {"f" + name_ + "-" + std::to_string(i), order.client_id, order.symbol, order.side,
           Quantity(Decimal::from_billionths(1 + static_cast<std::int64_t>(random_.below(9'000'000'000)))),
           Price::make(Decimal::from_billionths(1 + static_cast<std::int64_t>(random_.below(1u << 30)))).value(),
           Money(Decimal::from_billionths(static_cast<std::int64_t>(random_.below(1000))), Currency::usd()),
           Instant::from_seconds(static_cast<std::int64_t>(i))});
    }
    return store_.update_order(report_of("x" + name_, OrderState::sending));
  }
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random_.below(i)]);
  }
  [[nodiscard]] bool is_applied(const std::string& id) const {
    return std::any_of(applied_.begin(), applied_.end(), [&](const Fill& fill) { return fill.id == id; });
  }
  [[nodiscard]] Fill lie_about(Fill fill) {
    const Decimal little = Decimal::from_billionths(1);
    switch (random_.below(4)) {
      case 0:
        fill.quantity = Quantity(add(fill.quantity.decimal(), little).value());
        break;
      case 1:
        fill.price = Price::make(add(fill.price.decimal(), little).value()).value();
        break;
      case 2:
        fill.fee = Money(add(fill.fee.amount(), little).value(), fill.fee.currency());
        break;
      default:
        fill.client_id = (fill.client_id[0] == 'x' ? "y" : "x") + name_;
    }
    return fill;
  }
  // With a report or without; a batch with a lie must be refused as a whole.
  std::string send(const std::vector<std::size_t>& places, Honesty honesty) {
    std::vector<Fill> batch;
    for (const std::size_t place : places) {
      batch.push_back(truth_[place]);
      if (random_.below(2) == 0) batch.back().at = Instant::from_seconds(77);  // a time is told with any precision
    }
    const bool lies = honesty == Honesty::partial && !applied_.empty() && random_.below(4) == 0;
    if (lies) {
      batch.push_back(lie_about(applied_[random_.below(applied_.size())]));
      shuffle(batch);
    }
    std::vector<Fill> fresh;
    for (const Fill& fill : batch) {
      const auto again = [&](const Fill& other) { return other.id == fill.id; };
      if (!is_applied(fill.id) && std::none_of(fresh.begin(), fresh.end(), again)) fresh.push_back(fill);
    }
    Result<std::size_t> told = fresh.size();
    if (random_.below(3) == 0) {
      const auto answered = store_.record_answer(report_of("x" + name_, OrderState::partial), batch);
      if (!answered) told = fail(answered.error());
    } else {
      told = store_.add_fills(batch);
    }
    if (lies) return code_of(told) == "conflict" ? "" : "a lie was " + code_of(told);
    if (!told) return told.error().message;
    if (*told != fresh.size()) return fmt::format("{} new, must be {}", *told, fresh.size());
    applied_.insert(applied_.end(), fresh.begin(), fresh.end());
    return "";
  }
  std::string compare() {
    if (applied_.size() != truth_.size()) return "the test did not tell all";
    for (const std::string letter : {"x", "y"}) {
      Decimal expected;
      std::vector<std::string> order;
      for (const Fill& fill : truth_) {
        if (fill.client_id == letter + name_) expected = add(expected, fill.quantity.decimal()).value();
      }
      for (const Fill& fill : applied_) {
        if (fill.client_id == letter + name_) order.push_back(fill.id);
      }
      const auto kept = store_.fills_of(letter + name_);
      if (!kept) return kept.error().message;
      Decimal sum;
      std::vector<std::string> ids;
      for (const Fill& fill : *kept) {
        sum = add(sum, fill.quantity.decimal()).value();
        ids.push_back(fill.id);
      }
      if (sum != expected) return fmt::format("{} filled, must be {}", sum.to_string(), expected.to_string());
      if (ids != order) return "not in the order applied";
    }
    return "";
  }

  RunStore& store_;
  Random random_;
  std::string name_;
  std::vector<Fill> truth_;
  std::vector<Fill> applied_;  // in that order
};

// `store_of(stream)` is the journal for that stream: one for all, or one for each.
template <class StoreOf>
void check_fill_streams(std::uint64_t count, StoreOf store_of) {
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const std::string wrong = FillStream(store_of(seed), seed).tell();
    if (!wrong.empty()) FAIL("stream " << seed << ": " << wrong);
  }
}

}  // namespace rebalancer::test
