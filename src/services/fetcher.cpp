#include "services/fetcher.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace rebalancer {
namespace {

constexpr std::string_view simulated_word = "simulated";

bool says_simulated(std::string_view source) { return source.find(simulated_word) != std::string_view::npos; }

// Sources start with the name of the provider that told them: "csv prices.csv".
bool is_told_by(const Provider& provider, std::string_view source) {
  const auto begins_with = [&](const std::string& name) {
    return source.starts_with(name) && (source.size() == name.size() || source[name.size()] == ' ');
  };
  return begins_with(provider.name()) ||
         (provider.simulated() && begins_with(fmt::format("{} {}", simulated_word, provider.name())));
}

bool is_same_price(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Only the days asked for, and made-up prices always named so.
Result<BarTable> trimmed(const BarTable& table, Date from, Date to, bool simulated) {
  std::vector<Bar> bars;
  for (const Bar& bar : table.bars()) {
    if (bar.date >= from && bar.date <= to) bars.push_back(bar);
  }
  std::string source = table.source();
  if (simulated && !says_simulated(source)) source = fmt::format("{} {}", simulated_word, source);
  return BarTable::make(table.symbol(), std::move(bars), table.basis(), std::move(source));
}

}  // namespace

Fetcher::Fetcher(std::vector<Provider*> providers, PriceStore& store, const Calendar& calendar, Clock& clock,
                 Events& events)
    : providers_(std::move(providers)), store_(store), calendar_(calendar), clock_(clock), events_(events) {}

Fetcher::Window Fetcher::window_of(Date as_of, int history_sessions) const {
  const Date to = calendar_.session_on_or_before(as_of);
  Date from = to;
  for (int i = 1; i < history_sessions; ++i) from = calendar_.previous_session(from);
  return {from, to};
}

Result<std::vector<Fetcher::Window>> Fetcher::missing(const Provider& provider, const Symbol& symbol, Window window) {
  const std::vector<Window> all{window};
  if (provider.is_local()) return all;
  const auto first = store_.first_date(symbol);
  if (!first) return fail(first.error());
  const auto last = store_.last_date(symbol);
  if (!last) return fail(last.error());
  if (!*first || !*last || **last < window.from || **first > window.to) return all;
  const Date newest = std::min(**last, window.to);
  const auto edge = store_.read(symbol, newest, newest, {});
  if (!edge) return fail(edge.error());
  // Told by another provider, or a day that was given up: start over.
  if (!edge->bars().empty() && (!is_told_by(provider, edge->source()) || std::isnan(edge->bars()[0].close))) return all;

  std::vector<Window> windows;
  if (**first > window.from) windows.push_back({window.from, **first});
  if (**last < window.to) windows.push_back({**last, window.to});
  return windows;
}

Result<std::vector<Fetcher::Answer>> Fetcher::ask(Provider& provider, const Requests& requests, FetchSummary& summary,
                                                  std::stop_token stop) {
  std::size_t total = 0;
  for (const auto& [window, symbols] : requests) total += symbols.size();
  std::vector<Answer> answers;
  for (const auto& [window, symbols] : requests) {
    if (stop.stop_requested()) return fail(ErrorCode::timeout, "stopped while fetching prices");
    events_.progress("prices", answers.size(), total);
    const auto tables = provider.bars(symbols, window.from, window.to, stop);
    if (!tables) return fail(tables.error());
    for (const Symbol& symbol : symbols) {
      const auto found =
          std::find_if(tables->begin(), tables->end(), [&](const BarTable& table) { return table.symbol() == symbol; });
      if (found == tables->end()) return fail(ErrorCode::internal, "the answer has no table for {}", symbol);
      auto table = trimmed(*found, window.from, window.to, provider.simulated());
      if (!table) return fail(table.error());
      summary.bars_received += table->bars().size();
      answers.push_back({*std::move(table), window});
    }
  }
  events_.progress("prices", answers.size(), total);
  return answers;
}

// Looks at the stored day at the edge of what was asked for.
Result<bool> Fetcher::contradicts_store(const BarTable& table, Window asked) {
  if (table.bars().empty()) return false;
  for (const Date edge : {asked.from, asked.to}) {
    const auto known = store_.read(table.symbol(), edge, edge, {});
    if (!known) return fail(known.error());
    if (known->bars().empty()) continue;
    if (known->basis() != table.basis() || known->source() != table.source()) return true;
    for (const Bar& bar : table.bars()) {
      if (bar.date == edge && !is_same_price(bar.close, known->bars()[0].close)) return true;
    }
  }
  return false;
}

// A day that only another source knew loses its price: one history is told by one source. So does one that is gone from
// a file on this machine.
Result<BarTable> Fetcher::with_losses(const BarTable& table, Window window, bool is_local) {
  if (table.bars().empty()) return table;
  const auto is_foreign = [&](const BarTable& known) {
    return !known.bars().empty() && (known.basis() != table.basis() || known.source() != table.source());
  };
  std::vector<Bar> lost;
  const auto look = [&](const BarTable& known) {
    for (const Bar& bar : known.bars()) {
      const bool is_told = std::binary_search(table.bars().begin(), table.bars().end(), bar,
                                              [](const Bar& a, const Bar& b) { return a.date < b.date; });
      if (!is_told && !std::isnan(bar.close)) lost.push_back(Bar{bar.date});
    }
  };
  const auto all = store_.read(table.symbol(), window.from, window.to, {});
  if (!all && all.error().code != ErrorCode::conflict) return fail(all.error());
  if (all && (is_local || !is_foreign(*all))) {
    if (is_local) look(*all);
  } else {
    // Mixed: which day is whose shows only day by day.
    for (Date date = window.from; date <= window.to; date = date.plus_days(1)) {
      const auto known = store_.read(table.symbol(), date, date, {});
      if (!known) return fail(known.error());
      if (is_local || is_foreign(*known)) look(*known);
    }
  }
  if (lost.empty()) return table;
  std::vector<Bar> bars(table.bars().begin(), table.bars().end());
  bars.insert(bars.end(), lost.begin(), lost.end());
  std::sort(bars.begin(), bars.end(), [](const Bar& a, const Bar& b) { return a.date < b.date; });
  return BarTable::make(table.symbol(), std::move(bars), table.basis(), table.source());
}

Result<std::size_t> Fetcher::keep(const std::vector<Answer>& answers, Window window, bool is_local) {
  std::size_t bars_new = 0;
  const Instant known_at = clock_.now();
  for (const Answer& answer : answers) {
    auto table = answer.window == window ? with_losses(answer.table, window, is_local) : Result<BarTable>(answer.table);
    if (!table) return fail(table.error());
    const auto written = store_.write(*table, known_at);
    if (!written) return fail(written.error());
    bars_new += *written;
  }
  return bars_new;
}

Result<Result<std::vector<Fetcher::Answer>>> Fetcher::answers_of(Provider& provider, const std::set<Symbol>& wanted,
                                                                 Window window, FetchSummary& summary,
                                                                 std::stop_token stop) {
  Requests requests;
  for (const Symbol& symbol : wanted) {
    const auto windows = missing(provider, symbol, window);
    if (!windows) return fail(windows.error());
    for (const Window& one : *windows) requests[one].push_back(symbol);
    if (windows->empty()) ++summary.symbols_current;
  }
  auto answers = ask(provider, requests, summary, stop);
  if (!answers) return answers;

  std::set<Symbol> doubtful;
  for (const Answer& answer : *answers) {
    if (answer.window == window) continue;
    const auto contradicts = contradicts_store(answer.table, answer.window);
    if (!contradicts) return fail(contradicts.error());
    if (*contradicts) doubtful.insert(answer.table.symbol());
  }
  if (doubtful.empty()) return answers;
  auto whole = ask(provider, {{window, {doubtful.begin(), doubtful.end()}}}, summary, stop);
  if (!whole) return whole;
  std::erase_if(*answers, [&](const Answer& answer) { return doubtful.contains(answer.table.symbol()); });
  std::move(whole->begin(), whole->end(), std::back_inserter(*answers));
  return answers;
}

Result<FetchSummary> Fetcher::fetch(std::span<const Symbol> symbols, Date as_of, int history_sessions,
                                    std::stop_token stop) {
  if (providers_.empty()) return fail(ErrorCode::invalid, "there is no provider to fetch prices from");
  Window window = window_of(as_of, history_sessions);
  // The price of an unfinished session is not a close.
  window.to = std::min(window.to, calendar_.last_completed_session(clock_.now()));
  if (window.to < window.from) {
    return fail(ErrorCode::invalid, "prices up to {} are asked for, but the last session ended on {}",
                as_of.to_string(), window.to.to_string());
  }
  const std::set<Symbol> wanted(symbols.begin(), symbols.end());
  std::string tried;
  Error last_error;
  for (Provider* provider : providers_) {
    FetchSummary summary{provider->name(), provider->simulated()};
    const auto answers = answers_of(*provider, wanted, window, summary, stop);
    if (!answers) return fail(answers.error());
    if (*answers) {
      const auto bars_new = keep(**answers, window, provider->is_local());
      if (!bars_new) return fail(bars_new.error());
      summary.bars_new = *bars_new;
      events_.emit(EventLevel::info, "prices_fetched", "prices fetched",
                   {{"provider", summary.source},
                    {"symbols", std::to_string(wanted.size())},
                    {"bars_received", std::to_string(summary.bars_received)},
                    {"bars_new", std::to_string(summary.bars_new)}});
      return summary;
    }
    last_error = answers->error();
    if (stop.stop_requested()) return fail(last_error);
    events_.emit(EventLevel::warning, "provider_failed", last_error.message, {{"provider", provider->name()}});
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", provider->name(), last_error.message);
  }
  return fail(last_error.code, "{}", tried);
}

Result<std::vector<BarTable>> Fetcher::stored(std::span<const Symbol> symbols, Date as_of, int history_sessions) {
  const Window window = window_of(as_of, history_sessions);
  const bool may_simulate =
      std::any_of(providers_.begin(), providers_.end(), [](const Provider* provider) { return provider->simulated(); });
  std::vector<BarTable> tables;
  for (const Symbol& symbol : symbols) {
    auto table = store_.read(symbol, window.from, window.to, {});
    if (!table) return fail(table.error());
    if (!may_simulate && says_simulated(table->source())) {
      return fail(
          ErrorCode::rejected,
          "{}: the stored prices are made up (from {}) and no configured provider is simulated; fetch real ones "
          "or use another store",
          symbol, table->source());
    }
    tables.push_back(*std::move(table));
  }
  return tables;
}

}  // namespace rebalancer
