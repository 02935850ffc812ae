// halt and resume when there is little to go by; tests/end_to_end/halt_test.cpp has what they do to runs.
#include <filesystem>
#include <sstream>

#include <doctest/doctest.h>

#include "adapters/system/trading_switch.hpp"
#include "app/commands.hpp"
#include "app/config_support.hpp"
#include "app/context.hpp"
#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::app;

namespace {

struct Shell {
  rebalancer::test::TemporaryDirectory directory;
  std::ostringstream out;
  std::ostringstream err;

  int run(std::vector<std::string> words, app::test::Variables variables = {}) {
    const std::string file = directory.file("config.yaml").string();
    words.insert(words.begin(), {"--config", file});
    const auto parsed = parse_command_line(commands(), words);
    REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().message));
    out.str("");
    err.str("");
    Context context{out, err, Terminal(), Environment(std::move(variables)), parsed->global};
    return parsed->command->run(context, *parsed);
  }
  [[nodiscard]] TradingStateRecord state(const std::string& folder = "data") const {
    rebalancer::test::FakeClock clock;
    return system::FileTradingSwitch(directory.file(folder) / "HALT", clock).read();
  }
  [[nodiscard]] bool said(const std::string& what) const {
    return out.str().find(what) != std::string::npos || err.str().find(what) != std::string::npos;
  }
};

const std::string broken = "portfolio: {tickers: nobody, colour: red}\n";

}  // namespace

TEST_CASE_FIXTURE(Shell, "a halt before anything ran holds until resume, and says who, why and what it was") {
  directory.write("config.yaml", app::test::minimal);
  CHECK(run({"halt", "--reason", "odd prices"}) == 0);
  CHECK(state().state == TradingState::halted);
  CHECK(state().reason == "odd prices");
  CHECK(state().by == "command");
  CHECK(said("halted: no order is sent until 'rebalancer resume'"));
  CHECK(said("no open orders to cancel"));
  CHECK(run({"halt", "--reducing"}) == 0);
  CHECK(state().state == TradingState::reducing);
  CHECK(said("reducing: only sells are sent"));
  CHECK(run({"resume"}) == 0);
  CHECK(state().state == TradingState::active);
  CHECK(said("it was reducing since"));
  CHECK(run({"resume"}) == 0);
  CHECK(said("it was not halted"));
}

TEST_CASE_FIXTURE(Shell, "a configuration that does not load still says where the journal is") {
  for (const char* folder : {"data", "ours", "theirs", "set"})
    std::filesystem::create_directories(directory.file(folder));
  directory.write("config.yaml", broken);
  CHECK(run({"halt"}) == 0);
  CHECK(state("data").state == TradingState::halted);
  CHECK(said("the configuration does not load"));
  CHECK(said("open orders were not cancelled"));
  directory.write("config.yaml", broken + "journal: {path: ours/journal.db}\n");
  CHECK(run({"halt"}) == 0);
  CHECK(state("ours").state == TradingState::halted);
  CHECK(run({"halt"}, {{"REBALANCER_JOURNAL_PATH", "theirs/journal.db"}}) == 0);
  CHECK(state("theirs").state == TradingState::halted);
  CHECK(run({"--set", "journal.path=set/journal.db", "halt"}, {{"REBALANCER_JOURNAL_PATH", "theirs/journal.db"}}) == 0);
  CHECK(state("set").state == TradingState::halted);
  CHECK(run({"resume"}) == 0);
  CHECK(state("ours").state == TradingState::active);
  CHECK(state("theirs").state == TradingState::halted);
}

TEST_CASE_FIXTURE(Shell, "a halt that would stop nobody is refused") {
  directory.write("config.yaml", broken + "journal: {path: nowhere/journal.db}\n");
  for (const char* command : {"halt", "resume"}) {
    CHECK(run({command}) == static_cast<int>(ExitCode::configuration));
    CHECK(said("nothing was changed"));
    CHECK_FALSE(std::filesystem::exists(directory.file("nowhere")));
  }
}
