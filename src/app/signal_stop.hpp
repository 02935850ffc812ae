// Ctrl-C and SIGTERM as a stop request, while it lives: work ends between two steps instead of in the middle of one.
// SIGUSR1 halts trading, and the work goes on to its end.
#pragma once
#include <functional>
#include <stop_token>
#include <thread>

namespace rebalancer::app {

class SignalStop {
 public:
  // Make it before starting threads that must not take the signals, after starting children that should. `on_halt` is
  // called for SIGUSR1 (once for several that come together) by the watching thread, or by the destructor for one that
  // came at the last moment; it must not throw. Without it SIGUSR1 stays what it was.
  explicit SignalStop(std::function<void()> on_halt = {});
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void take_signals();

  std::function<void()> on_halt_;
  std::stop_source source_;
  int signals_ = -1;  // signalfd
  int ending_ = -1;   // eventfd: written once, by the destructor
  std::thread watcher_;
};

}  // namespace rebalancer::app
