// Kills the program over and over and looks whether an order was lost or doubled. See trial.hpp.
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <new>
#include <span>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.hpp"
#include "support/temporary_directory.hpp"
#include "totals.hpp"

namespace rebalancer::crash {
namespace {

// Shared with every child.
template <class Value>
Value* shared() {
  void* const memory = ::mmap(nullptr, sizeof(Value), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Value();
}

// A killed process loses no write it has made, and a power cut is simulated: memory is as good as a disk.
std::filesystem::path place_for_files() {
  return std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path();
}

class Worker {
 public:
  Worker(const Options& options, std::size_t place, Totals& totals, World& world)
      : options_(options), place_(place), totals_(totals), folder_(place_for_files()), trials_(folder_.path(), world) {}

  void work() { options_.wishes.mode == Mode::error ? break_disks() : kill(); }

 private:
  // A worker has every jobs-th trial.
  [[nodiscard]] bool is_mine(std::uint64_t trial) const { return trial % options_.jobs == place_; }
  [[nodiscard]] bool is_done() const { return options_.until_caught && totals_.failures > 0; }

  void count(const TrialEnd& end, const std::string& command) {
    totals_.count(end, command);
    if (!options_.show || !end.failure) return;
    std::fprintf(stderr, "%s: %s\n  %s\n", end.failure->what.c_str(), end.failure->text.c_str(), command.c_str());
  }

  void kill() {
    for (std::uint64_t i = 0; i < options_.trials && !is_done(); ++i) {
      if (!is_mine(i)) continue;
      const std::uint64_t seed = options_.seed + i;
      count(trials_.run(Scene(seed, options_.wishes)), command_for(options_, seed));
      show(i, options_.trials);
    }
  }

  // Every kind of broken disk at every step; `trials` bounds the scenes.
  void break_disks() {
    std::uint64_t place = 0;
    for (std::uint64_t i = 0; i < options_.trials && !is_done(); ++i) {
      const std::uint64_t seed = options_.seed + i;
      const Scene scene(seed, options_.wishes);
      const std::uint64_t steps = trials_.baseline(scene).file_steps;
      for (std::uint64_t step = 1 + seed % options_.stride; step <= steps && !is_done(); step += options_.stride) {
        for (const int error : {ENOSPC, EIO, EROFS}) {
          if (!is_mine(place++)) continue;
          const std::string command =
              fmt::format("{} (file step {}, error {})", command_for(options_, seed), step, error);
          count(trials_.run_with_broken_disk(scene, step, error), command);
        }
      }
      show(i, options_.trials);
    }
  }

  void show(std::uint64_t done, std::uint64_t total) const {
    if (!options_.progress || place_ != 0 || done % (options_.jobs * 20) != 0) return;
    std::fprintf(stderr, "\r%s: %llu of %llu ", title_of(options_.wishes).c_str(),
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(total));
  }

  const Options& options_;
  std::size_t place_;
  Totals& totals_;
  test::TemporaryDirectory folder_;
  Trials trials_;
};

constexpr std::size_t jobs_max = 64;

int run(const Options& options) {
  auto* const all = shared<std::array<Totals, jobs_max>>();
  if (all == nullptr) return 2;
  bool well = true;
  for (std::size_t place = 0; place < options.jobs; ++place) {
    if (::fork() != 0) continue;
    World* const world = shared<World>();
    if (world == nullptr) ::_exit(2);
    world->tell = options.tell;
    Worker(options, place, all->at(place), *world).work();
    ::_exit(0);
  }
  for (std::size_t place = 0; place < options.jobs; ++place) {
    int status = 0;
    ::wait(&status);
    well = well && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  if (options.progress) std::fprintf(stderr, "\r%60s\r", "");
  Totals sum;
  for (std::size_t place = 0; place < options.jobs; ++place) sum.add(all->at(place));
  const std::string title = title_of(options.wishes);
  std::puts((options.json ? json_of(sum, title) : line_of(sum, title)).c_str());
  if (!well) std::fputs("a worker ended early: the counts are not complete\n", stderr);
  return sum.failures > 0 || !well ? 1 : 0;
}

}  // namespace
}  // namespace rebalancer::crash

int main(int count, char** arguments) {
  using namespace rebalancer::crash;
  const auto options = parse_options({arguments, static_cast<std::size_t>(count)});
  if (!options || options->jobs > jobs_max) {
    std::fprintf(stderr, "%s\n", options ? "--jobs is too large" : options.error().message.c_str());
    return 2;
  }
  return run(*options);
}
