// The rules of the house, over the tree as it is.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "tidy/bans.hpp"
#include "tidy/includes.hpp"
#include "tidy/layout.hpp"
#include "tidy/source_tree.hpp"

namespace rebalancer::tidy {
namespace {

const std::vector<SourceFile>& tree() {
  static const std::vector<SourceFile> files = read_tree(REBALANCER_SOURCE_DIR);
  return files;
}

void expect_none(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    FAIL_CHECK(std::string(finding.path) << ":" << finding.line << ": " << finding.what);
  }
}

template <class Check>
std::vector<Finding> over_all(Check&& check) {
  std::vector<Finding> findings;
  for (const SourceFile& file : tree()) std::ranges::copy(check(file), std::back_inserter(findings));
  return findings;
}

// Takes out what the exceptions allow; an exception that allows nothing is a finding of its own.
std::vector<Finding> except(std::vector<Finding> findings, const std::vector<Exception>& exceptions) {
  std::vector<Finding> unused;
  for (const Exception& exception : exceptions) {
    const auto allowed = [&](const Finding& finding) { return is_under(finding.path, exception.path); };
    const auto removed = std::erase_if(findings, allowed);
    if (removed == 0) unused.push_back({std::string(exception.path), 0, "needs no exception any more"});
  }
  std::ranges::move(unused, std::back_inserter(findings));
  return findings;
}

const std::vector<Exception> included_all_the_same{
    {"src/adapters/sqlite/journal_rows.hpp", "SQLiteCpp in a header that only the journal's own sources include"},
    {"src/core/quant/kernels_avx", "the machine's own instructions, each in one source"}};

// Sources that another build compiles, or that none does by design.
const std::vector<Exception> built_elsewhere{
    {"tests/end_to_end/out_of_tree/", "built against the installed SDK, by a test"}};

const std::vector<Exception> mirrors_nothing{
    {"tests/core/portfolio/plan_", "order_plan and plan_check, one claim a file"},
    {"tests/plugins/strategies/mean_variance_", "src/plugins/support, which the mean-variance family shares"},
    {"tests/services/settle_test.cpp", "Executor::settle, too much for executor_test.cpp"},
    {"tests/adapters/system/system_test.cpp", "clock and digests, a few lines each"}};

}  // namespace

TEST_CASE("the tree was read") {
  const auto paths = paths_of(tree());
  CHECK(paths.contains("src/core/base/decimal.cpp"));
  CHECK(paths.contains("src/sdk/rebalancer/plugin.h"));
  CHECK(paths.contains("script/run"));
  CHECK(tree().size() > 50);
}

TEST_CASE("everybody includes only what the dependency table allows") {
  const auto paths = paths_of(tree());
  const auto findings = over_all(
      [&](const SourceFile& file) { return is_code(file) ? check_includes(file, paths) : std::vector<Finding>(); });
  expect_none(except(findings, included_all_the_same));
}

TEST_CASE("calls with one place stand only there") {
  for (const Ban& ban : bans()) {
    CAPTURE(ban.name);
    expect_none(except(over_all([&](const SourceFile& file) { return check_ban(ban, file); }), ban.exceptions));
  }
}

TEST_CASE("order types are free of floating point") {
  for (const auto prefix : order_type_files()) {
    const bool there = std::ranges::any_of(tree(), [&](const SourceFile& file) { return is_under(file.path, prefix); });
    CHECK_MESSAGE(there, prefix << " is gone; update the list");
  }
  expect_none(over_all(check_order_types));
}

TEST_CASE("text is clean, finished, of no machine's own, and short") { expect_none(over_all(check_text)); }

TEST_CASE("every plugin folder is complete and true to its schema") { expect_none(check_plugins(tree())); }

TEST_CASE("tests mirror the sources") { expect_none(except(check_mirror(paths_of(tree())), mirrors_nothing)); }

TEST_CASE("every source is built by some target") {
  std::ifstream in(REBALANCER_BINARY_DIR "/compile_commands.json");
  REQUIRE_MESSAGE(in, "no compile_commands.json in " REBALANCER_BINARY_DIR);
  const std::string commands(std::istreambuf_iterator<char>(in), {});
  auto paths = paths_of(tree());
  std::erase_if(paths, [](const std::string& path) { return !REBALANCER_BENCH_BUILT && is_under(path, "bench/"); });
  expect_none(except(check_built(paths, commands, REBALANCER_SOURCE_DIR), built_elsewhere));
}

}  // namespace rebalancer::tidy
