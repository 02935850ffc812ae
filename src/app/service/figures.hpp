// What metrics show of runs and books, from what the services report.
#pragma once
#include <vector>

#include "adapters/system/metrics.hpp"
#include "core/ports/run_store.hpp"
#include "services/pipeline.hpp"

namespace rebalancer::app {

// A run succeeded when it did not hold for something that was wrong.
[[nodiscard]] system::RunFigures run_figures(const RunReport& report, Instant finished_at);
[[nodiscard]] system::OpenOrders open_order_figures(const std::vector<OrderRecord>& open);

}  // namespace rebalancer::app
