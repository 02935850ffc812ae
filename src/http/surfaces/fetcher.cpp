// 8080: prices, and what they are worth.
#include "http/surfaces/common.hpp"
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::http {

std::vector<Route> fetcher_routes(Backend& backend) {
  std::vector<Route> routes;
  routes.push_back(
      {.method = "POST",
       .path = "/fetch",
       .operation_id = "fetchPrices",
       .summary = "get the prices that are missing, store them",
       .body_schema =
           R"({"type":"object","additionalProperties":false,"properties":{"as_of":{"type":"string","format":"date","description":"up to the session on or before this day instead of the last completed one"}}})",
       .answers = {ok("what was received and what was new", "FetchSummary")},
       .runs = Route::Runs::as_job,
       .takes_idempotency_key = true,
       .handle = [&backend](const Request& request, const Call& call) {
         BodyFields fields(request);
         const auto as_of = body_date(fields, "as_of");
         if (auto wrong = fields.problem()) return *wrong;
         return respond(backend.fetch(as_of, call));
       }});
  std::vector<Parameter> data_parameters{symbol_parameter(),
                                         date_parameter("from", "the first day wanted"),
                                         date_parameter("to", "the last day wanted"),
                                         {.name = "limit",
                                          .description = "at most this many bars",
                                          .schema = R"({"type":"integer","minimum":1,"maximum":5000,"default":500})"},
                                         date_parameter("after", "go on behind this day, as the Link header says")};
  routes.push_back({.method = "GET",
                    .path = "/data/{symbol}",
                    .operation_id = "getData",
                    .summary = "the stored bars of a symbol, as published, oldest first",
                    .parameters = std::move(data_parameters),
                    .answers = {ok("bars", "Bars")},
                    .handle = [&backend](const Request& request, const Call&) {
                      const auto symbol = Symbol::parse(request.parameters.at("symbol"));
                      if (!symbol) return problem(400, {"invalid", symbol.error().message, "symbol"});
                      return respond(request,
                                     backend.data(*symbol, {query_date(request, "from"), query_date(request, "to"),
                                                            query_date(request, "after"),
                                                            query_integer(request, "limit").value_or(500)}));
                    }});
  routes.push_back(
      {.method = "GET",
       .path = "/quality",
       .operation_id = "getQuality",
       .summary = "the verdict on the stored prices of the portfolio",
       .answers = {ok("the verdict", "Quality")},
       .handle = [&backend](const Request&, const Call&) { return respond(backend.quality(std::nullopt)); }});
  routes.push_back({.method = "GET",
                    .path = "/quality/{symbol}",
                    .operation_id = "getSymbolQuality",
                    .summary = "the verdict on the stored prices of one symbol",
                    .parameters = {symbol_parameter()},
                    .answers = {ok("the verdict", "Quality")},
                    .handle = [&backend](const Request& request, const Call&) {
                      const auto symbol = Symbol::parse(request.parameters.at("symbol"));
                      if (!symbol) return problem(400, {"invalid", symbol.error().message, "symbol"});
                      return respond(backend.quality(*symbol));
                    }});
  add_common_routes(routes, backend);
  return routes;
}

}  // namespace rebalancer::http
