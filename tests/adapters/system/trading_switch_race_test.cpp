// Two processes at the same switch: no order leaves after the halt.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <sched.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "adapters/system/system_clock.hpp"
#include "adapters/system/trading_switch.hpp"
#include "core/base/random.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using rebalancer::system::FileTradingSwitch;
using rebalancer::system::SystemClock;

namespace {

constexpr int races = 1000;
constexpr std::chrono::milliseconds halt_max{100};

// What both processes see. Times are nanoseconds of the monotonic clock, which is one for the machine.
struct Shared {
  std::atomic<int> race{0};   // the sender sends while it is in this one; negative: go home
  std::atomic<int> ended{0};  // the last race in which the sender saw the halt
  std::atomic<std::int64_t> sent{0};
  std::atomic<std::int64_t> last_sent_at{0};
  std::atomic<std::int64_t> last_held{0};  // from before the last sender's look to after its order had left
};

enum class Sender {
  honest,
  looks_first,  // mutant: looks at the state, then takes the pass
};

// Long enough for the other process to get a word in, short enough for many orders a race.
void think(Random& random) {
  for (std::uint64_t i = random.below(4); i > 0; --i) sched_yield();
}

[[noreturn]] void send_until_told(Shared& shared, Sender sender, const std::filesystem::path& file) {
  SystemClock clock;
  FileTradingSwitch kill_switch(file, clock);
  Random random(1);
  for (int race = 1;;) {
    while (shared.race.load() < race) {
      if (shared.race.load() < 0) _exit(0);
      sched_yield();
    }
    for (bool halted = false; !halted;) {
      const std::int64_t began = clock.monotonic().count();
      const auto looked = sender == Sender::looks_first ? kill_switch.read() : TradingStateRecord{};
      if (sender == Sender::looks_first) think(random);
      const auto pass = kill_switch.pass();
      const auto& record = sender == Sender::looks_first ? looked : pass.record;
      if (sender == Sender::honest) think(random);
      halted = record.state != TradingState::active;
      if (halted) continue;
      shared.sent.fetch_add(1);
      const std::int64_t now = clock.monotonic().count();
      shared.last_sent_at.store(now);
      shared.last_held.store(now - began);
    }
    shared.ended.store(race++);
  }
}

class SharedMemory {
 public:
  SharedMemory() {
    void* const room = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) throw std::runtime_error("mmap");
    shared_ = new (room) Shared;
  }
  ~SharedMemory() { munmap(shared_, sizeof(Shared)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  Shared& operator*() const { return *shared_; }

 private:
  Shared* shared_;
};

class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  ~Child() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t process_;
};

struct Outcome {
  int sent_after_halt = 0;
  int not_counted = 0;  // one of the two was kept from the processor for longer than the promise is about
  std::int64_t sent = 0;
  std::chrono::nanoseconds longest_after_call{0};  // from the call of set to the last order
};

Outcome race(Sender sender) {
  const bool has_memory_disk = access("/dev/shm", W_OK) == 0;
  const test::TemporaryDirectory folder(has_memory_disk ? std::filesystem::path("/dev/shm")
                                                        : std::filesystem::temp_directory_path());
  const SharedMemory memory;
  Shared& shared = *memory;
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    send_until_told(shared, sender, folder.file("HALT"));
  }
  REQUIRE(process > 0);
  const Child child(process);
  SystemClock clock;
  FileTradingSwitch kill_switch(folder.file("HALT"), clock);
  Random random(2);
  Outcome outcome;
  const auto give_up_at = clock.monotonic() + std::chrono::minutes(5);
  const auto wait_until = [&](auto&& done) {
    while (!done()) {
      if (clock.monotonic() > give_up_at) FAIL("the sender does not answer");
      sched_yield();
    }
  };
  for (int number = 1; number <= races; ++number) {
    REQUIRE(kill_switch.set({}).has_value());
    const std::int64_t sent_before = shared.sent.load();
    const auto sent_first = static_cast<std::int64_t>(random.below(8));
    shared.last_held.store(0);
    shared.race.store(number);
    wait_until([&] { return shared.sent.load() >= sent_before + sent_first; });
    for (std::uint64_t i = random.below(2000); i > 0; --i) static_cast<void>(shared.sent.load());

    const auto called_at = clock.monotonic();
    REQUIRE(kill_switch.set({TradingState::halted, "race", "command", {}}).has_value());
    const std::int64_t sent_when_halted = shared.sent.load();
    const bool slow_halt = clock.monotonic() - called_at >= halt_max;
    wait_until([&] { return shared.ended.load() == number; });
    const std::chrono::nanoseconds last_sent_at(shared.last_sent_at.load());
    const bool slow_send = std::chrono::nanoseconds(shared.last_held.load()) >= FileTradingSwitch::held_max;
    if (slow_send || slow_halt) {
      ++outcome.not_counted;
    } else {
      if (shared.sent.load() != sent_when_halted) ++outcome.sent_after_halt;
      outcome.longest_after_call = std::max(outcome.longest_after_call, last_sent_at - called_at);
    }
  }
  outcome.sent = shared.sent.load();
  shared.race.store(-1);
  return outcome;
}

}  // namespace

TEST_CASE("in 1,000 races between halt and send no order leaves after the halt, nor 100 ms after it was called") {
  const Outcome outcome = race(Sender::honest);
  CHECK(outcome.sent_after_halt == 0);
  CHECK(outcome.longest_after_call < halt_max);
  CHECK(outcome.not_counted < races / 10);
  CHECK(outcome.sent > races);
  MESSAGE(outcome.sent << " orders in " << races << " races, the last "
                       << std::chrono::duration_cast<std::chrono::microseconds>(outcome.longest_after_call).count()
                       << " us after a halt was called, " << outcome.not_counted << " races not counted");
}

TEST_CASE("a sender that looks before it takes the pass is caught") {
  CHECK(race(Sender::looks_first).sent_after_halt > 0);
}
