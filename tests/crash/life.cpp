#include "life.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>

#include "adapters/sqlite/run_store.hpp"
#include "adapters/system/decision_files.hpp"
#include "adapters/system/digest.hpp"
#include "adapters/system/trading_switch.hpp"
#include "file_faults.hpp"
#include "shared_broker.hpp"
#include "shared_clock.hpp"
#include "steps.hpp"
#include "support/memory_price_store.hpp"

namespace rebalancer::crash {
namespace {

// Tells whoever repeats a trial what happens.
class LoudEvents final : public Events {
 public:
  explicit LoudEvents(const World& world) : world_(world) {}
  void emit(EventLevel, std::string_view name, std::string_view message, std::initializer_list<Field>) override {
    if (!world_.tell) return;
    const std::string line = fmt::format("  step {:>4} at {} {}: {}", steps().taken,
                                         Instant::from_nanoseconds(world_.now).to_string(), name, message);
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  void progress(std::string_view, std::size_t, std::size_t) override {}

 private:
  const World& world_;
};

void say(LifeEnd& end, std::string_view reason) {
  end.reason.fill('\0');
  std::copy_n(reason.begin(), std::min(reason.size(), end.reason.size() - 1), end.reason.begin());
}

// Of a life whose end is a power cut.
Disk* disk_of_this_life = nullptr;
std::uint64_t seed_of_the_cut = 0;

void cut_power() {
  Random random(seed_of_the_cut);
  file_faults().pause();
  disk_of_this_life->cut(random);
}

}  // namespace

Files::Files(std::filesystem::path where)
    : folder(std::move(where)),
      journal(folder / "journal.db"),
      decisions(system::DecisionFiles::folder_beside(journal)) {}

void live(const Scene& scene, World& world, const Files& files) {
  auto journal = sqlite::SqliteRunStore::open(files.journal.string());
  if (!journal) return say(world.life, journal.error().message);
  world.life.opened = true;

  SharedClock clock(world);
  LoudEvents events(world);
  SharedBroker broker(world, scene.capabilities);
  system::DecisionFiles decisions(files.decisions);
  system::FileTradingSwitch trading_switch(system::FileTradingSwitch::file_beside(files.journal), clock);
  test::MemoryPriceStore prices;
  test::FakeProvider provider = scene.provider;
  FixedWeights strategy(scene.target);
  Fetcher fetcher({&provider}, prices, *scene.calendar, clock, events);
  PipelineParts parts{fetcher,
                      strategy,
                      [&]() -> Result<TradingMode> {
                        auto paper = Paper::enter(broker, scene.settings.broker);
                        if (!paper) return fail(paper.error());
                        return TradingMode(*std::move(paper));
                      },
                      trading_switch,
                      **journal,
                      decisions,
                      *scene.calendar,
                      clock,
                      events,
                      {},
                      &system::sha256_hex,
                      [](const RunReport& report) { return report.hold ? 9 : 0; }};
  Pipeline pipeline(std::move(parts), scene.settings);
  const RunReport report = pipeline.run({.as_of = scene.session});
  world.life.journal_failed = world.journal_failed;
  world.life.traded = report.outcome == RunOutcome::traded;
  world.life.hold = report.hold.has_value();
  world.life.ambiguous = report.ambiguous;
  world.life.left_undone = report.left_undone;
  say(world.life, report.reason);
}

Death live_in_a_child(const Scene& scene, World& world, const Files& files, const Fate& fate) {
  world.life = LifeEnd();
  world.journal_failed = false;
  const pid_t child = ::fork();
  if (child == 0) {
    steps().die_at = fate.die_at;
    file_faults().watch(files.folder.string());
    if (fate.disk_error != 0) file_faults().break_disk(fate.disk_breaks_at, fate.disk_error, world.journal_failed);
    if (fate.power) {
      disk_of_this_life = new Disk(files.folder);
      seed_of_the_cut = fate.random;
      file_faults().lose_unsynced(*disk_of_this_life);
      steps().last_act = &cut_power;
    }
    live(scene, world, files);
    world.life.steps = steps().taken;
    world.life.file_steps = file_faults().steps();
    world.life.ended = true;
    if (fate.cut_at_end) cut_power();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Death::ended;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? Death::killed : Death::crashed;
}

}  // namespace rebalancer::crash
