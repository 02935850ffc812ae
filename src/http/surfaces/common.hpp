// What the route tables share: rows that every surface has, parameters that several have, and the way from a result to
// a response.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "http/json_body.hpp"
#include "http/problem.hpp"
#include "http/route.hpp"
#include "http/surfaces/backend.hpp"

namespace rebalancer::http {

// GET /health, /ready, /metrics, added to `routes`.
void add_common_routes(std::vector<Route>& routes, Backend& backend);

// POST /execute: the whole pipeline where it fetches first, else on the prices that are stored.
[[nodiscard]] Route execute_route(Backend& backend, bool fetches);

[[nodiscard]] Response respond(Backend::Json result, int status = 200);
// The page with a Link to the next one (RFC 8288).
[[nodiscard]] Response respond(const Request& request, const Result<Page>& page);

// {"$ref": "#/components/schemas/NAME"}
[[nodiscard]] std::string ref(std::string_view name);
[[nodiscard]] Answer ok(std::string description, std::string_view schema_name);

[[nodiscard]] std::vector<Parameter> page_parameters(std::string_view what, int limit_default, int limit_max);
[[nodiscard]] Parameter date_parameter(std::string name, std::string description);
[[nodiscard]] Parameter symbol_parameter();

// Of a request that was checked against the rows; absent when it was not sent.
[[nodiscard]] std::optional<std::string> query_text(const Request& request, std::string_view name);
[[nodiscard]] std::optional<int> query_integer(const Request& request, std::string_view name);
[[nodiscard]] std::optional<Date> query_date(const Request& request, std::string_view name);
[[nodiscard]] PageRequest page_of(const Request& request, int limit_default);
// None after a complaint.
[[nodiscard]] std::optional<Date> body_date(BodyFields& fields, std::string_view name);

}  // namespace rebalancer::http
