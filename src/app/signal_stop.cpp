#include "app/signal_stop.hpp"

#include <array>
#include <cstdint>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace rebalancer::app {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

SignalStop::SignalStop() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  ending_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || ending_ < 0) throw std::runtime_error("cannot watch for signals: no file descriptors left");
  watcher_ = std::thread([this] {
    std::array<pollfd, 2> watched{{{signals_, POLLIN, 0}, {ending_, POLLIN, 0}}};
    while (poll(watched.data(), watched.size(), -1) < 0) {
    }
    if ((watched[0].revents & POLLIN) != 0) source_.request_stop();
  });
}

SignalStop::~SignalStop() {
  const std::uint64_t one = 1;
  // An eventfd takes eight bytes at once or the kernel is broken.
  [[maybe_unused]] const ssize_t written = write(ending_, &one, sizeof one);
  watcher_.join();
  // What was asked for has been answered; left pending it would end the process before its report is out.
  signalfd_siginfo taken{};
  while (read(signals_, &taken, sizeof taken) == sizeof taken) {
  }
  close(signals_);
  close(ending_);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace rebalancer::app
