#include "adapters/system/breaker.hpp"

#include <algorithm>

namespace rebalancer::system {
namespace {

bool is_fault(ErrorCode code) { return code == ErrorCode::unavailable || code == ErrorCode::timeout; }

}  // namespace

Breaker::Breaker(std::string name, std::unique_ptr<Broker> broker, Clock& clock, Events& events,
                 BreakerSettings settings)
    : name_(std::move(name)),
      broker_(std::move(broker)),
      clock_(clock),
      events_(events),
      settings_(settings),
      open_for_(settings.open_first) {}

bool Breaker::is_open() const {
  const std::lock_guard lock(mutex_);
  return open_until_.has_value();
}

Result<void> Breaker::pass(ErrorCode while_open) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_until_) return {};
    const auto left = *open_until_ - clock_.monotonic();
    if (left > std::chrono::nanoseconds(0)) {
      return fail(while_open, "{} failed {} times in a row and is left alone for {} s more; the last time: {}", name_,
                  faults_, std::chrono::ceil<std::chrono::seconds>(left).count(), last_fault_);
    }
  }
  const auto answered = broker_->account();
  const bool works = answered || !is_fault(answered.error().code);
  const std::lock_guard lock(mutex_);
  if (works) {
    if (open_until_) events_.emit(EventLevel::info, "breaker_closed", name_ + " answers again", {{"broker", name_}});
    open_until_.reset();
    open_for_ = settings_.open_first;
    faults_ = 0;
    return {};
  }
  ++faults_;
  last_fault_ = answered.error().message;
  open_for_ = std::min(open_for_ * 2, settings_.open_max);
  open_until_ = clock_.monotonic() + open_for_;
  return fail(while_open, "{} failed {} times in a row and is left alone for {} s more; the last time: {}", name_,
              faults_, std::chrono::ceil<std::chrono::seconds>(open_for_).count(), last_fault_);
}

void Breaker::count(const Error* error) {
  const std::lock_guard lock(mutex_);
  // Too busy, or not reached by an order that surely did not leave: neither shows that it works.
  if (error != nullptr && error->code == ErrorCode::exhausted) return;
  if (error == nullptr || !is_fault(error->code)) {
    // While it is open only cancels go through, and only a probe closes it.
    if (!open_until_) faults_ = 0;
    return;
  }
  last_fault_ = error->message;
  if (++faults_ < settings_.faults_max || open_until_) return;
  open_until_ = clock_.monotonic() + open_for_;
  events_.emit(EventLevel::error, "breaker_opened",
               fmt::format("{} failed {} times in a row: {}", name_, faults_, last_fault_), {{"broker", name_}});
}

template <class Call>
auto Breaker::guarded(ErrorCode while_open, Call&& call) -> decltype(call()) {
  if (auto open = pass(while_open); !open) return fail(open.error());
  auto answer = call();
  count(answer ? nullptr : &answer.error());
  return answer;
}

// What it can do it knows by itself.
Result<BrokerCapabilities> Breaker::capabilities() { return broker_->capabilities(); }
Result<Account> Breaker::account() {
  return guarded(ErrorCode::unavailable, [&] { return broker_->account(); });
}
Result<std::vector<Position>> Breaker::positions() {
  return guarded(ErrorCode::unavailable, [&] { return broker_->positions(); });
}
Result<OrderReport> Breaker::find_order(std::string_view client_id) {
  return guarded(ErrorCode::unavailable, [&] { return broker_->find_order(client_id); });
}
Result<std::vector<OrderReport>> Breaker::open_orders() {
  return guarded(ErrorCode::unavailable, [&] { return broker_->open_orders(); });
}
Result<std::vector<Fill>> Breaker::fills(std::string_view client_id) {
  return guarded(ErrorCode::unavailable, [&] { return broker_->fills(client_id); });
}
Result<std::optional<std::vector<AccountMovement>>> Breaker::movements(Instant from) {
  return guarded(ErrorCode::unavailable, [&] { return broker_->movements(from); });
}
Result<OrderReport> Breaker::submit(const Order& order, const GatePass& pass) {
  return guarded(ErrorCode::exhausted, [&] { return broker_->submit(order, pass); });
}
Result<void> Breaker::cancel(std::string_view client_id) {
  auto asked = broker_->cancel(client_id);
  count(asked ? nullptr : &asked.error());
  return asked;
}
Result<void> Breaker::set_marks(const PriceList& prices, Date session) { return broker_->set_marks(prices, session); }

}  // namespace rebalancer::system
