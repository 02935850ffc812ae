#include "app/service/figures.hpp"

#include "services/look_json.hpp"

namespace rebalancer::app {
namespace {

// As the run left it: after its orders when there were any, else as it was found.
std::optional<system::PortfolioFigures> portfolio_figures(const RunReport& report, Instant seen_at) {
  const std::optional<Book>& book = report.book_after ? report.book_after : report.book_before;
  if (!book) return std::nullopt;
  system::PortfolioFigures figures{.portfolio = report.portfolio};
  figures.value = report.equity_after ? report.equity_after : report.equity_before;
  figures.cash = book->cash;
  figures.seen_at = seen_at;
  // Of a plan that was not carried out, the drift after it is only hoped for.
  const std::optional<Drift>& drift = report.book_after ? report.drift_after : report.drift_before;
  if (!drift) return figures;
  figures.largest_drift_fraction = drift->largest_fraction;
  for (const DriftEntry& entry : drift->entries) {
    figures.symbols.push_back({entry.symbol, entry.actual_fraction, entry.target_fraction, entry.drift_fraction()});
  }
  return figures;
}

}  // namespace

system::RunFigures run_figures(const RunReport& report, Instant finished_at) {
  system::RunFigures figures{.mode = report.mode, .outcome = name_of(report.outcome)};
  figures.portfolio = portfolio_figures(report, finished_at);
  for (const ExecutedOrder& order : report.orders) ++figures.orders[order.report.state];
  if (!report.hold && !report.ambiguous && !report.refused) figures.succeeded_at = finished_at;
  return figures;
}

system::OpenOrders open_order_figures(const std::vector<OrderRecord>& open) {
  system::OpenOrders figures;
  for (const OrderRecord& order : open) {
    ++figures.by_state[order.state];
    if (is_ambiguous(order)) ++figures.ambiguous;
  }
  return figures;
}

}  // namespace rebalancer::app
