#include "book.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

using rebalancer::Result;
using rebalancer::Rounding;

Decimal sum(Decimal a, Decimal b) {
  const Result<Decimal> total = rebalancer::add(a, b);
  if (!total) throw WireError("executions whose sum is too large");
  return *total;
}

// A price is the price of what was filled then: of more, it is not known.
void reach(KnownOrder& order, Decimal filled, const std::optional<Decimal>& average_price) {
  if (filled < order.filled) return;
  if (filled > order.filled) order.average_price.reset();
  order.filled = filled;
  if (average_price && average_price->is_positive()) order.average_price = average_price;
}

}  // namespace

ExecutionName execution_name(std::string_view id) {
  const std::size_t point = id.rfind('.');
  if (point == std::string_view::npos) return {id, 0};
  const std::string_view end = id.substr(point + 1);
  ExecutionName name{id.substr(0, point), 0};
  const auto read = std::from_chars(end.data(), end.data() + end.size(), name.correction);
  const bool numbered =
      !end.empty() && name.correction >= 0 && read.ec == std::errc() && read.ptr == end.data() + end.size();
  return numbered ? name : ExecutionName{id, 0};
}

bool is_notice(std::int32_t code) { return code >= 2100 && code <= 2169 && code != 2110; }

ErrorMeaning meaning_of(std::int32_t code) {
  switch (code) {
    case 103:    // the order id was used before
    case 104:    // likewise, by an order that is filled
    case 105:    // likewise, by an order that is not the same
    case 110:    // price off the tick
    case 200:    // no such contract
    case 201:    // rejected
    case 203:    // not allowed for this account
    case 321:    // the request is not valid; read-only API
    case 387:    // order type not supported
    case 388:    // below the least size
    case 434:    // size 0
    case 10243:  // fractions not allowed
    case 10268:  // attribute not supported
    case 10318:  // fractions not allowed
      return ErrorMeaning::refused;
    case 202:
      return ErrorMeaning::cancelled;
    case 399:    // "will not be placed at the exchange until ..."
    case 404:    // held until shares are located
    case 10167:  // delayed market data
    case 10349:  // time in force was set by a preset
      return ErrorMeaning::remark;
    default:
      return is_notice(code) ? ErrorMeaning::remark : ErrorMeaning::unclear;
  }
}

void Book::place(std::int32_t order_id, std::string reference, const Contract& contract, Decimal quantity) {
  KnownOrder& order = orders_.emplace_back();
  order.reference = std::move(reference);
  order.api_client = api_client_;
  order.order_id = order_id;
  order.contract = contract;
  order.quantity = quantity;
  placed_[order_id] = &order;
  see(api_client_, order_id);
}

void Book::take_back(std::int32_t order_id) {
  const auto found = placed_.find(order_id);
  if (found == placed_.end()) return;
  // The place in the deque stays, as an order that nobody can ask for.
  found->second->reference.clear();
  placed_.erase(found);
}

void Book::see(std::int32_t api_client, std::int32_t order_id) {
  if (api_client == api_client_) highest_order_id_ = std::max(highest_order_id_, order_id);
}

KnownOrder* Book::by_perm(std::int64_t perm_id) {
  const auto found = perms_.find(perm_id);
  return perm_id == 0 || found == perms_.end() ? nullptr : found->second;
}

KnownOrder* Book::by_placed(std::int32_t api_client, std::int32_t order_id, std::int64_t perm_id) {
  const auto found = placed_.find(order_id);
  if (api_client != api_client_ || found == placed_.end()) return nullptr;
  KnownOrder* order = found->second;
  if (perm_id != 0 && order->perm_id != 0 && order->perm_id != perm_id) {
    warn_(fmt::format("order id {} is told of two orders, {} and {}: only the first is ours", order_id, order->perm_id,
                      perm_id));
    return nullptr;
  }
  return order;
}

void Book::take(const OpenOrder& told) {
  if (told.account != account_) return;
  see(told.client_id, told.order_id);
  KnownOrder* order = by_perm(told.perm_id);
  if (order == nullptr) {
    order = by_placed(told.client_id, told.order_id, told.perm_id);
    if (order != nullptr && order->reference != told.reference) {
      warn_(fmt::format("order id {} carries the reference \"{}\", not \"{}\": it is another order", told.order_id,
                        told.reference, order->reference));
      order = nullptr;
    }
  }
  if (order != nullptr && !order->reference.empty() && order->reference != told.reference) {
    warn_(fmt::format("order {} carries the reference \"{}\" and is known as \"{}\": that is not taken", told.perm_id,
                      told.reference, order->reference));
    return;
  }
  if (order == nullptr) order = &orders_.emplace_back();
  if (told.perm_id != 0) {
    order->perm_id = told.perm_id;
    perms_[told.perm_id] = order;
  }
  order->reference = told.reference;
  order->api_client = told.client_id;
  order->order_id = told.order_id;
  order->contract = told.contract;
  if (told.quantity.is_positive()) order->quantity = told.quantity;
  order->status = told.status;
  if (!told.warning.empty()) order->reason = told.warning;
  order->listed = list_;
}

void Book::take(const OrderStatus& told) {
  KnownOrder* order = by_perm(told.perm_id);
  if (order == nullptr) order = by_placed(told.client_id, told.order_id, told.perm_id);
  // Of another account, or one that is told of before it was listed: the next list has it.
  if (order == nullptr) return;
  if (told.perm_id != 0 && order->perm_id == 0) {
    order->perm_id = told.perm_id;
    perms_[told.perm_id] = order;
  }
  order->status = told.status;
  reach(*order, told.filled, told.average_price);
  if (!told.why_held.empty()) order->reason = "held: " + told.why_held;
  // It is at work all the same: what was refused was something else.
  if (told.status == "Submitted" || told.status == "Filled") order->refusal = 0;
}

void Book::take(const CompletedOrder& told) {
  if (told.account != account_ || told.perm_id == 0) return;
  KnownOrder* order = by_perm(told.perm_id);
  if (order == nullptr) order = &orders_.emplace_back();
  perms_[told.perm_id] = order;
  order->perm_id = told.perm_id;
  order->reference = told.reference;
  order->contract = told.contract;
  if (told.quantity.is_positive()) order->quantity = told.quantity;
  order->status = told.status;
  if (told.filled) reach(*order, *told.filled, std::nullopt);
  if (order->reason.empty()) order->reason = told.completed_status;
  order->completed = true;
}

void Book::take(const Execution& told) {
  if (told.account != account_) return;
  see(told.client_id, told.order_id);
  const ExecutionName name = execution_name(told.id);
  const auto [place, fresh] = fills_.try_emplace(std::string(name.base), KnownFill{told, name.correction});
  if (fresh || name.correction <= place->second.correction) return;
  warn_(fmt::format("execution {} corrects {}: {} at {} instead of {} at {}", told.id, place->second.execution.id,
                    told.quantity.to_string(), told.price.to_string(), place->second.execution.quantity.to_string(),
                    place->second.execution.price.to_string()));
  place->second = {told, name.correction};
}

void Book::take(const Commission& told) { commissions_[told.execution_id] = told; }

bool Book::take(const ErrorMessage& told) {
  const auto found = told.id < 0 || told.id > INT32_MAX ? placed_.end() : placed_.find(static_cast<int>(told.id));
  if (found == placed_.end()) return false;
  const ErrorMeaning meaning = meaning_of(told.code);
  found->second->reason = fmt::format("{} ({})", told.text, told.code);
  if (meaning == ErrorMeaning::refused) found->second->refusal = told.code;
  return true;
}

const KnownOrder* Book::placed(std::int32_t order_id) const {
  const auto found = placed_.find(order_id);
  return found == placed_.end() ? nullptr : found->second;
}

std::vector<const KnownOrder*> Book::with_reference(std::string_view reference) const {
  std::vector<const KnownOrder*> found;
  if (reference.empty()) return found;
  for (const KnownOrder& order : orders_) {
    if (order.reference == reference) found.push_back(&order);
  }
  return found;
}

std::vector<const KnownFill*> Book::fills(std::string_view reference) const {
  const auto orders = with_reference(reference);
  std::vector<const KnownFill*> found;
  for (const auto& [base, fill] : fills_) {
    const Execution& told = fill.execution;
    const bool of_order = std::ranges::any_of(
        orders, [&](const KnownOrder* order) { return told.perm_id != 0 && order->perm_id == told.perm_id; });
    if (told.reference.empty() ? of_order : told.reference == reference) found.push_back(&fill);
  }
  return found;
}

Progress Book::progress(const std::vector<const KnownFill*>& fills) const {
  Progress done;
  Decimal value;
  for (const KnownFill* fill : fills) {
    const Execution& told = fill->execution;
    const auto product = rebalancer::multiply(told.quantity, told.price, Rounding::half_even);
    if (!product) throw WireError(fmt::format("execution {}: a value that is too large", told.id));
    value = sum(value, *product);
    done.filled = sum(done.filled, told.quantity);
    const Commission* fee = commission(told.id);
    if (fee != nullptr && fee->amount && fee->currency == currency_) {
      done.fee = sum(done.fee, *fee->amount);
    } else {
      done.fee_known = false;
    }
  }
  if (done.filled.is_positive()) {
    const auto average = rebalancer::divide(value, done.filled, Rounding::half_even);
    if (!average) throw WireError("executions whose average price is too large");
    done.average_price = *average;
  }
  return done;
}

Progress Book::progress(const KnownOrder& order) const {
  std::vector<const KnownFill*> own;
  for (const auto& [base, fill] : fills_) {
    const bool same = order.perm_id != 0 ? fill.execution.perm_id == order.perm_id
                                         : !order.reference.empty() && fill.execution.reference == order.reference;
    if (same) own.push_back(&fill);
  }
  Progress done = progress(own);
  if (order.filled > done.filled) {
    done.filled = order.filled;
    done.average_price = order.average_price;
    done.fee_known = false;
  }
  return done;
}

const Commission* Book::commission(std::string_view execution_id) const {
  const auto found = commissions_.find(execution_id);
  return found == commissions_.end() ? nullptr : &found->second;
}

}  // namespace interactive_brokers
