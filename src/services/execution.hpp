// One plan on its way through the order desk: in its order, sells settled before buys, buys only with cash that is
// there.
#pragma once
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/portfolio/order_plan.hpp"
#include "services/executor.hpp"
#include "services/order_desk.hpp"

namespace rebalancer {

class Execution {
 public:
  struct Parts {
    Broker& broker;
    RunStore& store;
    Clock& clock;
    Events& events;
    const ExecutorSettings& settings;
    const BrokerCapabilities& capabilities;
  };
  // `cash` is what the account holds before anything is sent.
  Execution(Parts parts, std::string run_id, const OrderPlan& plan, const RebalanceRules& rules, Money cash);

  // Errors: the journal's; then nothing was sent.
  [[nodiscard]] Result<ExecutionSummary> run(std::stop_token stop);

 private:
  [[nodiscard]] Result<void> write_intents();
  [[nodiscard]] Result<void> send_all(std::stop_token stop);
  // Why an order must not be sent; none when it may.
  [[nodiscard]] Result<std::optional<std::string>> obstacle(const PlannedOrder& planned, std::stop_token stop);
  [[nodiscard]] Result<std::optional<std::string>> cash_obstacle(const PlannedOrder& planned, std::stop_token stop);
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
  const OrderPlan& plan_;
  Decimal cash_floor_;
  Money cash_before_;
  OrderDesk desk_;
  std::deque<Ticket> tickets_;  // one per planned order, in its place
};

}  // namespace rebalancer
