#include "app/signal_stop.hpp"

#include <array>
#include <cstdint>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <utility>

namespace rebalancer::app {
namespace {

sigset_t watched_signals(bool halts) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (halts) sigaddset(&set, SIGUSR1);
  return set;
}

}  // namespace

SignalStop::SignalStop(std::function<void()> on_halt) : on_halt_(std::move(on_halt)) {
  const sigset_t set = watched_signals(on_halt_ != nullptr);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  ending_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || ending_ < 0) throw std::runtime_error("cannot watch for signals: no file descriptors left");
  watcher_ = std::thread([this] {
    std::array<pollfd, 2> watched{{{signals_, POLLIN, 0}, {ending_, POLLIN, 0}}};
    do {
      while (poll(watched.data(), watched.size(), -1) < 0) {
      }
      take_signals();
    } while (watched[1].revents == 0);
  });
}

SignalStop::~SignalStop() {
  const std::uint64_t one = 1;
  // An eventfd takes eight bytes at once or the kernel is broken.
  [[maybe_unused]] const ssize_t written = write(ending_, &one, sizeof one);
  watcher_.join();
  // What was asked for has been answered; left pending it would end the process before its report is out.
  take_signals();
  close(signals_);
  close(ending_);
  const sigset_t set = watched_signals(on_halt_ != nullptr);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void SignalStop::take_signals() {
  signalfd_siginfo taken{};
  while (read(signals_, &taken, sizeof taken) == sizeof taken) {
    if (taken.ssi_signo == SIGUSR1) {
      on_halt_();
    } else {
      source_.request_stop();
    }
  }
}

}  // namespace rebalancer::app
