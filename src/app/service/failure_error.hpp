// A command's failure as an error that a surface can answer with.
#pragma once
#include "app/problem.hpp"

namespace rebalancer::app {

[[nodiscard]] inline Error error_of(const Failure& failure) {
  switch (failure.exit_code) {
    case ExitCode::usage:
      return {ErrorCode::invalid, failure.message};
    case ExitCode::data:
    case ExitCode::broker:
      return {ErrorCode::unavailable, failure.message};
    case ExitCode::infeasible:
      return {ErrorCode::conflict, failure.message};
    case ExitCode::refused:
    case ExitCode::verification:
      return {ErrorCode::rejected, failure.message};
    case ExitCode::ambiguous_order:
      return {ErrorCode::conflict, failure.message};
    default:
      return {ErrorCode::internal, failure.message};
  }
}

}  // namespace rebalancer::app
