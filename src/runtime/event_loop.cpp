#include "runtime/event_loop.hpp"

#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace rebalancer {
namespace {

namespace asio = boost::asio;

// Owned by the handler that waits for it, so that it ends with the loop.
struct Ticker {
  Ticker(asio::steady_timer made, std::chrono::milliseconds every, std::function<void()> what)
      : timer(std::move(made)), period(every), tick(std::move(what)) {}
  asio::steady_timer timer;
  std::chrono::milliseconds period;
  std::function<void()> tick;
};

void tick_again(std::shared_ptr<Ticker> ticker) {
  asio::steady_timer& timer = ticker->timer;
  timer.async_wait([ticker = std::move(ticker)](boost::system::error_code error) mutable {
    if (error) return;
    ticker->tick();
    // From now on, not from when it was due: a loop that was held up has no heap of ticks to make up for.
    ticker->timer.expires_after(ticker->period);
    tick_again(std::move(ticker));
  });
}

}  // namespace

struct EventLoop::Parts {
  asio::io_context context{1};  // one thread runs it; others only post
  asio::executor_work_guard<asio::io_context::executor_type> guard{context.get_executor()};
};

EventLoop::EventLoop() : parts_(std::make_unique<Parts>()) {}
EventLoop::~EventLoop() = default;

asio::io_context& EventLoop::context() { return parts_->context; }

void EventLoop::run() { parts_->context.run(); }

void EventLoop::stop() { parts_->context.stop(); }

void EventLoop::post(std::function<void()> work) { asio::post(parts_->context, std::move(work)); }

void EventLoop::every(std::chrono::milliseconds period, std::function<void()> tick) {
  asio::steady_timer timer(parts_->context, period);
  tick_again(std::make_shared<Ticker>(std::move(timer), period, std::move(tick)));
}

void EventLoop::after(std::chrono::milliseconds delay, std::function<void()> work) {
  auto timer = std::make_shared<asio::steady_timer>(parts_->context, delay);
  timer->async_wait([timer, work = std::move(work)](boost::system::error_code error) {
    if (!error) work();
  });
}

bool EventLoop::on_loop() const { return parts_->context.get_executor().running_in_this_thread(); }

}  // namespace rebalancer
