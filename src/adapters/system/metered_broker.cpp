#include "adapters/system/metered_broker.hpp"

#include <type_traits>

namespace rebalancer::system {
namespace {

template <class T>
std::string_view outcome_of(const Result<T>& answer) {
  return answer ? "ok" : name_of(answer.error().code);
}

}  // namespace

template <class Call>
auto MeteredBroker::timed(std::string_view operation, Call&& call) {
  const auto began = clock_.monotonic();
  auto answer = call(*metered_);
  std::string_view outcome = outcome_of(answer);
  // An order refused in so many words is an answer, but none that should look like a success.
  if constexpr (std::is_same_v<decltype(answer), Result<OrderReport>>) {
    if (operation == "submit" && answer && answer->state == OrderState::rejected) {
      outcome = name_of(ErrorCode::rejected);
    }
  }
  metrics_.broker_call(label_, operation, outcome, clock_.monotonic() - began);
  return answer;
}

Result<BrokerCapabilities> MeteredBroker::capabilities() {
  return timed("capabilities", [](Broker& broker) { return broker.capabilities(); });
}
Result<Account> MeteredBroker::account() {
  return timed("account", [](Broker& broker) { return broker.account(); });
}
Result<std::vector<Position>> MeteredBroker::positions() {
  return timed("positions", [](Broker& broker) { return broker.positions(); });
}
Result<OrderReport> MeteredBroker::find_order(std::string_view client_id) {
  return timed("find_order", [&](Broker& broker) { return broker.find_order(client_id); });
}
Result<std::vector<OrderReport>> MeteredBroker::open_orders() {
  return timed("open_orders", [](Broker& broker) { return broker.open_orders(); });
}
Result<std::vector<Fill>> MeteredBroker::fills(std::string_view client_id) {
  return timed("fills", [&](Broker& broker) { return broker.fills(client_id); });
}
Result<std::optional<std::vector<AccountMovement>>> MeteredBroker::movements(Instant from) {
  return timed("movements", [&](Broker& broker) { return broker.movements(from); });
}
Result<OrderReport> MeteredBroker::submit(const Order& order, const GatePass& pass) {
  return timed("submit", [&](Broker& broker) { return broker.submit(order, pass); });
}
Result<void> MeteredBroker::cancel(std::string_view client_id) {
  return timed("cancel", [&](Broker& broker) { return broker.cancel(client_id); });
}
Result<void> MeteredBroker::set_marks(const PriceList& prices, Date session) {
  return timed("set_marks", [&](Broker& broker) { return broker.set_marks(prices, session); });
}

}  // namespace rebalancer::system
