// Stage 1: facts from a provider into the store, then the verdict on what is there.
#pragma once
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/quality.hpp"
#include "core/ports/events.hpp"
#include "core/ports/price_store.hpp"
#include "core/ports/provider.hpp"

namespace rebalancer {

struct FetchSummary {
  std::string source;  // the provider that answered
  bool simulated = false;
  std::size_t bars_received = 0;
  std::size_t bars_new = 0;         // facts the store did not have
  std::size_t symbols_current = 0;  // needed nothing
};

class Fetcher {
 public:
  // `providers` in order of preference: the first that answers wins. All references outlive the fetcher.
  Fetcher(std::vector<Provider*> providers, PriceStore& store, const Calendar& calendar, Clock& clock, Events& events);

  // Makes the store hold every symbol's bars for the `history_sessions` sessions up to `as_of`. Incremental: asks only
  // for the days missing at either end (and the last stored one again, since it may have been revised).
  // Errors: those of the last provider, naming every provider tried, and the store's.
  [[nodiscard]] Result<FetchSummary> fetch(std::span<const Symbol> symbols, Date as_of, int history_sessions,
                                           std::stop_token stop);

  // What the store knows for the same window.
  [[nodiscard]] Result<std::vector<BarTable>> stored(std::span<const Symbol> symbols, Date as_of, int history_sessions);

 private:
  std::vector<Provider*> providers_;
  PriceStore& store_;
  const Calendar& calendar_;
  Clock& clock_;
  Events& events_;
};

}  // namespace rebalancer
