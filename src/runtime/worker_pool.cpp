#include "runtime/worker_pool.hpp"

#include <exception>
#include <pthread.h>
#include <utility>

namespace rebalancer {
namespace {

// The kernel's limit, without the zero at the end.
constexpr std::size_t thread_name_max = 15;

}  // namespace

WorkerPool::WorkerPool(std::string name, std::size_t threads, std::size_t queue_max,
                       std::function<void(std::string)> on_exception)
    : name_(std::move(name)), queue_max_(queue_max), on_exception_(std::move(on_exception)) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    pthread_setname_np(threads_.back().native_handle(), name_.substr(0, thread_name_max).c_str());
  }
}

WorkerPool::~WorkerPool() {
  request_stop();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_.stop_requested() || jobs_.size() >= queue_max_) return false;
    jobs_.push_back(std::move(job));
  }
  // Of all: join() waits on the same condition.
  changed_.notify_all();
  return true;
}

void WorkerPool::request_stop() {
  stop_.request_stop();
  std::deque<Job> dropped;  // what a job holds may call back when it goes: not under the lock
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(jobs_);
  }
  changed_.notify_all();
}

bool WorkerPool::join(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return at_work_ == 0 && jobs_.empty(); });
}

std::size_t WorkerPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

std::size_t WorkerPool::at_work() const {
  const std::lock_guard lock(mutex_);
  return at_work_;
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_.stop_requested() || !jobs_.empty(); });
    if (stop_.stop_requested()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++at_work_;
    lock.unlock();
    try {
      job(stop_.get_token());
    } catch (const std::exception& error) {
      if (on_exception_) on_exception_(error.what());
    } catch (...) {
      if (on_exception_) on_exception_("an exception that is no std::exception");
    }
    job = nullptr;  // what it holds is gone before it counts as ended
    lock.lock();
    --at_work_;
    changed_.notify_all();
  }
}

}  // namespace rebalancer
