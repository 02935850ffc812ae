#include "laboratory/market.hpp"

#include "laboratory/arithmetic.hpp"

namespace rebalancer::laboratory {

bool is_done(OrderStatus status) {
  switch (status) {
    case OrderStatus::accepted:
    case OrderStatus::working:
    case OrderStatus::partially_filled:
    case OrderStatus::pending_cancel:
      return false;
    case OrderStatus::filled:
    case OrderStatus::cancelled:
    case OrderStatus::expired:
    case OrderStatus::rejected:
    case OrderStatus::replaced:
      break;
  }
  return true;
}

std::string_view name_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::accepted:
      return "accepted";
    case OrderStatus::working:
      return "working";
    case OrderStatus::partially_filled:
      return "partially_filled";
    case OrderStatus::pending_cancel:
      return "pending_cancel";
    case OrderStatus::filled:
      return "filled";
    case OrderStatus::cancelled:
      return "cancelled";
    case OrderStatus::expired:
      return "expired";
    case OrderStatus::rejected:
      return "rejected";
    case OrderStatus::replaced:
      break;
  }
  return "replaced";
}

Decimal ExchangeOrder::remaining() const { return minus(request.quantity, filled); }

std::optional<Decimal> ExchangeOrder::average_price() const {
  if (!filled.is_positive()) return std::nullopt;
  return over(filled_value, filled);
}

}  // namespace rebalancer::laboratory
