// What a journal keeps, from a few words, for tests.
#pragma once
#include <optional>
#include <string>

#include "core/ports/run_store.hpp"
#include "support/portfolio_builders.hpp"

namespace rebalancer::test {

inline Date session_day(int day) { return Date::make(2026, 11, static_cast<unsigned>(day)).value(); }
inline Price price(const std::string& text) { return Price::make(decimal(text)).value(); }

inline RunRecord run_record(const std::string& id, int day = 20, std::int64_t started_s = 1000) {
  RunRecord run;
  run.id = id;
  run.portfolio = "default";
  run.session = session_day(day);
  run.started_at = Instant::from_seconds(started_s);
  run.mode = "paper";
  run.broker = "paper";
  return run;
}

inline OrderRecord intent(const std::string& run_id, int sequence, const std::string& client_id,
                          const std::string& quantity = "10", Side side = Side::buy, const std::string& name = "SPY") {
  Order order{client_id, symbol(name), side, Quantity(decimal(quantity)), price("101")};
  OrderReport report;
  report.client_id = client_id;
  report.state = OrderState::intent;
  return {run_id,    sequence,     order,           OrderState::intent, report,
          "because", price("100"), session_day(19), decimal("0.35")};
}

inline PlanRecord plan_record(const std::string& run_id) {
  return {run_id, Money(decimal("100000"), Currency::usd()), decimal("250"), decimal("120000.5"), "{\"body\": {}}"};
}

inline OrderReport report_of(const std::string& client_id, OrderState state, const std::string& filled = "0",
                             const std::string& average = "") {
  OrderReport report;
  report.client_id = client_id;
  report.broker_id = "b-" + client_id;
  report.state = state;
  report.filled = Quantity(decimal(filled));
  if (!average.empty()) report.average_price = price(average);
  return report;
}

inline Fill fill_of(const std::string& id, const std::string& client_id, const std::string& quantity,
                    const std::string& at = "100.5") {
  return {id,
          client_id,
          symbol("SPY"),
          Side::buy,
          Quantity(decimal(quantity)),
          price(at),
          Money(decimal("0.01"), Currency::usd()),
          Instant::from_seconds(2000)};
}

inline std::string digest_of(char digit) { return std::string(64, digit); }

// The next seal of a chain that ends with `last`.
inline SealRecord seal_after(const std::optional<SealRecord>& last, const std::string& run_id,
                             const std::string& sha256) {
  return {last ? last->sequence + 1 : 1, run_id, sha256, last ? last->sha256 : digest_of('0')};
}

inline RunRecord ended(RunRecord run, std::int64_t finished_s = 1005) {
  run.finished_at = Instant::from_seconds(finished_s);
  run.outcome = "traded";
  run.reason = "5 of 5 orders filled";
  run.report_json = "{\"a\": 1}";
  return run;
}

// Ends a run with the next seal of the journal's chain.
inline Result<void> finish(RunStore& store, const RunRecord& run, const std::optional<Book>& book = std::nullopt,
                           char digit = 'a') {
  return store.finish_run(run, seal_after(store.last_seal().value(), run.id, digest_of(digit)), book);
}

inline std::string code_of(const Result<void>& result) {
  return result.has_value() ? "ok" : std::string(name_of(result.error().code));
}
template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "ok" : std::string(name_of(result.error().code));
}

}  // namespace rebalancer::test
