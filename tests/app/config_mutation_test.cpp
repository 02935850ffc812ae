// Whatever stands in the file: a configuration or problems, never a crash, and always quickly.
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "app/config_show.hpp"
#include "app/config_support.hpp"
#include "core/base/random.hpp"

using namespace rebalancer;
using namespace rebalancer::app;

TEST_CASE("3000 damaged copies of the shipped config.yaml are loaded or refused with a message for each problem") {
  std::ifstream stream(std::string(REBALANCER_SOURCE_DIR) + "/config.yaml");
  std::ostringstream shipped;
  shipped << stream.rdbuf();
  REQUIRE(shipped.str().size() > 1000);
  // Comments would take most of the damage.
  std::string text;
  std::istringstream lines(shipped.str());
  for (std::string line; std::getline(lines, line);) {
    const std::string content = line.substr(0, line.find(" #"));
    if (!content.empty() && content.front() != '#') text += content + "\n";
  }
  constexpr std::string_view pieces[] = {"{",    "}",       "[",  "]",  ": ",     "- ",      "\n", "\t",    "&a ",
                                         "*a",   "\"",      "'",  "${", "#",      "%",       "|",  "> ",    "!!",
                                         "\xFF", "9999999", "-",  "..", "null",   "\n---\n", ",",  "? ",    "~",
                                         "$",    "=",       "<<", "5%", "file:x", " ",       "<=", "1e999", "\r\n"};
  Random random(7);
  int good = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = text;
    const std::uint64_t wounds = 1 + random.below(3);
    for (std::uint64_t wound = 0; wound < wounds; ++wound) {
      const std::size_t at = random.below(damaged.size());
      const std::size_t length = random.below(12);
      const std::string_view piece = pieces[random.below(std::size(pieces))];
      if (random.below(3) == 0)
        damaged.erase(at, length);
      else if (random.below(2) == 0)
        damaged.replace(at, std::min(length, damaged.size() - at), piece);
      else
        damaged.insert(at, damaged.substr(random.below(damaged.size()), length * 4));
    }
    const auto config = test::load(damaged);
    if (config) {
      ++good;
      // What was understood can be said and understood again.
      const std::string shown = config_yaml(*config, false);
      CAPTURE(damaged);
      CAPTURE(shown);
      const auto again = test::load(shown);
      REQUIRE(again);
      REQUIRE(config_json(*again) == config_json(*config));
    } else {
      REQUIRE_FALSE(config.error().empty());
      for (const Problem& problem : config.error()) {
        REQUIRE_FALSE(problem.message.empty());
        REQUIRE((problem.line > 0) == !problem.file.empty());
      }
    }
  }
  // Both kinds occur, or the test would show little.
  CHECK(good > 100);
  CHECK(good < 2900);
}
