// One plan on its way through the order desk: in its order, sells settled before buys, buys only with cash that is
// there. A plan that an earlier process began goes on where it stood.
#pragma once
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/portfolio/order_plan.hpp"
#include "services/executor.hpp"
#include "services/order_desk.hpp"

namespace rebalancer {

class Execution {
 public:
  struct Parts {
    Gate& gate;
    RunStore& store;
    Clock& clock;
    Events& events;
    const ExecutorSettings& settings;
    const BrokerCapabilities& capabilities;
  };
  // One order of the plan, as the journal has it.
  struct Leg {
    PlannedOrder planned;
    OrderRecord record;
    int price_age_sessions = 0;
  };
  // `cash_before` is what the account held before anything of this plan was sent, `cash_floor` what every buy leaves.
  Execution(Parts parts, std::string run_id, std::vector<Leg> legs, Money cash_before, Decimal cash_floor);

  // Errors: the journal's; then nothing was sent.
  [[nodiscard]] Result<ExecutionSummary> run(std::stop_token stop);

 private:
  [[nodiscard]] Result<void> recover_what_was_sent();
  [[nodiscard]] Result<void> send_all(std::stop_token stop);
  // Why an order must not be sent; none when it may.
  [[nodiscard]] Result<std::optional<std::string>> obstacle(std::size_t place, std::stop_token stop);
  [[nodiscard]] std::optional<std::string> doubt_obstacle() const;
  [[nodiscard]] Result<std::optional<std::string>> cash_obstacle(std::size_t place, std::stop_token stop);
  [[nodiscard]] Result<void> finish(Side side, std::stop_token stop);
  [[nodiscard]] Result<void> complete_fills();
  // The account's cash, less what open buys may still take; read again until it shows what has happened so far.
  [[nodiscard]] Result<Decimal> free_cash(std::stop_token stop);
  [[nodiscard]] Result<Decimal> expected_cash() const;
  [[nodiscard]] Result<Decimal> bespoken() const;
  [[nodiscard]] bool anything_sent() const;
  [[nodiscard]] ExecutionSummary summary() const;

  Parts parts_;
  std::string run_id_;
  std::vector<Leg> legs_;
  Money cash_before_;
  Decimal cash_floor_;
  OrderDesk desk_;
  std::deque<Ticket> tickets_;  // one per leg, in its place
};

}  // namespace rebalancer
