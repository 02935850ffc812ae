// Everything that runs while `serve` does: the loop, the pool, the lane, the surfaces and the clockwork between them.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/application.hpp"
#include "app/service/service.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "runtime/event_loop.hpp"
#include "runtime/worker_pool.hpp"

namespace rebalancer::app {

class Serving {
 public:
  // Both outlive it; the service is prepared.
  Serving(Application& application, system::Metrics& metrics, Service& service);
  ~Serving();

  struct Listening {
    std::string surface;
    std::string address;  // "127.0.0.1:8080"
  };
  // Errors: the server's.
  [[nodiscard]] Result<std::vector<Listening>> listen();
  // Serves until `stop`, on this thread. Returns false when something had to be left behind: a run that did not stop in
  // time, or a stage that hangs; `left` says what.
  [[nodiscard]] bool run(std::stop_token stop);
  [[nodiscard]] const std::string& left() const { return left_; }
  // True when it ended because a stage hangs, so that only a new process goes on.
  [[nodiscard]] bool hung() const { return hung_; }

 private:
  void tick();
  void slow_tick();
  void start_turn(Turn turn);
  void close();
  [[nodiscard]] std::vector<http::Surface> surfaces();

  Application& application_;
  system::Metrics& metrics_;
  Service& service_;
  EventLoop loop_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<WorkerPool> lane_;
  std::unique_ptr<http::Jobs> jobs_;
  std::vector<std::unique_ptr<http::Router>> routers_;
  std::unique_ptr<http::Server> server_;
  std::atomic<bool> stepping_ = false;
  std::atomic<std::uint64_t> steps_ = 0;
  std::atomic<bool> cancelling_ = false;
  bool closing_ = false;
  bool hung_ = false;
  std::string left_;
};

}  // namespace rebalancer::app
