#include "adapters/sqlite/price_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "adapters/sqlite/migrations.hpp"
#include "support/memory_price_store.hpp"
#include "support/price_store_conformance.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::test;
using rebalancer::sqlite::SqlitePriceStore;

namespace {

std::unique_ptr<PriceStore> opened(const std::string& file) {
  auto store = SqlitePriceStore::open(file);
  if (!store) FAIL(store.error().message);
  return *std::move(store);
}

}  // namespace

TEST_CASE("the sqlite price store keeps the promises of its port") {
  check_price_store([] {
    auto folder = std::make_shared<TemporaryDirectory>();
    return [folder] { return opened(folder->file("prices.db").string()); };
  });
}

// So that tests which use it test against the same rules.
TEST_CASE("the price store of the tests keeps the promises of its port") {
  check_price_store([] {
    auto store = std::make_shared<MemoryPriceStore>();
    return [store]() -> std::unique_ptr<PriceStore> {
      struct Shared final : PriceStore {
        explicit Shared(std::shared_ptr<MemoryPriceStore> inner) : inner_(std::move(inner)) {}
        Result<std::size_t> write(const BarTable& table, Instant known_at) override {
          return inner_->write(table, known_at);
        }
        Result<BarTable> read(const Symbol& symbol, Date from, Date to, std::optional<Instant> known_by) override {
          return inner_->read(symbol, from, to, known_by);
        }
        Result<std::optional<Date>> last_date(const Symbol& symbol) override { return inner_->last_date(symbol); }
        Result<std::optional<Date>> first_date(const Symbol& symbol) override { return inner_->first_date(symbol); }
        Result<std::vector<Symbol>> symbols() override { return inner_->symbols(); }
        std::shared_ptr<MemoryPriceStore> inner_;
      };
      return std::make_unique<Shared>(store);
    };
  });
}

TEST_CASE("opening creates the folders, and tells what is no price store") {
  const TemporaryDirectory folder;
  const std::string deep = folder.file("a/b/prices.db").string();
  CHECK(SqlitePriceStore::open(deep));
  const auto error_of = [](const std::string& file) {
    const auto store = SqlitePriceStore::open(file);
    return store ? Error{ErrorCode::internal, "opened"} : store.error();
  };
  const std::string text = folder.write("text.db", std::string(5000, 'x')).string();
  CHECK(error_of(text).code == ErrorCode::invalid);
  CHECK(error_of(text).message.starts_with(text + ": the file is not a SQLite database"));
  CHECK(error_of(folder.path().string()).message == folder.path().string() + " is a folder, must be a file");
  const std::string beneath = (folder.file("text.db") / "prices.db").string();
  CHECK(error_of(beneath).code == ErrorCode::unavailable);

  const std::string foreign = folder.file("foreign.db").string();
  SQLite::Database(foreign, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE mine (x)");
  CHECK(error_of(foreign) == Error{ErrorCode::invalid, foreign + " is a SQLite database but not a price store"});
  SQLite::Database(deep, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 9");
  CHECK(error_of(deep).code == ErrorCode::conflict);
  CHECK(error_of(deep).message == deep + " has schema 9, this program knows up to 1: a newer one wrote it");
}

TEST_CASE("a file from a power cut in the middle of its creation is completed") {
  const TemporaryDirectory folder;
  const std::string empty = folder.write("empty.db", "").string();
  auto store = opened(empty);
  CHECK(store->write(bars_named("SPY", {bar_of(0, 1)}), at(0)).value() == 1);
}

TEST_CASE("a disk that is full and a database that is busy are errors with a name") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("prices.db").string();
  auto store = opened(file);
  SQLite::Database other(file, SQLite::OPEN_READWRITE);
  const auto full = sqlite::guarded(file, [&]() -> Result<void> {
    other.exec("PRAGMA max_page_count = 1");  // SQLite's own way of running out of space
    for (int i = 0; i < 1000; ++i) {
      other.exec("INSERT INTO sources (name) VALUES ('" + std::string(1000, 'x') + std::to_string(i) + "')");
    }
    return {};
  });
  REQUIRE_FALSE(full);
  CHECK(full.error().code == ErrorCode::exhausted);
  CHECK(full.error().message.starts_with(file + ": the disk is full"));

  const auto busy = sqlite::guarded(file, [&]() -> Result<void> {
    SQLite::Database third(file, SQLite::OPEN_READWRITE);
    SQLite::Transaction writing(other, SQLite::TransactionBehavior::IMMEDIATE);
    third.exec("DELETE FROM sources");
    return {};
  });
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code == ErrorCode::conflict);
}

TEST_CASE("two stores on one file see each other's facts") {
  const TemporaryDirectory folder;
  const std::string file = folder.file("prices.db").string();
  auto one = opened(file);
  auto two = opened(file);
  REQUIRE(one->write(bars_named("SPY", {bar_of(0, 1)}), at(0)).value() == 1);
  CHECK(two->write(bars_named("SPY", {bar_of(0, 1)}), at(1)).value() == 0);
  CHECK(two->read(named("SPY"), ever, never, {})->bars().size() == 1);
}
