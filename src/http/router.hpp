// One surface: its routes, and what every route gets without asking.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/ports/request_store.hpp"
#include "http/jobs.hpp"
#include "http/route.hpp"
#include "http/server.hpp"
#include "runtime/worker_pool.hpp"

namespace rebalancer::http {

// What routers work with; all of it outlives them.
struct RouterParts {
  EventLoop& loop;
  WorkerPool& pool;
  Jobs& jobs;
  RequestStore& requests;
  Clock& clock;
  std::string (*digest)(std::string_view);  // SHA-256, hex
  std::chrono::milliseconds wait{10'000};   // for a job, before 202; "Prefer: wait=N" and "respond-async" say otherwise
  std::string version = {};                 // the program's, for the document
  std::string_view schemas_json = "{}";     // components/schemas of the document; read by the constructor only
  // Hears what went wrong behind an answer that was given all the same; from any thread, and must not throw.
  std::function<void(const std::string&)> warn = {};
};

class Router {
 public:
  // Adds HEAD for every GET, OPTIONS for every path, GET /openapi.json, and GET /jobs, GET and DELETE /jobs/{id} where
  // a route runs as a job. Asserts that no two routes meet, that every path parameter is a segment, that a revision
  // belongs to a GET without path parameters, and a key to a route that does not run on the loop.
  Router(std::string surface, std::string title, std::vector<Route> routes, RouterParts parts);
  // On the loop, or when it no longer runs. Work that has begun goes on: what handlers refer to outlives the workers.
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // On the loop. 404 and 405 with Allow; unknown, repeated, missing or ill-typed query parameters 400 with the nearest
  // name; a body where none is taken (400), not application/json (415), not strict JSON (400 with its line) or against
  // its schema's top-level keys; Idempotency-Key; ETag and If-None-Match; 503 with Retry-After when a queue is full,
  // and when the service closes before the work began; 500 for a handler that throws, whose exception its worker's pool
  // hears.
  void dispatch(Request request, Reply reply);
  // True for what no route has, too: a stranger does not learn what there is.
  [[nodiscard]] bool needs_token(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const;
  [[nodiscard]] const std::string& openapi() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // of the work too: it may still be on its way when the router is no more
};

}  // namespace rebalancer::http
