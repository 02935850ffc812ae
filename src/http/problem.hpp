// Every error as application/problem+json (RFC 9457), and the one table from error codes to statuses.
#pragma once
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "http/message.hpp"

namespace rebalancer::http {

// invalid 400, not_found 404, conflict 409, unavailable 503, rejected 422, timeout 504, exhausted 429, internal 500.
[[nodiscard]] int status_of(ErrorCode code);
[[nodiscard]] std::string_view phrase_of(int status);

struct ProblemFields {
  std::string code;        // stable, snake case: "not_found", "body_too_large", "halted"
  std::string detail;      // one sentence: the thing, the value, the rule
  std::string field = {};  // the key or parameter that is wrong; empty: none
  int line = 0;            // of the body; 0: none
};

// {"type":"about:blank","title":"Not Found","status":404,"code":...,"detail":...,"field":...,"line":...}
[[nodiscard]] Response problem(int status, const ProblemFields& fields);
[[nodiscard]] Response problem(const Error& error);

}  // namespace rebalancer::http
