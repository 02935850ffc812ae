// The one loop that moves bytes and keeps time: an io_context and the thread that runs it.
#pragma once
#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace rebalancer {

// Whoever posts to it from another thread has ended before it is destroyed.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context();
  // Runs on the calling thread until stop(). An exception that leaves a handler is a mistake of ours; it is passed on.
  void run();
  // From any thread. What has not run yet never will; it is destroyed with the loop.
  void stop();
  void post(std::function<void()> work);
  // Calls `tick` on the loop every `period`, the first time after one period, until the loop stops. From any thread.
  void every(std::chrono::milliseconds period, std::function<void()> tick);
  // Calls `work` once on the loop, not before `delay` has passed. From any thread.
  void after(std::chrono::milliseconds delay, std::function<void()> work);
  // Whether the caller is a handler of this loop.
  [[nodiscard]] bool on_loop() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace rebalancer
