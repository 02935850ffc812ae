// 8083: what it does by itself, when, what became of it, and why.
#include "http/surfaces/common.hpp"
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::http {
namespace {

constexpr const char* schedule_body =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("at":{"type":"string","description":"16:30 in the zone, or close-20m, close, open+15m"},)"
    R"("zone":{"type":"string","description":"of a time of day, such as America/New_York"},)"
    R"("enabled":{"type":"boolean","description":"false: nothing is started by itself"}}})";

Parameter decision_id() {
  return {.in = Parameter::In::path,
          .name = "id",
          .description = "a run's id, or its first 8 characters",
          .schema = R"({"type":"string","minLength":1,"maxLength":64})",
          .required = true};
}

void add_schedule(std::vector<Route>& routes, Backend& backend) {
  routes.push_back({.method = "GET",
                    .path = "/schedule",
                    .operation_id = "getSchedule",
                    .summary = "when it runs by itself, the next time, and what became of the last ones",
                    .answers = {ok("the schedule", "Schedule")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.schedule()); }});
  routes.push_back(
      {.method = "PUT",
       .path = "/schedule",
       .operation_id = "setSchedule",
       .summary = "change when it runs by itself; what is not named stays",
       .description = "Kept beside the journal through restarts, before what the configuration says.",
       .body_schema = schedule_body,
       .body_required = true,
       .answers = {ok("the schedule in force", "Schedule")},
       .handle = [&backend](const Request& request, const Call&) {
         BodyFields fields(request);
         Backend::ScheduleRequest wanted{fields.text("at"), fields.text("zone"), fields.boolean("enabled")};
         if (auto wrong = fields.problem()) return *wrong;
         return respond(backend.set_schedule(wanted));
       }});
  routes.push_back({.method = "DELETE",
                    .path = "/schedule",
                    .operation_id = "resetSchedule",
                    .summary = "back to the schedule of the configuration",
                    .answers = {ok("the schedule in force", "Schedule")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.reset_schedule()); }});
}

void add_decisions(std::vector<Route>& routes, Backend& backend) {
  routes.push_back({.method = "GET",
                    .path = "/decisions",
                    .operation_id = "getDecisions",
                    .summary = "the chain of sealed decisions, newest first",
                    .parameters = page_parameters("decisions, newest first", 50, 1000),
                    .answers = {ok("seals", "Decisions")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(request, backend.decisions(page_of(request, 50)));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/decisions/{id}",
                    .operation_id = "getDecision",
                    .summary = "one sealed decision, the bytes that were sealed",
                    .parameters = {decision_id()},
                    .answers = {ok("the decision; 'rebalancer verify' takes it as a file", "Decision")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(backend.decision(request.parameters.at("id")));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/decisions/{id}/explanation",
                    .operation_id = "explainDecision",
                    .summary = "why: the decision in plain language, or one of its orders",
                    .parameters = {decision_id(),
                                   {.name = "order",
                                    .description = "the number of an order in the plan",
                                    .schema = R"({"type":"integer","minimum":1,"maximum":100000})"}},
                    .answers = {ok("the explanation", "Explanation")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(backend.explanation(request.parameters.at("id"), query_integer(request, "order")));
                    }});
}

}  // namespace

std::vector<Route> scheduler_routes(Backend& backend) {
  std::vector<Route> routes;
  routes.push_back({.method = "GET",
                    .path = "/status",
                    .operation_id = "getStatus",
                    .summary = "mode, trading state, last run, open orders, what is at work and what comes next",
                    .answers = {ok("the state of everything", "Status")},
                    .revision = [&backend] { return backend.status_revision(); },
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.status()); }});
  routes.push_back(execute_route(backend, true));
  routes.push_back({.method = "GET",
                    .path = "/history",
                    .operation_id = "getHistory",
                    .summary = "earlier runs, newest first",
                    .parameters = page_parameters("runs", 50, 1000),
                    .answers = {ok("runs", "History")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(request, backend.history(page_of(request, 50)));
                    }});
  add_schedule(routes, backend);
  add_decisions(routes, backend);
  routes.push_back({.method = "GET",
                    .path = "/plugins",
                    .operation_id = "getPlugins",
                    .summary = "every plugin found, and why some were refused",
                    .answers = {ok("plugins", "Plugins")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.plugins()); }});
  add_common_routes(routes, backend);
  return routes;
}

}  // namespace rebalancer::http
