// One order at a time between journal and broker: what is sent is written down first, what is answered right after,
// and an outcome that is not known stays unknown until the broker says something.
#pragma once
#include <chrono>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/ports/events.hpp"
#include "core/ports/run_store.hpp"
#include "services/gate.hpp"

namespace rebalancer {

struct ExecutorSettings {
  std::chrono::milliseconds fill_timeout{60'000};  // for all sells together, then for all buys; then they are cancelled
  std::chrono::milliseconds cancel_timeout{10'000};  // for the broker to confirm that
  std::chrono::milliseconds cash_timeout{10'000};    // for proceeds of filled sells to appear in the account
  std::chrono::milliseconds poll_interval{250};
  std::chrono::milliseconds room_timeout{120'000};  // for a broker that takes no more requests just now
  int lookups_max = 5;                              // of an order whose outcome is not known
  int copies_max = 5;                               // of an order, where the broker cannot carry it out twice
};

// An order on its way, as far as it is known.
struct Ticket {
  Ticket(Order wanted, OrderReport known, std::optional<Price> sized_at, int price_age)
      : order(std::move(wanted)), report(std::move(known)), reference(sized_at), price_age_sessions(price_age) {}

  Order order;
  OrderReport report;              // its state is the journal's
  std::optional<Price> reference;  // the price it was sized at; an order without one is never sent
  int price_age_sessions = 0;
  bool sent = false;                          // it may have left, now or before this process began
  bool recovered = false;                     // an earlier process sent it
  bool refused = false;                       // by a limit or the trading state
  int copies = 0;                             // how often it was sent, as far as this process knows
  std::chrono::nanoseconds sent_at{0};        // the last copy
  std::chrono::nanoseconds first_sent_at{0};  // the first one: a broker's window for duplicates counts from there
  std::string cancel_reason;                  // why we asked for its cancellation
  Quantity fills;                             // sum of the fills the journal has

  // Remembers how much the fills sum to.
  void count(const std::vector<Fill>& known);
  [[nodiscard]] bool is_open() const {
    return report.state == OrderState::acknowledged || report.state == OrderState::partial;
  }
  [[nodiscard]] bool is_ambiguous() const {
    return report.state == OrderState::sending || report.state == OrderState::unknown ||
           report.state == OrderState::parked;
  }
};

// What is wrong with a broker's report of this order; empty when nothing is.
[[nodiscard]] std::string nonsense_in(const OrderReport& report, const Order& order);

// Errors of all functions are the journal's; what the broker does is in the ticket.
class OrderDesk {
 public:
  OrderDesk(Gate& gate, RunStore& store, Clock& clock, Events& events, const ExecutorSettings& settings,
            const BrokerCapabilities& capabilities, std::string run_id);

  // From intent to the broker's answer. Without one the ticket ends as unknown or parked; one that the gate does not
  // let through is left out.
  // A stop ends the waiting for a broker that is too busy, nothing else.
  [[nodiscard]] Result<void> send(Ticket& ticket, std::stop_token stop = {});
  // Brings an order that may have left before this process began to an answer: looked for first, and sent again under
  // its id only where the broker cannot do it twice.
  [[nodiscard]] Result<void> recover(Ticket& ticket);
  // An intent that will not be sent.
  [[nodiscard]] Result<void> leave_out(Ticket& ticket, std::string reason);
  // Asks until none of the tickets is open, until `fill_timeout` after `since`; what is open then, or when a stop is
  // requested or the trading state forbids it, is cancelled. A ticket still open afterwards was not confirmed by the
  // broker. `enough`, asked after each round, ends it early and cancels nothing.
  [[nodiscard]] Result<void> finish(std::span<Ticket* const> tickets, std::chrono::nanoseconds since,
                                    std::stop_token stop, const std::function<bool()>& enough = {});
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
  [[nodiscard]] Result<GatePass> pass_for(const Ticket& ticket);
  [[nodiscard]] Result<void> answer(Ticket& ticket, const Result<OrderReport>& answer);
  [[nodiscard]] Result<void> wait_for_room(Ticket& ticket, std::string why);
  [[nodiscard]] Result<void> submit_again(Ticket& ticket);
  [[nodiscard]] Result<void> conclude_absent(Ticket& ticket, Absence absence);
  // `no` only after every answer was no: the first one, or all of them for as long as a look-up may lag.
  enum class Patience { first_answer, whole_lag };
  [[nodiscard]] Result<Found> search(Ticket& ticket, Patience patience);
  [[nodiscard]] std::string forbids(const Ticket& ticket);
  [[nodiscard]] Result<void> adopt(Ticket& ticket, OrderReport report);
  [[nodiscard]] Result<void> write_answer(Ticket& ticket, const OrderReport& report);
  [[nodiscard]] std::vector<Fill> told_fills(Ticket& ticket);
  [[nodiscard]] Result<void> set_state(Ticket& ticket, OrderState state, std::string reason);
  [[nodiscard]] Result<void> resolve(Ticket& ticket);
  [[nodiscard]] Result<Found> ask(Ticket& ticket);
  [[nodiscard]] Result<void> poll_without_lookup(std::span<Ticket* const> tickets);
  [[nodiscard]] Result<void> park(Ticket& ticket);
  [[nodiscard]] bool may_send_again(const Ticket& ticket) const;
  void tell(EventLevel level, std::string_view name, const Ticket& ticket, std::string_view more = {});

  Gate& gate_;
  RunStore& store_;
  Clock& clock_;
  Events& events_;
  const ExecutorSettings& settings_;
  const BrokerCapabilities& capabilities_;
  std::string run_id_;
  std::stop_token stop_;  // of the order being sent
  bool no_room_ = false;  // the order before this one was waited for in vain
};

}  // namespace rebalancer
