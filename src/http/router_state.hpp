// A router's inside: the ways from a request to its answer.
#pragma once
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "http/idempotency.hpp"
#include "http/router.hpp"
#include "http/router_answer.hpp"
#include "http/router_paths.hpp"
#include "http/router_rules.hpp"

namespace rebalancer::http {

// Workers see what does not change, and `keyed`; `kept` is the loop's.
struct Router::State : std::enable_shared_from_this<Router::State> {
  using Way = std::shared_ptr<Answerer>;

  State(std::string surface, const std::string& title, std::vector<Route> routes, RouterParts parts);

  void dispatch(Request request, Reply reply);
  // What no route has: OPTIONS, 404, 405.
  void dispatch_elsewhere(const Request& request, const PathTable::Found& found, const Reply& reply) const;

  // router_work.cpp: at once, on the pool, as a job; and the latter two with a key.
  void run_on_loop(const Route& route, const Request& request, Answerer& answer) const;
  void run_on_pool(const Route& route, Request request, const Way& answer);
  // None when the lane's queue is full: then nothing is answered, nothing will be done, and `on_end` not called.
  std::optional<std::string> run_as_job(const Route& route, Request request, const Way& answer,
                                        Jobs::OnEnd on_end = {});
  void run_keyed(const Route& route, Request request, const Way& answer, std::string key);
  void work_keyed(const Route& route, Request request, const Way& answer, const std::string& key, std::stop_token stop);

  // router_kept.cpp: one answer for all who ask while its revision stays.
  class Flight;
  struct Waiter {
    Way answer;
    bool joined = false;  // the flight under way began with its revision; else it needs another one
  };
  struct Kept {
    std::optional<Response> response;  // with its ETag
    std::uint64_t revision = 0;        // of the response
    bool flying = false;
    std::uint64_t flight_revision = 0;
    std::vector<Waiter> waiters;
  };
  void answer_kept(std::size_t index, Request request, Reply reply);
  void take_off(std::size_t index, std::uint64_t revision, std::shared_ptr<const Request> request);
  void land(std::size_t index, std::shared_ptr<const Request> request, Response response);

  const std::string surface;
  const RouterParts parts;
  const std::vector<Route> routes;
  const PathTable paths;
  const std::vector<RequestRules> rules;  // by route
  const Response document;
  KeyedRequests keyed;
  std::vector<Kept> kept;  // by route
};

// router_jobs.cpp: GET /jobs, GET and DELETE /jobs/{id}.
void add_job_routes(std::vector<Route>& routes, Jobs& jobs);

}  // namespace rebalancer::http
