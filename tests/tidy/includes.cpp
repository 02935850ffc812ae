#include "tidy/includes.hpp"

#include <algorithm>
#include <array>

namespace rebalancer::tidy {
namespace {

// Values in, values out: no files, no threads, no output, no randomness.
const std::vector<std::string_view> effects{
    "iostream", "fstream", "filesystem", "cstdio", "stdio.h", "csignal",   "random",       "thread",
    "mutex",    "future",  "atomic",     "latch",  "barrier", "semaphore", "shared_mutex", "condition_variable"};

constexpr std::string_view out_of_tree = "tests/end_to_end/out_of_tree/";

using Names = std::vector<std::string_view>;

Names operator+(Names names, std::string_view one_more) {
  names.push_back(one_more);
  return names;
}

const Names plugin_house{"sdk/",
                         "core/base/",
                         "core/market/",
                         "core/quant/",
                         "core/portfolio/",
                         "core/ports/broker_capabilities.hpp",
                         "plugins/support/",
                         "."};
const Names plugin_libraries{"tl/expected.hpp", "fmt/", "date/", "Eigen/", "boost/json"};
const Names plugin_effects{"iostream", "random", "thread", "future"};
const Names test_house{"laboratory/", "http/", "services/", "core/", "runtime/",
                       "adapters/",   "sdk/",  "support/",  "tidy/", "."};

constexpr std::array c_headers{"stdint.h", "stddef.h", "stdbool.h", "string.h", "stdlib.h", "stdio.h",
                               "math.h",   "errno.h",  "limits.h",  "time.h",   "signal.h", "float.h"};
constexpr std::array posix_headers{"unistd.h",  "fcntl.h",   "dlfcn.h", "elf.h",    "link.h",  "poll.h", "spawn.h",
                                   "termios.h", "pthread.h", "netdb.h", "signal.h", "errno.h", "time.h"};

struct Include {
  std::string name;
  bool quoted;
  std::size_t line;
};

std::vector<Include> includes_of(const SourceFile& file) {
  std::vector<Include> found;
  const auto code = lines_of(file.code);
  const auto text = lines_of(file.text);
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::size_t hash = code[i].find_first_not_of(" \t");
    if (hash == std::string_view::npos || code[i][hash] != '#') continue;
    const std::size_t word = code[i].find("include", hash);
    if (word == std::string_view::npos) continue;
    const std::size_t open = text[i].find_first_of("\"<", word);
    if (open == std::string_view::npos) continue;
    const bool quoted = text[i][open] == '"';
    const std::size_t close = text[i].find(quoted ? '"' : '>', open + 1);
    if (close == std::string_view::npos) continue;
    found.push_back({std::string(text[i].substr(open + 1, close - open - 1)), quoted, i + 1});
  }
  return found;
}

bool is_standard(std::string_view name) {
  return name.find_first_of("/.") == std::string_view::npos || std::ranges::find(c_headers, name) != c_headers.end();
}

bool is_posix(std::string_view name) {
  return is_under(name, "sys/") || is_under(name, "arpa/") || is_under(name, "netinet/") || is_under(name, "linux/") ||
         std::ranges::find(posix_headers, name) != posix_headers.end();
}

std::string folder_of(std::string_view path) { return std::string(path.substr(0, path.rfind('/') + 1)); }

// The file of the tree that an include names, from its root; empty when there is none. A header written at build time
// counts as its template. Tests and benchmarks see plugins' own folders, from their kind's down.
std::string resolve(const SourceFile& file, const Include& include, const std::set<std::string>& paths) {
  const std::string own = folder_of(file.path);
  std::vector<std::string> folders{own, "src/", "src/sdk/", "tests/", "fuzz/"};
  if (!is_under(own, "src/")) {
    if (is_under(own, "tests/plugins/")) folders.push_back("src/" + own.substr(6));
    for (const char* kind : {"providers/", "brokers/", "strategies/", "analytics/", "stores/"}) {
      folders.push_back(std::string("src/plugins/") + kind);
    }
  }
  for (const std::string& folder : folders) {
    const std::string path = folder + include.name;
    if (paths.contains(path) || paths.contains(path + ".in")) return path;
  }
  return {};
}

const DependencyRow* row_of(std::string_view path) {
  const DependencyRow* best = nullptr;
  for (const DependencyRow& row : dependency_table()) {
    if (is_under(path, row.folder) && (best == nullptr || row.folder.size() > best->folder.size())) best = &row;
  }
  return best;
}

bool allows_house(const DependencyRow& row, const SourceFile& file, const std::string& path) {
  const std::string_view below = std::string_view(path).substr(path.find('/') + 1);
  return std::ranges::any_of(row.house, [&](std::string_view prefix) {
    return prefix == "." ? is_under(path, folder_of(file.path)) : is_under(below, prefix);
  });
}

bool allows_outside(const DependencyRow& row, std::string_view name) {
  if (is_standard(name)) return std::ranges::find(row.banned_standard, name) == row.banned_standard.end();
  return std::ranges::any_of(row.libraries, [name](std::string_view prefix) {
    return prefix == "*" || (prefix == "posix" ? is_posix(name) : is_under(name, prefix));
  });
}

// Written at build time, beside no source: the text of a plugin's schema.json.
bool is_generated(const SourceFile& file, const Include& include) {
  return include.quoted && include.name == "schema_json.hpp" &&
         (is_under(file.path, "src/plugins/") || is_under(file.path, out_of_tree));
}

}  // namespace

const std::vector<DependencyRow>& dependency_table() {
  static const std::vector<DependencyRow> table{
      {"src/sdk/", {"sdk/"}, {}, {}},

      {"src/core/base/", {"core/base/"}, {"tl/expected.hpp", "fmt/", "date/"}, effects},
      {"src/core/market/", {"core/base/", "core/market/"}, {"tl/expected.hpp", "fmt/", "date/", "Eigen/"}, effects},
      {"src/core/quant/",
       {"core/base/", "core/market/", "core/quant/"},
       {"tl/expected.hpp", "fmt/", "Eigen/"},
       effects},
      {"src/core/portfolio/",
       // What a broker can do is a value; it lives beside the port that answers with it.
       {"core/base/", "core/market/", "core/portfolio/", "core/ports/broker_capabilities.hpp"},
       {"tl/expected.hpp", "fmt/", "date/", "Eigen/"},
       effects},
      {"src/core/ports/",
       {"core/base/", "core/market/", "core/quant/", "core/portfolio/", "core/ports/"},
       {"tl/expected.hpp", "fmt/", "Eigen/"},
       effects},

      {"src/services/", {"core/", "services/"}, {"tl/expected.hpp", "fmt/", "date/", "Eigen/"}, effects},

      // Each its own folder, the contract, the values, and what several of one kind share.
      {"src/plugins/", plugin_house, plugin_libraries, plugin_effects},
      // A connection that is kept open has a thread, and demands of the other side what the program's own client does.
      {"src/plugins/support/websocket_client.",
       plugin_house + "runtime/resolve.hpp" + "runtime/tls_client.hpp",
       plugin_libraries + "boost/asio" + "boost/beast" + "boost/url" + "boost/system",
       {"iostream", "random", "future"}},
      {"src/plugins/providers/csv/", plugin_house, plugin_libraries + "zlib.h", plugin_effects},
      {"src/plugins/stores/csv/", plugin_house, plugin_libraries + "posix", plugin_effects},
      {"src/plugins/brokers/interactive_brokers/", plugin_house, plugin_libraries + "posix", plugin_effects},
      {"src/plugins/brokers/trading212/", plugin_house, plugin_libraries + "sqlite3.h", plugin_effects},
      {"src/plugins/brokers/paper/", plugin_house, plugin_libraries + "sqlite3.h", plugin_effects},

      {"src/adapters/plugin_host/",
       {"core/", "sdk/", "runtime/", "."},
       {"tl/expected.hpp", "fmt/", "date/", "Eigen/", "boost/dll", "boost/json", "boost/filesystem", "posix"},
       {"iostream"}},
      {"src/adapters/sqlite/",
       {"core/", "runtime/", "."},
       {"tl/expected.hpp", "fmt/", "date/", "SQLiteCpp/", "sqlite3.h", "posix"},
       {"iostream"}},
      {"src/adapters/https/",
       {"core/", "runtime/", "."},
       {"tl/expected.hpp", "fmt/", "date/", "boost/asio", "boost/beast", "boost/url", "boost/system", "openssl/",
        "posix"},
       {"iostream"}},
      {"src/adapters/system/",
       {"core/", "runtime/", "."},
       {"tl/expected.hpp", "fmt/", "date/", "spdlog/", "prometheus/", "openssl/", "posix"},
       {"iostream"}},

      {"src/laboratory/",
       {"laboratory/", "core/"},
       {"tl/expected.hpp", "fmt/", "date/", "boost/json", "posix"},
       {"iostream"}},

      {"src/laboratory/websocket.", {"laboratory/", "core/"}, {"tl/expected.hpp", "openssl/"}, {"iostream"}},

      {"src/runtime/",
       {"runtime/", "core/base/"},
       {"boost/asio", "boost/system", "openssl/", "tl/expected.hpp", "posix"},
       {"iostream"}},
      {"src/http/",
       {"http/", "services/", "core/", "runtime/"},
       {"boost/asio", "boost/beast", "boost/json", "boost/url", "boost/system", "tl/expected.hpp", "fmt/", "date/",
        "posix"},
       {"iostream"}},
      {"src/app/", {"app/", "http/", "services/", "core/", "runtime/", "adapters/", "sdk/", "laboratory/"}, {"*"}, {}},

      {"src/main.cpp", {"app/"}, {}, {}},

      // Nobody includes app, but the tests of app and the benchmarks.
      {"tests/", test_house, {"*"}, {}},
      {"tests/plugins/", test_house + "plugins/", {"*"}, {}},
      {"tests/app/", test_house + "app/", {"*"}, {}},
      {"tests/end_to_end/", test_house + "app/", {"*"}, {}},
      // A plugin of somebody else's: the installed SDK is all it has.
      {out_of_tree, {"sdk/", "."}, {"posix"}, {}},
      {"bench/", test_house + "app/" + "plugins/", {"*"}, {}},
      // What is fuzzed may be anywhere.
      {"fuzz/", test_house + "app/" + "plugins/", {"*"}, {}},
  };
  return table;
}

const std::vector<std::string_view>& heavy_libraries() {
  static const std::vector<std::string_view> heavy{"boost/beast", "boost/asio", "boost/dll", "SQLiteCpp/", "sqlite3.h"};
  return heavy;
}

std::vector<Finding> check_includes(const SourceFile& file, const std::set<std::string>& paths) {
  const DependencyRow* row = row_of(file.path);
  if (row == nullptr) return {{file.path, 0, "no row of the dependency table covers this file"}};
  std::vector<Finding> findings;
  for (const Include& include : includes_of(file)) {
    if (is_generated(file, include)) continue;
    const bool house = include.quoted || is_under(include.name, "rebalancer/");
    const std::string path = house ? resolve(file, include, paths) : "";
    const auto add = [&](const std::string& what) { findings.push_back({file.path, include.line, what}); };
    if (house && path.empty()) {
      add(include.name + " is no file of the tree");
    } else if (house ? !allows_house(*row, file, path) : !allows_outside(*row, include.name)) {
      add(std::string(row->folder) + " may not include " + include.name);
    }
    const auto starts_it = [&include](std::string_view prefix) { return is_under(include.name, prefix); };
    if (is_header(file) && is_under(file.path, "src/") && std::ranges::any_of(heavy_libraries(), starts_it)) {
      add(include.name + " is too heavy for a header; keep it in a .cpp");
    }
  }
  return findings;
}

}  // namespace rebalancer::tidy
