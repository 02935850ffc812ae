// Stage 1: facts from a provider into the store, then the verdict on what is there.
#pragma once
#include <map>
#include <set>
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
  // for the days missing at either end, and for the stored day next to them again. When that one has changed, or came
  // from another source, all of the window is in doubt (an adjusted history changes as a whole) and asked for; days
  // the new source does not know then lose their price. A provider on this machine is always asked for the window.
  // Nothing is stored unless the provider answered everything, and never a session that is not over. Symbols that want
  // the same days share a call. Errors: those of the last provider, naming every provider tried, and the store's.
  [[nodiscard]] Result<FetchSummary> fetch(std::span<const Symbol> symbols, Date as_of, int history_sessions,
                                           std::stop_token stop);

  // What the store knows for the same window. Errors: the store's; rejected for made-up prices that were stored by
  // another configuration: without a simulated provider they are never used.
  [[nodiscard]] Result<std::vector<BarTable>> stored(std::span<const Symbol> symbols, Date as_of, int history_sessions);

 private:
  struct Window {
    Date from, to;
    friend auto operator<=>(const Window&, const Window&) = default;
  };
  struct Answer {
    BarTable table;
    Window window;
  };
  // Which symbols want which days.
  using Requests = std::map<Window, std::vector<Symbol>>;

  [[nodiscard]] Window window_of(Date as_of, int history_sessions) const;
  [[nodiscard]] Result<std::vector<Window>> missing(const Provider& provider, const Symbol& symbol, Window window);
  [[nodiscard]] Result<std::vector<Answer>> ask(Provider& provider, const Requests& requests, FetchSummary& summary,
                                                std::stop_token stop);
  // Outer error: the store's. Inner: the provider's, after which the next one is tried.
  [[nodiscard]] Result<Result<std::vector<Answer>>> answers_of(Provider& provider, const std::set<Symbol>& wanted,
                                                               Window window, FetchSummary& summary,
                                                               std::stop_token stop);
  [[nodiscard]] Result<bool> contradicts_store(const BarTable& table, Window asked);
  [[nodiscard]] Result<BarTable> with_losses(const BarTable& table, Window window, bool is_local);
  [[nodiscard]] Result<std::size_t> keep(const std::vector<Answer>& answers, Window window, bool is_local);

  std::vector<Provider*> providers_;
  PriceStore& store_;
  const Calendar& calendar_;
  Clock& clock_;
  Events& events_;
};

}  // namespace rebalancer
