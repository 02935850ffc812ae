// The surfaces: one route table each, from the same backend.
#pragma once
#include <string_view>
#include <vector>

#include "http/route.hpp"
#include "http/surfaces/backend.hpp"

namespace rebalancer::http {

// `backend` outlives the routes.
[[nodiscard]] std::vector<Route> fetcher_routes(Backend& backend);
[[nodiscard]] std::vector<Route> optimizer_routes(Backend& backend);
[[nodiscard]] std::vector<Route> executor_routes(Backend& backend);
[[nodiscard]] std::vector<Route> scheduler_routes(Backend& backend);

// "components/schemas" of every surface's OpenAPI document, one JSON object.
[[nodiscard]] std::string_view schemas_json();

}  // namespace rebalancer::http
