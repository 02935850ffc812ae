#include "interactive_brokers/ids.hpp"

#include <set>
#include <stdexcept>

#include <doctest/doctest.h>

#include "support/temporary_directory.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::test::TemporaryDirectory;

constexpr const char* title = "order ids of interactive_brokers: API client, highest id that may be in use\n";

}  // namespace

TEST_CASE("an id is never given out twice, whatever the server says is next and whenever the process ends") {
  const TemporaryDirectory folder;
  std::set<std::int32_t> seen;
  std::int32_t last = 0;
  // The gateway counts backwards at each restart.
  for (std::int64_t next_valid = 500; next_valid > 0; next_valid -= 23) {
    OrderIds ids(folder.file("a/ids"), 7);
    ids.raise(next_valid);
    for (int i = 0; i < 70; ++i) {
      const std::int32_t id = ids.next();
      REQUIRE(seen.insert(id).second);
      REQUIRE(id > last);
      last = id;
    }
  }
}

TEST_CASE("the server's next id is taken when it is higher") {
  const TemporaryDirectory folder;
  OrderIds ids(folder.file("ids"), 1);
  CHECK(ids.next() == 1);
  ids.raise(38'103);
  CHECK(ids.next() == 38'103);
  ids.raise(38'099);
  CHECK(ids.next() == 38'104);
}

TEST_CASE("each API client has ids of its own") {
  const TemporaryDirectory folder;
  OrderIds one(folder.file("ids"), 1), two(folder.file("ids"), 2);
  one.raise(100);
  CHECK(one.next() == 100);
  CHECK(two.next() == 1);
  OrderIds again(folder.file("ids"), 1);
  CHECK(again.next() == 164);
}

TEST_CASE("a file that cannot be understood, read or written stops everything") {
  const TemporaryDirectory folder;
  for (const std::string& text :
       {std::string(), std::string("1 100\n"), title + std::string("1 100"), title + std::string("1\n"),
        title + std::string("1 x\n"), title + std::string("1 -1\n"), title + std::string("1 5\n1 6\n"),
        title + std::string("1 1999999999\n")}) {
    CAPTURE(text);
    OrderIds ids(folder.write("ids", text), 1);
    CHECK_THROWS_AS(static_cast<void>(ids.next()), std::runtime_error);
  }
  folder.write("file", "x");
  OrderIds nowhere(folder.file("file") / "ids", 1);
  CHECK_THROWS_AS(static_cast<void>(nowhere.next()), std::runtime_error);
}

TEST_CASE("asking for no id leaves no file") {
  const TemporaryDirectory folder;
  OrderIds ids(folder.file("ids"), 1);
  ids.raise(5);
  CHECK_FALSE(std::filesystem::exists(folder.file("ids")));
}

}  // namespace interactive_brokers
