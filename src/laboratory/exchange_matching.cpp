// Time passing: orders fill in pieces, are cancelled, expire; cash settles.
#include <algorithm>
#include <array>

#include "core/base/random.hpp"
#include "laboratory/arithmetic.hpp"
#include "laboratory/exchange.hpp"

namespace rebalancer::laboratory {
namespace {

constexpr std::chrono::nanoseconds day = std::chrono::hours(24);

Instant later(Instant instant, std::chrono::nanoseconds by) {
  return Instant::from_nanoseconds(instant.nanoseconds() + by.count());
}

std::chrono::nanoseconds up_to(Random& random, std::chrono::nanoseconds maximum) {
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(maximum.count()) + 1)));
}

// Whole shares stay whole. The first to fill is the last of the list.
std::vector<Decimal> cut(Decimal quantity, std::uint64_t count, Random& random) {
  const std::int64_t unit = quantity.billionths() % Decimal::scale == 0 ? Decimal::scale : 1;
  auto left = static_cast<std::uint64_t>(quantity.billionths() / unit);
  count = std::clamp<std::uint64_t>(count, 1, left);
  std::vector<Decimal> pieces;
  for (; count > 1; --count) {
    const std::uint64_t taken = 1 + random.below(left - count + 1);
    pieces.push_back(Decimal::from_billionths(static_cast<std::int64_t>(taken) * unit));
    left -= taken;
  }
  pieces.push_back(Decimal::from_billionths(static_cast<std::int64_t>(left) * unit));
  return pieces;
}

}  // namespace

void Exchange::plan(ExchangeOrder& order) {
  Random random(settings_.seed * 1'000'003 + order.number);
  const OrderRequest& request = order.request;
  const Session live = session();
  const bool open = live.open <= now_;
  const bool at_once = request.notional || request.time_in_force == TimeInForce::fok ||
                       request.time_in_force == TimeInForce::opg || request.time_in_force == TimeInForce::cls;
  const auto pieces_max = static_cast<std::uint64_t>(std::max(1, settings_.rules.pieces_max));
  order.pieces = cut(request.quantity, at_once ? 1 : 1 + random.below(pieces_max), random);
  order.pause = up_to(random, settings_.rules.fill_pause_max);
  order.next_fill_at = later(open ? now_ : live.open, order.pause);
  if (request.time_in_force != TimeInForce::gtc) order.expires_at = live.close;
  if (request.time_in_force == TimeInForce::ioc || request.time_in_force == TimeInForce::fok) {
    order.cancel_at = later(*order.next_fill_at, std::chrono::nanoseconds(1));
  }
  if (request.time_in_force == TimeInForce::opg) {
    order.next_fill_at = open ? session_after(live).open : live.open;
    order.expires_at = later(*order.next_fill_at, std::chrono::minutes(1));
  }
  if (request.time_in_force == TimeInForce::cls) order.next_fill_at = later(live.close, -std::chrono::seconds(1));
}

// Of the plan: rejected, then filled, cancelled, expired when several fall together.
std::optional<Instant> Exchange::next_moment(const ExchangeOrder& order) const {
  std::optional<Instant> first;
  for (const auto& moment : {order.reject_at, order.next_fill_at, order.cancel_at, order.expires_at}) {
    if (moment && (!first || *moment < *first)) first = moment;
  }
  return first;
}

void Exchange::advance_to(Instant now) {
  route();
  while (true) {
    ExchangeOrder* due = nullptr;
    std::optional<Instant> when;
    for (const std::uint64_t number : open_) {
      const auto moment = next_moment(orders_.at(number - 1));
      if (!moment || *moment > now || (when && *moment >= *when)) continue;
      when = moment;
      due = &open_order(number);
    }
    if (due == nullptr) break;
    now_ = std::max(now_, *when);
    happen(*due, *when);
  }
  now_ = std::max(now_, now);
  std::erase_if(unsettled_, [this](const Unsettled& unsettled) { return unsettled.until <= now_; });
  route();
}

// What was accepted is at the exchange as soon as that is open.
void Exchange::route() {
  if (open_.empty() || !is_open()) return;
  for (const std::uint64_t number : open_) {
    ExchangeOrder& order = open_order(number);
    if (order.status == OrderStatus::accepted) order.status = OrderStatus::working;
  }
}

void Exchange::advance(std::chrono::nanoseconds duration) { advance_to(later(now_, duration)); }

void Exchange::pass_night() { advance_to(session_after(session()).open); }

void Exchange::happen(ExchangeOrder& order, Instant at) {
  if (order.reject_at == at) {
    order.failed_at = shown_now();
    return finish(order, OrderStatus::rejected, at, "rejected by the exchange after it was accepted");
  }
  if (order.next_fill_at == at && order.expires_at != at) return fill_next_piece(order, at);
  if (order.cancel_at == at) {
    order.cancelled_at = shown_now();
    return finish(order, OrderStatus::cancelled, at, "cancelled");
  }
  order.expired_at = shown_now();
  finish(order, OrderStatus::expired, at, "expired at the end of the session");
}

bool Exchange::is_marketable(const ExchangeOrder& order) const {
  if (!order.request.limit) return true;
  const Decimal price = instruments_.at(order.request.symbol).price;
  return order.request.side == Side::buy ? price <= *order.request.limit : price >= *order.request.limit;
}

Decimal Exchange::fill_price(const ExchangeOrder& order) const {
  const Decimal price = instruments_.at(order.request.symbol).price;
  if (order.request.limit) return price;  // it is marketable, so this is the limit or better
  Random random(settings_.seed * 77 + order.number);
  const auto basis_points = static_cast<std::int64_t>(
      random.below(static_cast<std::uint64_t>(std::max(0, settings_.rules.slippage_basis_points_max)) + 1));
  const Decimal slip = times(price, Decimal::from_billionths(basis_points * (Decimal::scale / 10'000)));
  const bool buys = order.request.side == Side::buy;
  const Decimal tick = Decimal::from_billionths(price < Decimal::whole(1) ? 100'000 : 10'000'000);
  const Decimal moved =
      must(round_to(buys ? plus(price, slip) : minus(price, slip), tick, buys ? Rounding::ceiling : Rounding::floor));
  return moved.is_positive() ? moved : price;
}

void Exchange::fill_next_piece(ExchangeOrder& order, Instant at) {
  if (const Session live = session_at(at); live.open > at) {
    order.next_fill_at = live.open;
    return;
  }
  if (!is_marketable(order)) {
    order.next_fill_at.reset();  // until its price moves
    return;
  }
  const Instrument& instrument = instruments_.at(order.request.symbol);
  Execution execution;
  execution.order = order.number;
  execution.symbol = order.request.symbol;
  execution.side = order.request.side;
  execution.price = fill_price(order);
  execution.quantity = order.pieces.back();
  if (order.request.notional) {
    execution.quantity =
        over(*order.request.notional, times(execution.price, instrument.rate, Rounding::ceiling), Rounding::floor);
    if (order.request.side == Side::sell) execution.quantity = std::min(execution.quantity, order.request.quantity);
    order.request.quantity = execution.quantity;
  }
  const Decimal value = times(times(execution.quantity, execution.price), instrument.rate);
  execution.fee = times(value, instrument.fee_rate, Rounding::ceiling);
  execution.cash_change =
      order.request.side == Side::buy ? negative(plus(value, execution.fee)) : minus(value, execution.fee);
  if (plus(cash_, execution.cash_change).is_negative()) {
    // Its price moved away between the order and now.
    order.cancelled_at = shown_now();
    return finish(order, OrderStatus::cancelled, at, "insufficient buying power when it came to fill");
  }
  order.pieces.pop_back();
  order.filled = plus(order.filled, execution.quantity);
  order.filled_value = plus(order.filled_value, times(execution.quantity, execution.price));
  order.fee = plus(order.fee, execution.fee);
  order.updated_at = shown_now();
  execution.quantity_in_all = order.filled;
  execution.quantity_left = order.remaining();
  if (order.pieces.empty()) {
    order.filled_at = shown_now();
    finish(order, OrderStatus::filled, at, "");
  } else {
    if (order.status != OrderStatus::pending_cancel) order.status = OrderStatus::partially_filled;
    order.next_fill_at = later(at, order.pause);
  }
  execution.status_after = order.status;
  book(std::move(execution));
}

// Cash, holding, and the money that a sale brings in a session later.
void Exchange::book(Execution execution) {
  execution.number = executions_.size() + 1;
  execution.at = shown_now();
  Holding& holding = holdings_[execution.symbol];
  cash_ = plus(cash_, execution.cash_change);
  if (execution.side == Side::buy) {
    holding.quantity = plus(holding.quantity, execution.quantity);
    holding.cost = minus(holding.cost, execution.cash_change);
  } else {
    const Decimal share = over(execution.quantity, holding.quantity);
    holding.cost = minus(holding.cost, times(holding.cost, share));
    holding.quantity = minus(holding.quantity, execution.quantity);
    unsettled_.push_back({execution.cash_change, session_after(session()).open});
  }
  if (holding.quantity.is_zero()) holdings_.erase(execution.symbol);
  executions_.push_back(std::move(execution));
}

void Exchange::finish(ExchangeOrder& order, OrderStatus status, Instant, std::string reason) {
  order.status = status;
  order.done_as = ++done_;
  order.reason = std::move(reason);
  order.updated_at = shown_now();
  if (status == OrderStatus::replaced) order.replaced_at = order.updated_at;
  order.next_fill_at.reset();
  order.cancel_at.reset();
  order.reject_at.reset();
  order.expires_at.reset();
  std::erase(open_, order.number);
}

void Exchange::hide(std::uint64_t number, int lookups) { open_order(number).hidden_lookups = lookups; }

void Exchange::reject_later(std::uint64_t number) {
  ExchangeOrder& order = open_order(number);
  order.reject_at = order.next_fill_at.value_or(now_);
  order.next_fill_at.reset();
}

void Exchange::spread_over_days(std::uint64_t number, int days) {
  ExchangeOrder& order = open_order(number);
  Random random(settings_.seed * 13 + number);
  if (!order.request.notional) order.pieces = cut(order.remaining(), static_cast<std::uint64_t>(days) + 1, random);
  order.pause = day;
  order.expires_at.reset();
}

void Exchange::never_fill(std::uint64_t number) { open_order(number).next_fill_at.reset(); }

}  // namespace rebalancer::laboratory
