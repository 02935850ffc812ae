// The OpenAPI 3.1 document of a surface, from its routes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http/route.hpp"

namespace rebalancer::http {

// `components_json` is an object of schemas by name; those that routes reach are put in, with Problem and Job of our
// own. Every operation has a default answer of application/problem+json: what any of them may be refused with.
[[nodiscard]] std::string openapi_document(std::string_view title, std::string_view version,
                                           const std::vector<Route>& routes, std::string_view components_json);

}  // namespace rebalancer::http
