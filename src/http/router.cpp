#include "http/router.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "http/openapi.hpp"
#include "http/problem.hpp"
#include "http/router_state.hpp"

namespace rebalancer::http {
namespace {

constexpr const char* document_path = "/openapi.json";

[[maybe_unused]] bool is_sound(const Route& route) {
  const bool is_get = route.method == "GET";
  if (route.revision && (!is_get || route.path.find('{') != std::string::npos)) return false;
  if (route.takes_idempotency_key && (is_get || route.runs == Route::Runs::on_loop)) return false;
  return static_cast<bool>(route.handle);
}

std::vector<Route> completed(std::vector<Route> routes, Jobs& jobs) {
  assert(std::ranges::all_of(routes, is_sound));
  if (std::ranges::any_of(routes, [](const Route& route) { return route.runs == Route::Runs::as_job; })) {
    add_job_routes(routes, jobs);
  }
  // Its handler is the router: the document is made of all rows, this one among them.
  routes.push_back({.method = "GET",
                    .path = document_path,
                    .operation_id = "getOpenapi",
                    .summary = "this document",
                    .answers = {{200, "an OpenAPI 3.1 document", R"({"type":"object"})"}},
                    .runs = Route::Runs::on_loop,
                    .handle = {}});
  return routes;
}

}  // namespace

Router::State::State(std::string the_surface, const std::string& title, std::vector<Route> the_routes,
                     RouterParts the_parts)
    : surface(std::move(the_surface)),
      parts(std::move(the_parts)),
      routes(completed(std::move(the_routes), parts.jobs)),
      paths(routes),
      rules(routes.begin(), routes.end()),
      document(
          tagged(json_response(200, openapi_document(title, parts.version, routes, parts.schemas_json)), parts.digest)),
      keyed(parts.requests, parts.clock, parts.warn),
      kept(routes.size()) {}

void Router::State::dispatch(Request request, Reply reply) {
  PathTable::Found found = paths.find(request.method, request.path);
  if (!found.route) return dispatch_elsewhere(request, found, reply);
  const Route& route = routes[*found.route];
  request.parameters = std::move(found.parameters);
  if (auto wrong = rules[*found.route].check(request)) return reply.send(*std::move(wrong), route.path);
  if (route.revision && request.query.empty()) return answer_kept(*found.route, std::move(request), std::move(reply));

  const bool is_get = route.method == "GET";
  std::optional<std::string> if_none_match;
  if (const auto sent = request.header("if-none-match"); sent && is_get) if_none_match.emplace(*sent);
  const auto answer = std::make_shared<Answerer>(std::move(reply), route.path, std::move(if_none_match),
                                                 is_get ? parts.digest : nullptr);
  const auto key = route.takes_idempotency_key ? request.header("idempotency-key") : std::nullopt;
  if (key && !is_idempotency_key(*key)) {
    return answer->send(
        problem(400, {"invalid", "an Idempotency-Key must have 1 to 200 visible ASCII characters", "Idempotency-Key"}));
  }
  if (key) return run_keyed(route, std::move(request), answer, std::string(*key));
  switch (route.runs) {
    case Route::Runs::on_loop:
      return run_on_loop(route, request, *answer);
    case Route::Runs::on_pool:
      return run_on_pool(route, std::move(request), answer);
    case Route::Runs::as_job:
      if (!run_as_job(route, std::move(request), answer)) answer->send(too_busy());
      return;
  }
}

void Router::State::dispatch_elsewhere(const Request& request, const PathTable::Found& found,
                                       const Reply& reply) const {
  const std::string_view label = found.path.empty() ? "none" : found.path;
  if (request.method == "OPTIONS") {
    if (std::string allow = paths.allow(request.path); !allow.empty()) {
      return reply.send({.status = 204, .content_type = {}, .headers = {{"Allow", std::move(allow)}}}, label);
    }
  }
  if (found.path.empty()) {
    std::string detail = fmt::format("the {} has no such path, see {}", surface, document_path);
    if (const auto near = paths.nearest(request.path)) detail += fmt::format("; did you mean {}?", *near);
    return reply.send(problem(404, {"not_found", std::move(detail)}), label);
  }
  Response response = problem(405, {"method_not_allowed", fmt::format("{} cannot be asked with this method, only {}",
                                                                      found.path, found.allow)});
  response.headers.emplace_back("Allow", found.allow);
  reply.send(std::move(response), label);
}

Router::Router(std::string surface, std::string title, std::vector<Route> routes, RouterParts parts)
    : state_(std::make_shared<State>(std::move(surface), title, std::move(routes), std::move(parts))) {}

Router::~Router() = default;

void Router::dispatch(Request request, Reply reply) { state_->dispatch(std::move(request), std::move(reply)); }

bool Router::needs_token(std::string_view method, std::string_view path) const {
  const auto found = state_->paths.find(method, path);
  return !found.route || state_->routes[*found.route].needs_token;
}

const std::vector<Route>& Router::routes() const { return state_->routes; }

const std::string& Router::openapi() const { return *state_->document.body; }

}  // namespace rebalancer::http
