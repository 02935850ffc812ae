// One order at a time between journal and broker: what is sent is written down first, what is answered right after,
// and an outcome that is not known stays unknown until the broker says something.
#pragma once
#include <chrono>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/ports/broker.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"

namespace rebalancer {

struct ExecutorSettings {
  std::chrono::milliseconds fill_timeout{60'000};  // for all sells together, then for all buys; then they are cancelled
  std::chrono::milliseconds cancel_timeout{10'000};  // for the broker to confirm that
  std::chrono::milliseconds cash_timeout{10'000};    // for proceeds of filled sells to appear in the account
  std::chrono::milliseconds poll_interval{250};
  int lookups_max = 5;  // of an order whose outcome is not known
  // How long a broker may take until a look-up finds an order it has accepted.
  std::chrono::milliseconds lookup_lag{60'000};
};

// An order on its way, as far as it is known.
struct Ticket {
  Ticket(Order wanted, OrderReport known) : order(std::move(wanted)), report(std::move(known)) {}

  Order order;
  OrderReport report;  // its state is the journal's
  bool sent = false;
  std::chrono::nanoseconds sent_at{0};
  bool sent_again = false;
  std::string cancel_reason;  // why we asked for its cancellation
  Quantity fills;             // sum of the fills the journal has

  [[nodiscard]] bool is_open() const {
    return report.state == OrderState::acknowledged || report.state == OrderState::partial;
  }
  [[nodiscard]] bool is_ambiguous() const {
    return report.state == OrderState::sending || report.state == OrderState::unknown ||
           report.state == OrderState::parked;
  }
};

// Errors of all functions are the journal's; what the broker does is in the ticket.
class OrderDesk {
 public:
  OrderDesk(Broker& broker, RunStore& store, Clock& clock, Events& events, const ExecutorSettings& settings,
            const BrokerCapabilities& capabilities, std::string run_id);

  // From intent to the broker's answer. Without one the ticket ends as unknown or parked.
  [[nodiscard]] Result<void> send(Ticket& ticket);
  // An intent that will not be sent.
  [[nodiscard]] Result<void> leave_out(Ticket& ticket, std::string reason);
  // Asks until none of the tickets is open, at most `fill_timeout`; what is open then, or when a stop is requested, is
  // cancelled. A ticket still open afterwards was not confirmed by the broker.
  [[nodiscard]] Result<void> finish(std::span<Ticket* const> tickets, std::stop_token stop);
  // Asks the broker to cancel what is open, and waits for the answer.
  [[nodiscard]] Result<void> cancel(std::span<Ticket* const> tickets, const std::string& why);
  // Asks for every open one of them once.
  [[nodiscard]] Result<void> poll(std::span<Ticket* const> tickets);
  // What it means when a broker, asked for longer than its look-up may lag behind, never finds the order.
  enum class Absence { proves_nothing, refused, never_arrived };
  // Finds out what became of an order, without sending anything.
  [[nodiscard]] Result<void> look_up(Ticket& ticket, Absence absence);
  // Fills into the journal, each once.
  [[nodiscard]] Result<void> collect_fills(Ticket& ticket);

 private:
  enum class Found { yes, no, silent };
  [[nodiscard]] Result<void> answer(Ticket& ticket, const Result<OrderReport>& answer, bool again);
  [[nodiscard]] Result<void> adopt(Ticket& ticket, OrderReport report);
  [[nodiscard]] Result<void> write_answer(Ticket& ticket, const OrderReport& report);
  [[nodiscard]] std::vector<Fill> told_fills(Ticket& ticket);
  static void count(Ticket& ticket, const std::vector<Fill>& fills);
  [[nodiscard]] Result<void> set_state(Ticket& ticket, OrderState state, std::string reason);
  [[nodiscard]] Result<void> resolve(Ticket& ticket);
  [[nodiscard]] Result<Found> ask(Ticket& ticket);
  [[nodiscard]] Result<void> poll_without_lookup(std::span<Ticket* const> tickets);
  [[nodiscard]] Result<void> park(Ticket& ticket);
  [[nodiscard]] bool may_send_again(const Ticket& ticket) const;
  void tell(EventLevel level, std::string_view name, const Ticket& ticket, std::string_view more = {});

  Broker& broker_;
  RunStore& store_;
  Clock& clock_;
  Events& events_;
  const ExecutorSettings& settings_;
  const BrokerCapabilities& capabilities_;
  std::string run_id_;
};

}  // namespace rebalancer
