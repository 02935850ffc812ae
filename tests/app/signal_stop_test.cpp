#include "app/signal_stop.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

namespace rebalancer::app {
namespace {

// Counts what came, and lets a test wait for it.
class Counter {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  [[nodiscard]] bool reaches(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return count_ >= count; });
  }
  [[nodiscard]] int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

bool stops(const SignalStop& stop) {
  Counter stopped;
  const std::stop_callback callback(stop.token(), [&] { stopped.add(); });
  return stopped.reaches(1);
}

bool is_pending(int signal) {
  sigset_t set;
  sigpending(&set);
  return sigismember(&set, signal) == 1;
}

TEST_CASE("SIGINT and SIGTERM request a stop, and a second one does no harm") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const SignalStop stop;
    CHECK_FALSE(stop.token().stop_requested());
    kill(getpid(), signal);
    CHECK(stops(stop));
    kill(getpid(), signal);
  }
  CHECK_FALSE(is_pending(SIGINT));
  CHECK_FALSE(is_pending(SIGTERM));
}

TEST_CASE("SIGUSR1 halts, as often as it comes, and stops nothing") {
  Counter halts;
  const SignalStop stop([&] { halts.add(); });
  for (int i = 1; i <= 3; ++i) {
    kill(getpid(), SIGUSR1);
    CHECK(halts.reaches(i));
  }
  CHECK_FALSE(stop.token().stop_requested());
}

TEST_CASE("after a halt a stop is still seen, and after a stop a halt") {
  Counter halts;
  const SignalStop stop([&] { halts.add(); });
  kill(getpid(), SIGUSR1);
  CHECK(halts.reaches(1));
  kill(getpid(), SIGTERM);
  CHECK(stops(stop));
  kill(getpid(), SIGUSR1);
  CHECK(halts.reaches(2));
}

TEST_CASE("a halt at the last moment is not lost, and nothing stays pending") {
  for (int i = 0; i < 200; ++i) {
    Counter halts;
    {
      const SignalStop stop([&] { halts.add(); });
      kill(getpid(), SIGUSR1);
      kill(getpid(), SIGINT);
    }
    CHECK(halts.count() == 1);
    CHECK_FALSE(is_pending(SIGUSR1));
    CHECK_FALSE(is_pending(SIGINT));
  }
}

TEST_CASE("without anything to call SIGUSR1 is left alone") {
  const pid_t child = fork();
  if (child == 0) {
    const SignalStop stop;
    kill(getpid(), SIGUSR1);
    _exit(0);
  }
  REQUIRE(child > 0);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR1);
}

TEST_CASE("afterwards the signals are what they were") {
  {
    const SignalStop stop([] {});
  }
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) CHECK(sigismember(&blocked, signal) == 0);
}

}  // namespace
}  // namespace rebalancer::app
