#include <filesystem>
#include <zlib.h>

#include <doctest/doctest.h>

#include "support/loaded_plugins.hpp"
#include "support/plugin_under_test.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer::test;

namespace {

constexpr rb_date jan_5 = 20'458;  // 2026-01-05

std::string gzipped(const std::string& text) {
  const TemporaryDirectory folder;
  const std::string path = folder.file("x.gz").string();
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::string prices = "date,SPY,QQQ\n2026-01-05,600.5,\n2026-01-06,601,500.25\n2026-01-07,602,501\n";

}  // namespace

TEST_CASE("the csv provider emits one table per symbol asked for, cut to the window") {
  const TemporaryDirectory folder;
  PluginUnderTest csv("csv", {{"path", folder.write("my prices.csv", prices).string()}});
  REQUIRE(csv.instance() != nullptr);
  CHECK(csv.plugin().kind == RB_PROVIDER);
  CHECK(csv.api<rb_provider>().flags == RB_LOCAL);
  std::vector<EmittedBars> out;
  REQUIRE(bars_of(csv, {"QQQ", "SPY"}, jan_5 + 1, jan_5 + 1, out) == RB_OK);
  REQUIRE(out.size() == 2);
  CHECK(out[0].symbol == "QQQ");
  CHECK(out[0].source == "csv my prices.csv");
  CHECK(out[0].basis == RB_ADJUSTED);
  REQUIRE(out[0].bars.size() == 1);
  CHECK(out[0].bars[0].close == 500.25);
  CHECK(out[1].bars[0].close == 601);
  REQUIRE(bars_of(csv, {"QQQ"}, jan_5, jan_5, out) == RB_OK);
  REQUIRE(out.size() == 1);
  CHECK(out[0].bars.empty());
}

TEST_CASE("asked for no symbol, the csv provider tells all it has") {
  const TemporaryDirectory folder;
  PluginUnderTest csv("csv", {{"path", folder.write("p.csv", prices).string()}});
  std::vector<EmittedBars> out;
  REQUIRE(bars_of(csv, {}, jan_5, jan_5 + 9, out) == RB_OK);
  REQUIRE(out.size() == 2);
  CHECK(out[0].bars.size() == 3);
  CHECK(out[1].bars.size() == 2);
}

TEST_CASE("a gzipped file reads as the plain one, by its content, and a damaged one is refused") {
  const TemporaryDirectory folder;
  std::vector<EmittedBars> out;
  PluginUnderTest csv("csv", {{"path", folder.write("p.csv.gz", gzipped(prices)).string()}});
  REQUIRE(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_OK);
  CHECK(out[0].bars.size() == 3);
  CHECK(out[0].source == "csv p.csv.gz");

  const std::string whole = gzipped(prices + std::string(100'000, '\n'));
  PluginUnderTest cut("csv", {{"path", folder.write("cut.gz", whole.substr(0, whole.size() / 2)).string()}});
  CHECK(bars_of(cut, {"SPY"}, jan_5, jan_5 + 9, out) == RB_INVALID);
  CHECK(cut.failure.find("cut.gz: the compressed data is damaged or cut short") != std::string::npos);
  std::string damaged = gzipped(prices);
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  PluginUnderTest broken("csv", {{"path", folder.write("broken.gz", damaged).string()}});
  CHECK(bars_of(broken, {"SPY"}, jan_5, jan_5 + 9, out) == RB_INVALID);
  CHECK(broken.failure.find("damaged") != std::string::npos);
}

TEST_CASE("a raw file keeps its events, and what contradicts itself is logged once") {
  const TemporaryDirectory folder;
  const auto file = folder.write("long.csv",
                                 "date,symbol,close,adjusted_close,dividend,split\n"
                                 "2026-01-05,SPY,600,600,,\n2026-01-06,SPY,301,301,1.5,2\n");
  PluginUnderTest csv("csv", {{"path", file.string()}});
  std::vector<EmittedBars> out;
  REQUIRE(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_OK);
  REQUIRE(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_OK);
  CHECK(out[0].basis == RB_RAW);
  CHECK(out[0].bars[1].dividend == 1.5);
  CHECK(out[0].bars[1].split_ratio == 2);
  REQUIRE(csv.logs.size() == 1);
  CHECK(csv.logs[0].second.find("SPY: adjusted_close differs") != std::string::npos);
}

TEST_CASE("a file that changed is read again") {
  const TemporaryDirectory folder;
  const auto file = folder.write("p.csv", prices);
  PluginUnderTest csv("csv", {{"path", file.string()}});
  std::vector<EmittedBars> out;
  REQUIRE(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_OK);
  folder.write("p.csv", prices + "2026-01-08,603,502\n");
  REQUIRE(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_OK);
  CHECK(out[0].bars.size() == 4);
  // A change that leaves the file broken is told, not papered over with what was read before.
  folder.write("p.csv", prices + "2026-01-08,603,502,1\n");
  CHECK(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_INVALID);
  CHECK(csv.failure == file.string() + ":5: 4 cells, must be 3 as in the header");
  std::filesystem::remove(file);
  CHECK(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_NOT_FOUND);
  CHECK(csv.failure == file.string() + ": there is no such file");
}

TEST_CASE("a symbol the file does not have is refused with the file, the nearest and those it has") {
  const TemporaryDirectory folder;
  const auto file = folder.write("p.csv", prices);
  PluginUnderTest csv("csv", {{"path", file.string()}});
  std::vector<EmittedBars> out;
  CHECK(bars_of(csv, {"SPY", "QQ"}, jan_5, jan_5 + 9, out) == RB_NOT_FOUND);
  CHECK(csv.failure == "QQ is not in " + file.string() + " (did you mean QQQ?); it has SPY, QQQ");
  CHECK(out.empty());
}

TEST_CASE("a path that is not set, or a folder, is refused") {
  PluginUnderTest none("csv", {});
  CHECK(none.instance() == nullptr);
  CHECK(none.failure == "path is not set");
  const TemporaryDirectory folder;
  PluginUnderTest csv("csv", {{"path", folder.path().string()}});
  std::vector<EmittedBars> out;
  CHECK(bars_of(csv, {"SPY"}, jan_5, jan_5 + 9, out) == RB_INVALID);
  CHECK(csv.failure == folder.path().string() + " must be a file");
}

TEST_CASE("through the program's own loader, a path is relative to the configuration's folder") {
  const TemporaryDirectory folder;
  folder.write("p.csv", prices);
  LoadedPlugins loaded{{built("plugins/csv.so")}};
  auto options = loaded.options();
  options.base_directory = folder.path();
  const auto provider = loaded.host.create_provider("csv", loaded.json(R"({"path": "p.csv"})"), options);
  REQUIRE(provider);
  CHECK((*provider)->is_local());
  const std::vector<rebalancer::Symbol> wanted{rebalancer::Symbol::parse("SPY").value()};
  const auto tables =
      (*provider)->bars(wanted, rebalancer::Date::from_days(jan_5), rebalancer::Date::from_days(jan_5 + 9), {});
  REQUIRE(tables);
  CHECK(tables->at(0).bars().size() == 3);
  CHECK(tables->at(0).source() == "csv p.csv");
  CHECK_FALSE(loaded.host.create_provider("csv", loaded.json("{}"), options));
}
