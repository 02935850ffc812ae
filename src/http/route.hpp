// What a surface offers, as data: the router, the OpenAPI document and the 405's Allow all come from these rows.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace rebalancer::http {

struct Parameter {
  enum class In { path, query } in = In::query;
  std::string name;
  std::string description;
  std::string schema = R"({"type":"string"})";  // JSON Schema: type, minimum, maximum, enum, pattern, format, default
  bool required = false;
};

struct Answer {
  int status = 200;
  std::string description;
  std::string schema;  // JSON Schema, may be {"$ref":"#/components/schemas/Order"}; empty: no JSON body
  std::string content_type = "application/json";
};

// What a handler may look at while it works.
struct Call {
  std::stop_token stop;                                    // the server ends, or the job is cancelled
  std::function<void(std::string_view, double)> progress;  // what is being done, and which fraction of all (0 to 1)
};

struct Route {
  enum class Runs {
    on_loop,  // at once, on the thread that moves bytes: only what never waits
    on_pool,  // on a worker: looks, and short work
    as_job,   // on the lane where one thing happens at a time; 202 with a job when it takes longer than asked to wait
  };

  std::string method;        // "GET", "POST", "PUT", "DELETE"
  std::string path;          // "/orders/{id}"
  std::string operation_id;  // "getOrder"
  std::string summary;
  std::string description = {};
  std::vector<Parameter> parameters = {};  // of the query; those of the path are told by the template, see below
  std::string body_schema = {};            // JSON Schema of the request's body; empty: it takes none
  bool body_required = false;
  std::vector<Answer> answers;  // the successful ones, and errors of its own; those of every route are added
  Runs runs = Runs::on_pool;
  bool takes_idempotency_key = false;
  bool needs_token = true;  // false: answered without authentication (health)
  // While this number stays, the answer to the same request stays: it is kept, with an ETag, and given from the loop.
  // Cheap, and called on the loop. Null: the answer is made anew each time (a GET's still gets an ETag).
  std::function<std::uint64_t()> revision = {};
  std::function<Response(const Request&, const Call&)> handle;
};

}  // namespace rebalancer::http
