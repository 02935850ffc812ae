#include "trial.hpp"

#include <cstdio>

#include "invariants.hpp"

namespace rebalancer::crash {
namespace {

constexpr int lives_max = 60;
// The storm ends: afterwards every request goes well, and what can be found out must be.
constexpr int stormy_lives = 12;
constexpr int ambiguous_lives_max = 3;
constexpr std::int64_t second = 1'000'000'000;

// Somebody runs it again: at once, soon, or later that day.
std::int64_t pause_before_next_life(Random& random) {
  switch (random.below(3)) {
    case 0:
      return 1 * second;
    case 1:
      return 40 * second;
    default:
      return 900 * second;
  }
}

void tell_beginning(int life, const World& world, const Fate& fate) {
  std::fprintf(stderr, "life %d: %d %% of the requests go wrong, dies at step %llu%s\n", life, world.fault_percent,
               static_cast<unsigned long long>(fate.die_at), fate.cut_at_end ? " or at its end" : "");
}

bool is_finished(const LifeEnd& end) { return end.opened && !end.hold && !end.ambiguous && !end.left_undone; }

Failure crashed(const World& world) {
  return {"crashed", fmt::format("a life ended by itself, without a word ({} steps)", world.life.steps)};
}

}  // namespace

Files Trials::fresh_files() const {
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) std::filesystem::remove_all(entry.path());
  return Files(folder_);
}

const Baseline& Trials::baseline(const Scene& scene) {
  const auto known = baselines_.find(scene.number());
  if (known != baselines_.end()) return known->second;
  scene.set_up(world_);
  world_.random = Random(static_cast<std::uint64_t>(scene.number()));  // whichever seed comes first
  static_cast<void>(live_in_a_child(scene, world_, fresh_files(), {}));
  Baseline undisturbed{world_.books, world_.life.steps, world_.life.file_steps, ""};
  if (!is_finished(world_.life) || !world_.life.traded) undisturbed.wrong = world_.life.reason.data();
  if (!is_finished(world_.life) && undisturbed.wrong.empty()) undisturbed.wrong = "it did not end";
  return baselines_.emplace(scene.number(), undisturbed).first->second;
}

TrialEnd Trials::run(const Scene& scene) {
  const Baseline& undisturbed = baseline(scene);
  if (!undisturbed.wrong.empty()) return {.failure = Failure{"baseline", undisturbed.wrong}};
  scene.set_up(world_);
  Random random(scene.seed * 11 + 3);
  const int kills_max = 1 + static_cast<int>(random.below(4));
  return go_on(scene, fresh_files(), kills_max);
}

TrialEnd Trials::run_with_broken_disk(const Scene& scene, std::uint64_t step, int error) {
  const Baseline& undisturbed = baseline(scene);
  if (!undisturbed.wrong.empty()) return {.failure = Failure{"baseline", undisturbed.wrong}};
  scene.set_up(world_);
  const Files files = fresh_files();
  Fate fate;
  fate.disk_breaks_at = step;
  fate.disk_error = error;
  if (live_in_a_child(scene, world_, files, fate) != Death::ended) return {.failure = crashed(world_)};
  if (world_.sent_after_failure > 0)
    return {.failure = Failure{"sent", "an order was sent after the journal had failed"}};
  const LifeEnd& end = world_.life;
  if (end.journal_failed && end.opened && !end.hold) {
    return {.failure = Failure{"unsaid", fmt::format("the journal failed, the run says: {}", end.reason.data())}};
  }
  world_.now += 40 * second;
  TrialEnd told = go_on(scene, files, 0);
  ++told.lives;
  return told;
}

TrialEnd Trials::go_on(const Scene& scene, const Files& files, int kills_max) {
  const Baseline& undisturbed = baselines_.at(scene.number());
  Random random(scene.seed * 13 + 7);
  TrialEnd told;
  int ambiguous_lives = 0;
  const bool power = scene.mode == Mode::power;
  while (true) {
    if (++told.lives > lives_max) {
      told.failure = Failure{"stuck", fmt::format("not done after {} lives: {}", lives_max, world_.life.reason.data())};
      return told;
    }
    world_.fault_percent = told.lives <= stormy_lives ? scene.fault_percent : 0;
    Fate fate;
    fate.power = power;
    fate.random = random.next();
    if (told.kills < kills_max) {
      fate.die_at = 1 + random.below(undisturbed.steps + undisturbed.steps / 8);
      fate.cut_at_end = power && random.below(2) == 0;
    }
    if (world_.tell) tell_beginning(told.lives, world_, fate);
    const Death death = live_in_a_child(scene, world_, files, fate);
    if (death == Death::crashed) told.failure = crashed(world_);
    if (!told.failure) told.failure = judge_books(world_, undisturbed, scene.settings);
    if (told.failure) return told;
    const bool cut = death == Death::ended && fate.cut_at_end;
    if (death == Death::killed || cut) ++told.kills;
    if (death == Death::ended && !cut) {
      if (is_finished(world_.life)) break;
      const bool calm = world_.fault_percent == 0;
      ambiguous_lives = world_.life.ambiguous && calm ? ambiguous_lives + 1 : 0;
      told.parked = ambiguous_lives >= ambiguous_lives_max;
      if (told.parked) break;
    }
    world_.now += pause_before_next_life(random);
  }
  if (world_.fault_percent > 0) {
    // What the broker would not tell is asked for again, and nothing else happens.
    world_.fault_percent = 0;
    world_.now += 7200 * second;  // longer than any look-up lags
    const std::size_t orders = world_.books.orders;
    ++told.lives;
    if (live_in_a_child(scene, world_, files, {}) != Death::ended) told.failure = crashed(world_);
    if (!told.failure && world_.books.orders != orders) {
      told.failure = Failure{"doubled", "a run after the end of all traded once more"};
    }
    if (told.failure) return told;
  }
  const bool disturbed = told.kills > 0 || scene.mode == Mode::error;
  told.failure = judge_end({scene, world_, undisturbed, files, disturbed, told.parked}, told.whole);
  return told;
}

}  // namespace rebalancer::crash
