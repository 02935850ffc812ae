// The journal: what was decided and what became of it, durable before anything is sent.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/portfolio/order.hpp"

namespace rebalancer {

struct RunRecord {
  std::string id;         // hex
  std::string portfolio;  // configuration's portfolio.id
  Date session;           // the session the decision is for
  Instant started_at;
  std::optional<Instant> finished_at;  // none: interrupted, or still running
  std::string mode;                    // "paper"
  std::string outcome;                 // "traded", "held", "in_band"; empty while running
  std::string reason;
  int exit_code = 0;
  std::string report_json;  // what run --json printed; empty while running
};

struct OrderRecord {
  std::string run_id;
  int sequence = 0;  // place in the plan, from 1
  Order order;
  OrderState state = OrderState::intent;
  OrderReport report;
  std::string reason;              // why it was planned
  std::optional<Price> reference;  // the price it was sized at
};

class RunStore {
 public:
  virtual ~RunStore() = default;
  // Durable when it returns. Errors: conflict when the id exists.
  [[nodiscard]] virtual Result<void> begin_run(const RunRecord& run) = 0;
  // All intents of a run in one durable transaction. Errors: conflict for a client id that exists.
  [[nodiscard]] virtual Result<void> add_intents(const std::vector<OrderRecord>& orders) = 0;
  // Errors: conflict for an illegal transition and for less filled than before, not_found for an unknown client id.
  [[nodiscard]] virtual Result<void> update_order(const OrderReport& report) = 0;
  // Applies each fill once, whatever its order and however often it is told. Returns how many were new.
  // Errors: conflict for a fill id that was applied with other content, not_found for an order unknown here.
  [[nodiscard]] virtual Result<std::size_t> add_fills(const std::vector<Fill>& fills) = 0;
  // Both of the above in one durable transaction: what a broker answered, with the fills it counts. Errors: of both.
  [[nodiscard]] virtual Result<void> record_answer(const OrderReport& report, const std::vector<Fill>& fills) = 0;
  [[nodiscard]] virtual Result<void> finish_run(const RunRecord& run) = 0;

  [[nodiscard]] virtual Result<std::optional<RunRecord>> run(std::string_view id_prefix) = 0;  // conflict: ambiguous
  [[nodiscard]] virtual Result<std::vector<RunRecord>> runs(int count_max) = 0;                // newest first
  // The run that sent orders for this portfolio and session, if there is one.
  [[nodiscard]] virtual Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> orders_of(std::string_view run_id) = 0;
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> orders(int count_max) = 0;  // newest first
  [[nodiscard]] virtual Result<std::vector<OrderRecord>> open_orders() = 0;          // not terminal, oldest first
  [[nodiscard]] virtual Result<std::vector<Fill>> fills_of(std::string_view client_id) = 0;  // in the order applied
  // Value of what filled in a session, plus what open orders that were sent may still fill at their limit (without a
  // limit, at their reference): what counts towards a limit on turnover per day.
  [[nodiscard]] virtual Result<Decimal> traded_value(std::string_view portfolio, Date session) = 0;
};

}  // namespace rebalancer
