#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "http/problem.hpp"
#include "http/router_state.hpp"

namespace rebalancer::http {
namespace {

constexpr std::size_t limit_default = 50;
constexpr const char* job_schema = R"({"$ref":"#/components/schemas/Job"})";

Parameter job_id() {
  return {.in = Parameter::In::path,
          .name = "id",
          .description = "a job's id, as in Location",
          .schema = R"({"type":"string","minLength":1,"maxLength":64})",
          .required = true};
}

Response no_such_job() { return problem(404, {"not_found", "there is no such job, or it ended too long ago", "id"}); }

Response list_jobs(const Jobs& jobs, const Request& request) {
  std::size_t limit = limit_default;
  for (const auto& [name, value] : request.query) {
    if (name == "limit") std::from_chars(value.data(), value.data() + value.size(), limit);
  }
  JsonText json;
  json.object().key("jobs").array();
  std::vector<JobRecord> records = jobs.list();
  records.resize(std::min(records.size(), limit));
  for (JobRecord& record : records) {
    // A list of whole answers would be long; each has its own place.
    if (record.result) record.result->body = nullptr;
    json.raw(to_json(record));
  }
  return json_response(200, json.end().end().str());
}

Response cancel_job(Jobs& jobs, const std::string& id) {
  const bool asked = jobs.cancel(id);
  const auto job = jobs.find(id);
  if (!job) return no_such_job();
  if (asked) return json_response(202, to_json(*job));
  return problem(409, {"job_ended", fmt::format("job {} is {} already", job->id, name_of(job->state)), "id"});
}

}  // namespace

// On the pool: whoever ends a job may have to wait for the disk.
void add_job_routes(std::vector<Route>& routes, Jobs& jobs) {
  routes.push_back({.method = "GET",
                    .path = "/jobs",
                    .operation_id = "getJobs",
                    .summary = "jobs of all surfaces, newest first, without their results",
                    .parameters = {{.name = "limit",
                                    .description = "at most this many jobs",
                                    .schema = R"({"type":"integer","minimum":1,"maximum":100,"default":50})"}},
                    .answers = {{200, "jobs", R"({"$ref":"#/components/schemas/Jobs"})"}},
                    .handle = [&jobs](const Request& request, const Call&) { return list_jobs(jobs, request); }});
  routes.push_back({.method = "GET",
                    .path = "/jobs/{id}",
                    .operation_id = "getJob",
                    .summary = "one job, with its result once it has ended",
                    .parameters = {job_id()},
                    .answers = {{200, "the job", job_schema}},
                    .handle = [&jobs](const Request& request, const Call&) {
                      const auto job = jobs.find(request.parameters.at("id"));
                      return job ? json_response(200, to_json(*job)) : no_such_job();
                    }});
  routes.push_back({.method = "DELETE",
                    .path = "/jobs/{id}",
                    .operation_id = "cancelJob",
                    .summary = "ask a job to stop; one that waits ends at once",
                    .parameters = {job_id()},
                    .answers = {{202, "it was asked to", job_schema}},
                    .handle = [&jobs](const Request& request, const Call&) {
                      return cancel_job(jobs, request.parameters.at("id"));
                    }});
}

}  // namespace rebalancer::http
