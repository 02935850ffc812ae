#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"
#include "support/price_store_conformance.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

struct Place {
  TemporaryDirectory folder;
  LoadedPlugins loaded{{built("plugins/csv_store.so")}};

  Result<std::unique_ptr<PriceStore>> open(const std::string& path) {
    return loaded.host.create_store("csv", loaded.json("{\"path\": \"" + path + "\"}"), loaded.options());
  }
  std::unique_ptr<PriceStore> opened(const std::string& path = "") {
    auto store = open(path.empty() ? folder.file("prices").string() : path);
    if (!store) FAIL(store.error().message);
    return *std::move(store);
  }
  std::string text(const char* name) {
    std::ifstream in(folder.file("prices") / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

const std::string header = "known_at,date,open,high,low,close,volume,dividend,split,basis,source\n";

}  // namespace

TEST_CASE("the csv store keeps the promises of its port") {
  check_price_store([] {
    auto place = std::make_shared<Place>();
    return [place] { return place->opened(); };
  });
}

TEST_CASE("the files are what a person would write, and only grow") {
  Place place;
  auto store = place.opened();
  Bar bar = bar_of(0, 602.25);
  bar.volume = 71'000'000;
  REQUIRE(store->write(bars_named("SPY", {bar}, PriceBasis::raw, "csv my, \"own\" prices.csv"),
                       Instant::from_nanoseconds(1'790'000'000'000'000'007)));
  const std::string first = header +
                            "2026-09-21T14:13:20.000000007Z,2024-10-04,,,,602.25,71000000,0,1,raw,\"csv my, "
                            "\"\"own\"\" prices.csv\"\n";
  CHECK(place.text("SPY.csv") == first);
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 1), bar_of(1, 2)}), at(5)));
  const std::string second = place.text("SPY.csv");
  CHECK(second.starts_with(first));
  CHECK(std::count(second.begin(), second.end(), '\n') == 4);
  // Nothing new: not even touched.
  struct stat before {
  }, after{};
  const std::string file = (place.folder.file("prices") / "SPY.csv").string();
  ::stat(file.c_str(), &before);
  CHECK(store->write(bars_named("SPY", {bar_of(1, 2)}), at(9)).value() == 0);
  ::stat(file.c_str(), &after);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("a damaged file stops every read and write of its symbol, with its line") {
  Place place;
  auto store = place.opened();
  const std::string good = "2026-09-21T14:13:20.000000000Z,2024-10-04,,,,602.25,,0,1,raw,test\n";
  const auto refusal = [&](const std::string& content) {
    const auto file = place.folder.write("prices/SPY.csv", content).string();
    const auto read = store->read(named("SPY"), ever, never, {});
    const auto written = store->write(bars_named("SPY", {bar_of(9, 1)}), at(9));
    CHECK_FALSE(written);
    if (read) return std::string("read");
    CHECK(read.error().code == ErrorCode::invalid);
    const auto at_name = read.error().message.find(file);
    return at_name == std::string::npos ? read.error().message : read.error().message.substr(at_name + file.size());
  };
  CHECK(refusal(header + good + "2026-09") == ": the last line has no end, the file is cut");
  CHECK(refusal("") == ": the last line has no end, the file is cut");
  CHECK(refusal("date,close\n") ==
        ":1: the header must be known_at,date,open,high,low,close,volume,dividend,split,basis,source");
  CHECK(refusal(header + good + "1,2\n") == ":3: 2 cells, must be 11");
  CHECK(refusal(header + "2026-09-21T14:13:20Z,2024-10-04,,,,1,,0,1,raw,test\n") ==
        ":2: known_at is \"2026-09-21T14:13:20Z\", must be of the form 2026-11-20T21:05:00.000000000Z");
  CHECK(refusal(header + "2026-09-21T14:13:20.000000000Z,2024-10-40,,,,1,,0,1,raw,test\n") ==
        ":2: date is \"2024-10-40\", must be a day of the form 2026-11-23");
  CHECK(refusal(header + "2026-09-21T14:13:20.000000000Z,2024-10-04,,,,x,,0,1,raw,test\n") ==
        ":2: close is \"x\", must be a number or empty");
  CHECK(refusal(header + "2026-09-21T14:13:20.000000000Z,2024-10-04,,,,1,,-1,1,raw,test\n") ==
        ":2: dividend is \"-1\", must not be negative");
  CHECK(refusal(header + "2026-09-21T14:13:20.000000000Z,2024-10-04,,,,1,,0,0,raw,test\n") ==
        ":2: split is \"0\", must be positive");
  CHECK(refusal(header + "2026-09-21T14:13:20.000000000Z,2024-10-04,,,,1,,0,1,odd,test\n") ==
        ":2: basis is \"odd\", must be raw or adjusted");
  CHECK(refusal(header + good + good) ==
        ":3: 2024-10-04 is known since 2026-09-21T14:13:20.000000000Z, must be later than on the line of that day "
        "before");
  // The other symbols are not concerned, and a repaired file is read at once.
  CHECK(store->write(bars_named("QQQ", {bar_of(0, 1)}), at(0)).value() == 1);
  place.folder.write("prices/SPY.csv", header + good);
  CHECK(store->read(named("SPY"), ever, never, {})->bars().size() == 1);
}

TEST_CASE("what is no price file in the folder, and what a crash left there, do not count") {
  Place place;
  auto store = place.opened();
  REQUIRE(store->write(bars_named("SPY", {bar_of(0, 1)}), at(0)));
  place.folder.write("prices/notes.txt", "mine");
  place.folder.write("prices/lower.csv", "mine");
  place.folder.write("prices/SPY.csv.new", header + "2026-09");
  CHECK(*store->symbols() == std::vector<Symbol>{named("SPY")});
  CHECK(store->write(bars_named("SPY", {bar_of(1, 1)}), at(1)).value() == 1);
  CHECK_FALSE(std::filesystem::exists(place.folder.file("prices") / "SPY.csv.new"));
}

TEST_CASE("two stores on one folder see each other's facts") {
  Place place;
  auto one = place.opened();
  auto two = place.opened();
  CHECK(one->write(bars_named("SPY", {bar_of(0, 1)}), at(0)).value() == 1);
  CHECK(two->write(bars_named("SPY", {bar_of(0, 1), bar_of(1, 1)}), at(1)).value() == 1);
  CHECK(one->read(named("SPY"), ever, never, {})->bars().size() == 2);
}

TEST_CASE("a place where no folder can be is refused at the start") {
  Place place;
  const auto file = place.folder.write("file", "").string();
  const auto store = place.open(file);
  REQUIRE_FALSE(store);
  CHECK(store.error().message.find(file + " is not a folder and cannot be made one") != std::string::npos);
}
