// Threads that do the work, and a bounded queue before them.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace rebalancer {

class WorkerPool {
 public:
  using Job = std::function<void(std::stop_token)>;

  // `on_exception` hears, on the worker's thread, what a job threw; it must not throw.
  WorkerPool(std::string name, std::size_t threads, std::size_t queue_max,
             std::function<void(std::string)> on_exception);
  // Stops: jobs that have not begun are dropped, those at work are asked to stop and waited for.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False when the queue is full or the pool is stopping: the job was not taken and will never run.
  [[nodiscard]] bool post(Job job);
  // Asks the jobs at work to stop, and takes no new ones.
  void request_stop();
  // Waits until every job that began has ended. False when that takes longer than `limit`.
  [[nodiscard]] bool join(std::chrono::milliseconds limit);

  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t at_work() const;

 private:
  void work();

  std::string name_;
  std::size_t queue_max_;
  std::function<void(std::string)> on_exception_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::size_t at_work_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace rebalancer
