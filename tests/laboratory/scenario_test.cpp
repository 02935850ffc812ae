#include "laboratory/scenario.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "support/reference.hpp"

namespace rebalancer::laboratory {
namespace {

// Of the row "| 3 | **...** | evidence | cure |" of users.md.
std::string evidence_of(const std::string& table, int pain) {
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| " + std::to_string(pain) + " |")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) cells.push_back(cell);
    REQUIRE(cells.size() > 3);
    return cells[3];
  }
  FAIL("no row of pain " << pain);
  return "";
}

// "#317", "#1178": the threads a text names.
std::set<std::string> threads_of(std::string_view text) {
  std::set<std::string> threads;
  for (std::size_t at = 0; (at = text.find('#', at)) != std::string_view::npos;) {
    const std::size_t end = text.find_first_not_of("0123456789", at + 1);
    if (end != at + 1) threads.emplace(text.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? text.size() : end;
  }
  return threads;
}

TEST_CASE("each scenario can be run") {
  for (const Scenario& scenario : scenarios()) {
    CAPTURE(scenario.name);
    CHECK(FaultScript::parse(scenario.faults));
    CHECK(FaultScript::parse(scenario.overnight));
    const bool is_known_pain = (scenario.pain >= 1 && scenario.pain <= 8) || scenario.pain == 11;
    CHECK(is_known_pain);
    CHECK(!scenario.story.empty());
    CHECK(!scenario.must_hold.empty());
    const auto found = scenario_named(scenario.name);
    REQUIRE(found);
    LaboratorySettings settings;
    apply(*found, settings);
    settings.exchange.start = Instant::from_seconds(1'772'463'600);
    const auto laboratory = Laboratory::start(settings);
    REQUIRE_MESSAGE(laboratory, laboratory.error().message);
    CHECK((*laboratory)->port() != 0);
  }
  CHECK(scenario_named("answer-lots").error().message == "\"answer-lots\" is no scenario; did you mean answer-lost?");
}

TEST_CASE("the account of another scenario is another account") {
  LaboratorySettings usual;
  const auto ours = Laboratory::start(usual).value();
  apply(scenario_named("another-account").value(), usual);
  CHECK(Laboratory::start(usual).value()->account_id() != ours->account_id());
}

TEST_CASE("every incident that the users' pains 1 to 8 cite is in a scenario of its pain") {
  const auto file = test::reference_file("users.md");
  if (!file) return;
  std::ifstream stream(*file);
  std::stringstream text;
  text << stream.rdbuf();
  for (int pain = 1; pain <= 8; ++pain) {
    std::set<std::string> told;
    for (const Scenario& scenario : scenarios()) {
      if (scenario.pain == pain) told.merge(threads_of(scenario.evidence));
    }
    CHECK(!told.empty());
    for (const std::string& thread : threads_of(evidence_of(text.str(), pain))) {
      CHECK_MESSAGE(told.contains(thread), "pain " << pain << ": " << thread);
    }
  }
}

}  // namespace
}  // namespace rebalancer::laboratory
