// One plan on its way through the order desk: in its order, so sells before buys, and each buy as soon as the account
// can pay for it. A plan that an earlier process began goes on where it stood.
#pragma once
#include <chrono>
#include <deque>
#include <functional>
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
  // What keeps the account from paying that much now; none when it can, with what open buys may still take left to
  // them.
  [[nodiscard]] std::optional<std::string> shortage(Decimal cost);
  // Whether the last look at the account, a moment ago, showed enough for that too.
  [[nodiscard]] bool was_seen(Decimal cost);
  // Whether another look at the account may show more than the last one did.
  [[nodiscard]] bool account_may_differ() const;
  // Waits for the open orders of a side; not any longer when there is `enough`, which is asked after each look at them.
  [[nodiscard]] Result<void> finish(Side side, std::stop_token stop, const std::function<bool()>& enough = {});
  [[nodiscard]] Result<void> complete_fills();
  [[nodiscard]] bool any_open(Side side) const;
  [[nodiscard]] Decimal filled_total() const;
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
  std::deque<Ticket> tickets_;                           // one per leg, in its place
  std::optional<std::chrono::nanoseconds> sells_since_;  // when they were first waited for
  struct Seen {
    Decimal to_spend;  // less what was let through since
    std::chrono::nanoseconds at;
  };
  std::optional<Seen> seen_;                  // at the last look, when it was enough
  Decimal filled_at_look_;                    // of all orders, when the account was last looked at
  bool books_lag_ = false;                    // the account did not show then what the reports say
  std::optional<Decimal> waited_in_vain_at_;  // of all orders, when that was last waited for without success
};

}  // namespace rebalancer
