#include "services/derive.hpp"

#include <algorithm>

#include "core/market/corporate_action.hpp"

namespace rebalancer {

std::string verdict_text(const QualityVerdict& verdict, Severity severity) {
  const auto has_it = [severity](const QualityFinding& finding) { return finding.severity == severity; };
  const auto first = std::find_if(verdict.findings.begin(), verdict.findings.end(), has_it);
  if (first == verdict.findings.end()) return "";
  const auto others = std::count_if(first + 1, verdict.findings.end(), has_it);
  return others == 0 ? first->message : fmt::format("{} (and {} more)", first->message, others);
}

const Bar* last_priced_bar(const BarTable& table) {
  const auto bars = table.bars();
  const auto last = std::find_if(bars.rbegin(), bars.rend(), [](const Bar& bar) { return bar.close > 0; });
  return last == bars.rend() ? nullptr : &*last;
}

Result<PricesRead> read_prices(std::span<const BarTable> tables, std::span<const Symbol> wanted, Date session) {
  PriceList prices;
  std::vector<BarTable> chosen;
  Date first = session;
  for (const BarTable& table : tables) {
    // The verdict saw to it that every table has a recent close.
    const Bar* last = last_priced_bar(table);
    if (last == nullptr) return fail(ErrorCode::not_found, "no price of {} is stored", table.symbol());
    const auto price = Price::from_double(last->close);
    if (!price) return fail(ErrorCode::invalid, "{}: {}", table.symbol(), price.error().message);
    prices.emplace(table.symbol(), *price);
    if (std::find(wanted.begin(), wanted.end(), table.symbol()) != wanted.end()) {
      chosen.push_back(table);
      first = std::min(first, table.bars().front().date);
    }
  }
  auto frame = adjusted_frame(chosen, first, session);
  if (!frame) return fail(frame.error());
  return PricesRead{std::move(prices), *std::move(frame)};
}

std::optional<Weights> current_weights(const Book& book, const PriceList& prices, const Money& equity) {
  const double whole = equity.amount().to_double();
  if (!(whole > 0)) return std::nullopt;
  std::vector<Weight> entries;
  double sum = 0;
  for (const Position& position : book.positions) {
    const double fraction =
        position.quantity.decimal().to_double() * prices.at(position.symbol).decimal().to_double() / whole;
    entries.push_back({position.symbol, fraction});
    sum += fraction;
  }
  auto made = Weights::make(std::move(entries), 1.0 - sum);
  if (!made) return std::nullopt;
  return *std::move(made);
}

}  // namespace rebalancer
