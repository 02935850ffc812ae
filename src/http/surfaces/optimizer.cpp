// 8081: target weights, their risk, and what else was possible.
#include <cmath>

#include <fmt/format.h>

#include "http/surfaces/common.hpp"
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::http {
namespace {

constexpr const char* optimize_body =
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("strategy":{"type":"string","description":"a strategy plugin, with its default settings"},)"
    R"("user_age":{"type":"number","minimum":0,"maximum":130,"description":"years, for the glide path"},)"
    R"("constraints":{"type":"object","additionalProperties":false,"description":"instead of the configured ones",)"
    R"("properties":{)"
    R"("min_weight":{"type":"number","minimum":-1,"maximum":1},"max_weight":{"type":"number","minimum":0,"maximum":1},)"
    R"("turnover_max":{"type":"number","minimum":0,"maximum":10,"description":"purchases and sales together"},)"
    R"("gross_max":{"type":"number","minimum":1,"maximum":10,"description":"long and short together"},)"
    R"("tracking_error_max":{"type":"number","minimum":0,"maximum":2,)"
    R"("description":"against portfolio.benchmark, per year"},)"
    R"("position_min":{"type":"number","minimum":0,"maximum":1},)"
    R"("positions_max":{"type":"integer","minimum":0,"maximum":10000,"description":"0: any number"},)"
    R"("groups":{"type":"array","maxItems":1000,"items":{"type":"string","maxLength":256},)"
    R"("description":"such as tech <= 25%"}}}}})";

struct NumberRule {
  std::string_view name;
  double minimum, maximum;
  std::optional<double> Backend::OptimizeRequest::*member;
};
constexpr NumberRule number_rules[] = {{"min_weight", -1, 1, &Backend::OptimizeRequest::min_weight},
                                       {"max_weight", 0, 1, &Backend::OptimizeRequest::max_weight},
                                       {"turnover_max", 0, 10, &Backend::OptimizeRequest::turnover_max},
                                       {"gross_max", 1, 10, &Backend::OptimizeRequest::gross_max},
                                       {"tracking_error_max", 0, 2, &Backend::OptimizeRequest::tracking_error_max},
                                       {"position_min", 0, 1, &Backend::OptimizeRequest::position_min}};

void read_groups(const boost::json::value& value, BodyFields& fields, Backend::OptimizeRequest& wanted) {
  constexpr std::size_t groups_max = 1000, size_max = 256;
  const auto wrong = [&] {
    fields.complain("constraints.groups",
                    "constraints.groups must be a list of at most 1000 texts such as tech <= 25%");
  };
  if (!value.is_array() || value.get_array().size() > groups_max) return wrong();
  std::vector<std::string> groups;
  for (const boost::json::value& item : value.get_array()) {
    if (!item.is_string() || item.get_string().size() > size_max) return wrong();
    groups.emplace_back(item.get_string());
  }
  wanted.groups = std::move(groups);
}

void read_constraint(std::string_view key, const boost::json::value& value, BodyFields& fields,
                     Backend::OptimizeRequest& wanted) {
  const std::string name = "constraints." + std::string(key);
  if (key == "groups") return read_groups(value, fields, wanted);
  if (key == "positions_max") {
    constexpr double positions_max = 10'000;
    const double number = value.is_number() ? value.to_number<double>() : -1;
    if (!(number >= 0 && number <= positions_max) || number != std::floor(number)) {
      return fields.complain(name, name + " must be a whole number from 0 to 10000");
    }
    wanted.positions_max = static_cast<int>(number);
    return;
  }
  std::string known = "positions_max, groups";
  for (const NumberRule& rule : number_rules) {
    known = std::string(rule.name) + ", " + known;
    if (rule.name != key) continue;
    const double number = value.is_number() ? value.to_number<double>() : rule.minimum - 1;
    if (number < rule.minimum || number > rule.maximum) {
      return fields.complain(name, fmt::format("{} must be a number from {} to {}", name, rule.minimum, rule.maximum));
    }
    wanted.*rule.member = number;
    return;
  }
  fields.complain(name, fmt::format("unknown key {}, must be one of {}", name, known));
}

Response optimize(Backend& backend, const Request& request) {
  BodyFields fields(request);
  Backend::OptimizeRequest wanted;
  wanted.strategy = fields.text("strategy");
  wanted.user_age_years = fields.number("user_age", 0, 130);
  if (const boost::json::object* constraints = fields.object("constraints")) {
    for (const auto& [key, value] : *constraints) {
      read_constraint(std::string_view(key.data(), key.size()), value, fields, wanted);
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
