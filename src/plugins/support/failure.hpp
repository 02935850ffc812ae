// Our errors as what a plugin throws: the one table on this side of the contract.
#pragma once
#include <rebalancer/plugin.hpp>

#include "core/base/error.hpp"

namespace rebalancer::plugin_support {

inline rb_code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return RB_INVALID;
    case ErrorCode::not_found:
      return RB_NOT_FOUND;
    case ErrorCode::conflict:
      return RB_CONFLICT;
    case ErrorCode::unavailable:
      return RB_UNAVAILABLE;
    case ErrorCode::rejected:
      return RB_REJECTED;
    case ErrorCode::timeout:
      return RB_TIMEOUT;
    case ErrorCode::exhausted:
      return RB_EXHAUSTED;
    case ErrorCode::internal:
      return RB_INTERNAL;
  }
  return RB_INTERNAL;
}

// throw failure(result.error());
inline sdk::Failure failure(const Error& error) { return {code_of(error.code), error.message}; }

}  // namespace rebalancer::plugin_support
