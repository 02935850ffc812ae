// What can go wrong without anybody having made a mistake: a value, not an exception.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace rebalancer {

// Few on purpose. One table turns them into HTTP statuses, one into exit codes, one into plugin codes.
enum class ErrorCode {
  invalid,      // the input breaks a rule; sending it again will not help
  not_found,    // the named thing does not exist
  conflict,     // the parts contradict each other: infeasible constraints, a second writer, an illegal transition
  unavailable,  // the other side cannot be reached or is not ready; may work later
  rejected,     // the other side understood and said no
  timeout,      // no answer in time: the outcome is unknown
  exhausted,    // a bound was reached: a queue, a retry budget, a rate limit
  internal,     // our own mistake, or a plugin's
};

[[nodiscard]] std::string_view name_of(ErrorCode code);

// `message` names the thing, the value and the rule, in lower case without a full stop:
// "weight of SPY is 1.2, must be at most 1".
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

// return fail(ErrorCode::invalid, "weight of {} is {}, must be at most 1", symbol, weight);
template <class... Args>
[[nodiscard]] tl::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

// return fail(result.error());
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace rebalancer
