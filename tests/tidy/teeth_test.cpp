// Every rule bites: each gets a small violation and a small innocent, and must tell them apart.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tidy/bans.hpp"
#include "tidy/includes.hpp"
#include "tidy/layout.hpp"
#include "tidy/source_tree.hpp"

namespace rebalancer::tidy {
namespace {

const std::set<std::string> paths{"src/app/config.hpp",
                                  "src/adapters/sqlite/journal.hpp",
                                  "src/core/base/time.hpp",
                                  "src/core/market/bar.hpp",
                                  "src/core/portfolio/weights.hpp",
                                  "src/core/ports/broker.hpp",
                                  "src/core/ports/broker_capabilities.hpp",
                                  "src/plugins/providers/csv/table.hpp",
                                  "src/plugins/providers/yahoo/chart.hpp",
                                  "src/sdk/rebalancer/plugin.hpp",
                                  "src/services/fetcher.hpp",
                                  "tests/support/fake_clock.hpp"};

std::size_t refused(const std::string& path, const std::string& text) {
  return check_includes(make_source(path, text), paths).size();
}

std::size_t banned(const std::string& path, const std::string& text) {
  std::size_t count = 0;
  for (const Ban& ban : bans()) count += check_ban(ban, make_source(path, text)).size();
  return count;
}

std::size_t unclean(const std::string& path, const std::string& text) {
  return check_text(make_source(path, text)).size();
}

std::vector<SourceFile> plugin_files() {
  return {
      make_source("src/plugins/CMakeLists.txt", "rebalancer_plugin(providers csv LINK rebalancer_core)\n"),
      make_source("src/plugins/providers/csv/csv.cpp",
                  "REBALANCER_PROVIDER(Csv, \"csv\", \"1\", \"Files.\", schema_json)\n"),
      make_source(
          "src/plugins/providers/csv/schema.json",
          R"({"additionalProperties": false, "required": ["path"], "properties": {"path": {"description": "a file"}}})"),
      make_source("src/plugins/providers/csv/sample.yaml", "provider:\n  use: csv\n  path: prices.csv\n"),
      make_source("src/plugins/providers/csv/README.md",
                  "# csv\n```yaml\nprovider:\n  use: csv\n  path: prices.csv\n```\n")};
}

// The findings after one file of the good plugin folder got another text; without a text it is gone.
std::size_t after_change(const std::string& name, const std::string& text) {
  auto files = plugin_files();
  const auto file = std::ranges::find_if(files, [&](const SourceFile& f) { return f.path.ends_with(name); });
  REQUIRE(file != files.end());
  const std::string path = file->path;
  files.erase(file);
  if (!text.empty()) files.push_back(make_source(path, text));
  return check_plugins(files).size();
}

}  // namespace

TEST_CASE("comments and literals are not code") {
  CHECK(code_of("int a; // sleep\nint b;") == "int a;         \nint b;");
  CHECK(code_of("/* a\nb */ c") == "    \n     c");
  CHECK(code_of(R"(f("a\"b", 'c'))") == R"(f("    ", ' '))");
  CHECK(code_of("auto s = R\"x(rand( \" )x\";y") == "auto s = R\"            \";y");
  CHECK(code_of("10'000; rand()") == "10'000; rand()");
  CHECK(code_of("\"//\"; x") == "\"  \"; x");
}

TEST_CASE("a token is found only where it stands alone") {
  CHECK(find_token("rand()", "rand(").size() == 1);
  CHECK(find_token("std::rand(); rand()", "rand(").size() == 2);
  CHECK(find_token("strand(); a.rand(); b->rand()", "rand(").empty());
  CHECK(find_token("double_entry doubles", "double").empty());
}

TEST_CASE("the dependency table refuses what points the wrong way") {
  CHECK(refused("src/sdk/rebalancer/plugin.hpp", "#include \"core/base/time.hpp\"\n") == 1);
  CHECK(refused("src/sdk/rebalancer/plugin.hpp", "#include <fmt/format.h>\n") == 1);
  CHECK(refused("src/core/base/decimal.cpp", "#include \"core/market/bar.hpp\"\n") == 1);
  CHECK(refused("src/core/market/bar.cpp", "#include \"core/portfolio/weights.hpp\"\n") == 1);
  CHECK(refused("src/core/quant/qp.cpp", "#include \"core/portfolio/weights.hpp\"\n") == 1);
  CHECK(refused("src/core/portfolio/drift.cpp", "#include \"core/ports/broker.hpp\"\n") == 1);
  CHECK(refused("src/core/ports/broker.hpp", "#include \"services/fetcher.hpp\"\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#include <boost/json.hpp>\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#include <thread>\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#include <unistd.h>\n") == 1);
  CHECK(refused("src/services/fetcher.cpp", "#include \"adapters/sqlite/journal.hpp\"\n") == 1);
  CHECK(refused("src/services/fetcher.cpp", "#include <fstream>\n") == 1);
  CHECK(refused("src/plugins/providers/csv/csv.cpp", "#include \"plugins/providers/yahoo/chart.hpp\"\n") == 1);
  CHECK(refused("src/plugins/providers/csv/csv.cpp", "#include \"core/ports/broker.hpp\"\n") == 1);
  CHECK(refused("src/plugins/providers/csv/csv.cpp", "#include \"adapters/sqlite/journal.hpp\"\n") == 1);
  CHECK(refused("src/adapters/system/clock.cpp", "#include \"adapters/sqlite/journal.hpp\"\n") == 1);
  CHECK(refused("src/adapters/system/clock.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n") == 1);
  CHECK(refused("src/adapters/system/clock.cpp", "#include \"app/config.hpp\"\n") == 1);
  CHECK(refused("src/runtime/loop.cpp", "#include \"services/fetcher.hpp\"\n") == 1);
  CHECK(refused("src/http/router.cpp", "#include \"adapters/sqlite/journal.hpp\"\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#  include  \"app/config.hpp\"\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#include \"support/fake_clock.hpp\"\n") == 1);
  CHECK(refused("src/core/base/clock.hpp", "#include \"core/base/nowhere.hpp\"\n") == 1);
  CHECK(refused("src/elsewhere/file.cpp", "\n") == 1);
}

TEST_CASE("the dependency table lets through what points the right way") {
  CHECK(refused("src/core/market/bar.hpp",
                "#include <vector>\n#include <Eigen/Dense>\n#include \"core/base/time.hpp\"\n") == 0);
  CHECK(refused("src/core/portfolio/plan.hpp", "#include \"core/ports/broker_capabilities.hpp\"\n") == 0);
  CHECK(refused("src/plugins/providers/csv/csv.cpp",
                "#include <rebalancer/plugin.hpp>\n#include \"table.hpp\"\n#include \"schema_json.hpp\"\n"
                "#include \"plugins/providers/csv/table.hpp\"\n#include <fstream>\n") == 0);
  CHECK(refused("src/app/application.cpp", "#include \"adapters/sqlite/journal.hpp\"\n#include <yaml-cpp/yaml.h>\n") ==
        0);
  CHECK(refused("src/core/base/clock.hpp", "// #include \"app/config.hpp\"\n") == 0);
  CHECK(refused("tests/core/base/clock_test.cpp",
                "#include \"support/fake_clock.hpp\"\n#include <doctest/doctest.h>\n") == 0);
}

TEST_CASE("a plugin of somebody else's has the SDK only") {
  const std::string file = "tests/end_to_end/out_of_tree/cpp/mine.cpp";
  CHECK(refused(file, "#include <rebalancer/plugin.hpp>\n#include \"schema_json.hpp\"\n") == 0);
  CHECK(refused(file, "#include \"core/base/time.hpp\"\n") == 1);
  CHECK(refused(file, "#include <fmt/format.h>\n") == 1);
}

TEST_CASE("heavy libraries stay out of headers") {
  CHECK(refused("src/adapters/sqlite/journal.hpp", "#include <SQLiteCpp/SQLiteCpp.h>\n") == 1);
  CHECK(refused("src/adapters/sqlite/journal.cpp", "#include <SQLiteCpp/SQLiteCpp.h>\n") == 0);
  CHECK(refused("src/adapters/https/client.hpp", "#include <boost/beast/http.hpp>\n") == 1);
  CHECK(refused("src/app/loop.hpp", "#include <boost/asio.hpp>\n") == 1);
  CHECK(refused("src/adapters/plugin_host/probe.hpp", "#include <boost/dll.hpp>\n") == 1);
}

TEST_CASE("every banned token is seen") {
  for (const Ban& ban : bans()) {
    for (const auto token : ban.tokens) {
      CAPTURE(token);
      const std::string folder(ban.folders.front());
      const std::string text = "void f() { " + std::string(token) + " x; }\n";
      CHECK(check_ban(ban, make_source(folder + "x.cpp", text)).size() == 1);
      CHECK(check_ban(ban, make_source(folder + "x.cpp", "// " + std::string(token) + "\n")).empty());
      CHECK(check_ban(ban, make_source("docs/x.cpp", text)).empty());
    }
  }
}

TEST_CASE("bans hold where they should and nowhere else") {
  CHECK(banned("src/core/base/a.cpp", "auto t = std::chrono::system_clock::now();\n") == 1);
  CHECK(banned("src/services/a.cpp", "std::this_thread::sleep_for(1s);\n") == 1);
  CHECK(banned("tests/core/base/a_test.cpp", "std::this_thread::sleep_for(1s);\n") == 1);
  CHECK(banned("src/adapters/sqlite/a.cpp", "std::cout << 1; spdlog::info(\"x\");\n") == 2);
  CHECK(banned("src/services/a.cpp", "co_await f();\n") == 1);
  CHECK(banned("src/http/a.cpp", "co_await f();\n") == 0);
  CHECK(banned("src/adapters/https/a.cpp", "co_return f();\n") == 0);
  CHECK(banned("src/core/base/a.cpp", "std::snprintf(b, 3, \"x\"); clock.now(); random.next();\n") == 0);
  CHECK(banned("src/core/base/a.cpp", "throw 1;\n") == 1);
}

TEST_CASE("floating point in an order type is seen, a named conversion is not") {
  CHECK(check_order_types(make_source("src/core/portfolio/order.hpp", "struct Order { double price; };\n")).size() ==
        1);
  CHECK(check_order_types(make_source("src/core/portfolio/order.hpp", "struct Order { float price; };\n")).size() == 1);
  CHECK(check_order_types(make_source("src/core/base/money.hpp", "static Price from_double(double x);\n")).empty());
  CHECK(check_order_types(make_source("src/core/portfolio/order.hpp", "struct Order { Price price; };  // no double\n"))
            .empty());
  CHECK(check_order_types(make_source("src/core/portfolio/weights.hpp", "double x;\n")).empty());
}

TEST_CASE("unclean text is seen") {
  const std::string head = "#pragma once\n";
  CHECK(unclean("src/a.hpp", head + "int a;\n") == 0);
  CHECK(unclean("src/a.hpp", "int a;\n") == 1);
  CHECK(unclean("src/a.hpp", head + "\tint a;\n") == 1);
  CHECK(unclean("src/a.hpp", head + "int a; \n") == 1);
  CHECK(unclean("src/a.hpp", head + "int a;\r\n") == 1);
  CHECK(unclean("src/a.hpp", head + "int a;") == 1);
  CHECK(unclean("src/a.hpp", head + "int a;\n\n") == 1);
  CHECK(unclean("src/a.hpp", head + "using namespace std;\n") == 1);
  CHECK(unclean("src/a.cpp", "// " + std::string("TO") + "DO: later\n") == 1);
  CHECK(unclean("docs/a.md", std::string("FIX") + "ME\n") == 1);
  CHECK(unclean("src/a.cpp", "auto name = \"a-" + std::string("XX") + "XXXX\";\n") == 0);
  CHECK(unclean("docs/a.md", "see " + std::string("/wo") + "rk/main\n") == 1);
  std::string lines;
  for (int i = 0; i < 450; ++i) lines += "int a;\n";
  CHECK(unclean("src/a.cpp", lines) == 0);
  CHECK(unclean("src/a.cpp", lines + "int a;\n") == 1);
}

TEST_CASE("an incomplete or untrue plugin folder is seen") {
  CHECK(check_plugins(plugin_files()).empty());
  for (const std::string name : {"csv.cpp", "schema.json", "sample.yaml", "README.md", "CMakeLists.txt"}) {
    CAPTURE(name);
    CHECK(after_change(name, "") == 1);
  }
  CHECK(after_change("csv.cpp", "REBALANCER_PROVIDER(Csv, \"files\", \"1\", \"Files.\", schema_json)\n") == 1);
  CHECK(after_change("CMakeLists.txt", "rebalancer_plugin(brokers csv)\n") == 1);
  CHECK(after_change("schema.json", "{") == 1);
  CHECK(after_change("schema.json", R"({"properties": {"path": {"description": "a file"}}})") == 1);
  CHECK(after_change("schema.json", R"({"additionalProperties": false, "properties": {"path": {}}})") == 1);
  CHECK(after_change("README.md", "# csv\nprovider:\n  use: csv\n") == 1);
  // These change the sample only, so the README no longer shows it either.
  CHECK(after_change("sample.yaml", "provider:\n  use: csv\n  path: p.csv\n  file: prices.csv\n") == 2);
  CHECK(after_change("sample.yaml", "provider:\n  use: yahoo\n  path: p.csv\n") == 2);
  CHECK(after_change("sample.yaml", "provider:\n  use: csv\n\n") == 1);
  CHECK(after_change("sample.yaml", "broker:\n  use: csv\n  path: p.csv\n") == 2);
  CHECK(after_change("sample.yaml", "provider: [\n") == 2);
}

TEST_CASE("an analytic's sample is the list that names it") {
  const auto with_sample = [](const std::string& sample) {
    const std::string folder = "src/plugins/analytics/risk/";
    return check_plugins(
               {make_source("src/plugins/CMakeLists.txt", "rebalancer_plugin(analytics risk)\n"),
                make_source(folder + "risk.cpp", "REBALANCER_ANALYTIC(R, \"risk\", \"1\", \"\", schema_json)\n"),
                make_source(folder + "schema.json", R"({"additionalProperties": false})"),
                make_source(folder + "sample.yaml", sample), make_source(folder + "README.md", sample)})
        .size();
  };
  CHECK(with_sample("analytics: [performance, risk]\n") == 0);
  CHECK(with_sample("analytics: [performance]\n") == 1);
  CHECK(with_sample("analytics: risk\n") == 1);
  CHECK(with_sample("analytic: [risk]\n") == 1);
}

TEST_CASE("a test without a subject and a source without a target are seen") {
  const std::set<std::string> some{"src/core/base/decimal.cpp",
                                   "src/plugins/providers/csv/csv.cpp",
                                   "tests/core/base/decimal_test.cpp",
                                   "tests/core/base/decimal_rounding_test.cpp",
                                   "tests/plugins/providers/csv_test.cpp",
                                   "tests/core/base/decimals_test.cpp",
                                   "tests/end_to_end/anything_test.cpp"};
  const auto lost = check_mirror(some);
  REQUIRE(lost.size() == 1);
  CHECK(lost.front().path == "tests/core/base/decimals_test.cpp");

  const std::string commands = R"([{"file": "/root/src/core/base/decimal.cpp"}])";
  const auto dead = check_built({"src/core/base/decimal.cpp", "src/core/base/dec.cpp", "src/a.hpp"}, commands, "/root");
  REQUIRE(dead.size() == 1);
  CHECK(dead.front().path == "src/core/base/dec.cpp");
}

}  // namespace rebalancer::tidy
