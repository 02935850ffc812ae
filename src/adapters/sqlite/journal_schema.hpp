// The journal's tables.
#pragma once
#include "adapters/sqlite/migrations.hpp"

namespace rebalancer::sqlite {

extern const Schema journal_schema;

}  // namespace rebalancer::sqlite
