#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

struct Fixture {
  LoadedPlugins loaded{{built("bad_plugins/bad_store.so")}};
  Symbol spy = *Symbol::parse("SPY");
  BarTable table = *BarTable::make(spy, {Bar{Date::from_days(5)}}, PriceBasis::raw, "test");

  std::unique_ptr<PriceStore> store(const std::string& wrong) {
    auto created =
        loaded.host.create_store("bad_store", loaded.json(R"({"wrong": ")" + wrong + "\"}"), loaded.options());
    REQUIRE(created);
    return *std::move(created);
  }
  Result<BarTable> read(const std::string& wrong) {
    return store(wrong)->read(spy, Date::from_days(1), Date::from_days(9), std::nullopt);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a store that keeps the contract is taken at its word") {
  const auto own = store("nothing");
  CHECK(own->write(table, Instant()) == 1);
  CHECK(own->first_date(spy) == Date::from_days(5));
  CHECK(own->last_date(spy) == Date::from_days(10));
  REQUIRE(own->symbols());
  CHECK(own->symbols()->front().str() == "BND");
  const auto read = own->read(spy, Date::from_days(1), Date::from_days(9), std::nullopt);
  REQUIRE(read);
  CHECK(read->bars().empty());
  CHECK(read->source().empty());
}

TEST_CASE_FIXTURE(Fixture, "a symbol never seen has no dates, which is no error") {
  const auto own = store("never");
  REQUIRE(own->last_date(spy));
  CHECK_FALSE(own->last_date(spy)->has_value());
}

TEST_CASE_FIXTURE(Fixture, "answers that make no sense become an error that says how") {
  CHECK(store("count")->write(table, Instant()).error() ==
        Error{ErrorCode::internal, "bad_store returned 2 new facts of 1 written"});
  CHECK(read("silent").error().message == "bad_store returned 0 tables for SPY, must be one");
  CHECK(read("twice").error().message == "bad_store returned 2 tables for SPY, must be one");
  CHECK(read("other").error().message == "bad_store returned ZZZ when asked for SPY");
  CHECK(store("backwards")->last_date(spy).error().message ==
        "bad_store returned a range of SPY that ends before it starts");
  CHECK(store("symbol")->symbols().error().message.starts_with("bad_store returned a bad symbol"));
  CHECK(store("symbol_twice")->symbols().error().message == "bad_store returned SPY twice");
}
