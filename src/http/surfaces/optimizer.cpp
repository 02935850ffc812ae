// 8081: target weights, their risk, and what else was possible.
#include "http/surfaces/common.hpp"
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::http {
namespace {

constexpr const char* optimize_body =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("strategy":{"type":"string","description":"a strategy plugin, with its default settings"},)"
    R"("user_age":{"type":"number","minimum":0,"maximum":130,"description":"years, for the glide path"},)"
    R"("constraints":{"type":"object","additionalProperties":false,"properties":{)"
    R"("min_weight":{"type":"number","minimum":0,"maximum":1},"max_weight":{"type":"number","minimum":0,"maximum":1}}}}})";

Response optimize(Backend& backend, const Request& request) {
  BodyFields fields(request);
  Backend::OptimizeRequest wanted;
  wanted.strategy = fields.text("strategy");
  wanted.user_age_years = fields.number("user_age", 0, 130);
  if (const boost::json::object* constraints = fields.object("constraints")) {
    for (const auto& [key, value] : *constraints) {
      const std::string name = "constraints." + std::string(key);
      const bool is_min = key == "min_weight";
      if (!is_min && key != "max_weight") {
        fields.complain(name, "unknown key " + name + ", must be min_weight or max_weight");
      } else if (!value.is_number() || value.to_number<double>() < 0 || value.to_number<double>() > 1) {
        fields.complain(name, name + " must be a number from 0 to 1");
      } else {
        (is_min ? wanted.min_weight : wanted.max_weight) = value.to_number<double>();
      }
    }
  }
  if (auto wrong = fields.problem()) return *wrong;
  return respond(backend.optimize(wanted));
}

}  // namespace

std::vector<Route> optimizer_routes(Backend& backend) {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "GET",
       .path = "/optimize",
       .operation_id = "getOptimization",
       .summary = "the latest optimization, computed if there is none",
       .answers = {ok("weights with what they rest on", "Optimization")},
       .handle = [&backend](const Request&, const Call&) { return respond(backend.latest_optimization()); }});
  routes.push_back({.method = "POST",
                    .path = "/optimize",
                    .operation_id = "optimize",
                    .summary = "optimize again on the stored prices",
                    .description = "Without a body the answer becomes the latest optimization; with one it is a "
                                   "what-if that changes nothing.",
                    .body_schema = optimize_body,
                    .answers = {ok("weights with what they rest on", "Optimization")},
                    .handle = [&backend](const Request& request, const Call&) { return optimize(backend, request); }});
  routes.push_back({.method = "GET",
                    .path = "/allocation",
                    .operation_id = "getAllocation",
                    .summary = "the target weights of the latest optimization",
                    .answers = {ok("target weights", "Allocation")},
                    .revision = [&backend] { return backend.allocation_revision(); },
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.allocation()); }});
  routes.push_back({.method = "GET",
                    .path = "/risk",
                    .operation_id = "getRisk",
                    .summary = "the risk of the target weights, and whose it is",
                    .answers = {ok("volatility, contributions, correlations", "Risk")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.risk()); }});
  routes.push_back(
      {.method = "GET",
       .path = "/frontier",
       .operation_id = "getFrontier",
       .summary = "the efficient frontier of the configured symbols within their constraints, without the glide path",
       .parameters = {{.name = "points",
                       .description = "portfolios spaced evenly in return",
                       .schema = R"({"type":"integer","minimum":2,"maximum":1000,"default":50})"}},
       .answers = {ok("corner portfolios and points", "Frontier")},
       .handle = [&backend](const Request& request, const Call&) {
         return respond(backend.frontier(query_integer(request, "points").value_or(50)));
       }});
  add_common_routes(routes, backend);
  return routes;
}

}  // namespace rebalancer::http
