// Ctrl-C and SIGTERM as a stop request, while it lives: work ends between two steps instead of in the middle of one.
#pragma once
#include <stop_token>
#include <thread>

namespace rebalancer::app {

class SignalStop {
 public:
  // Make it before starting threads that must not take the signals, after starting children that should.
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int signals_ = -1;  // signalfd
  int ending_ = -1;   // eventfd: written once, by the destructor
  std::thread watcher_;
};

}  // namespace rebalancer::app
