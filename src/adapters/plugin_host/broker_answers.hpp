// What a broker plugin says, checked and rebuilt as our values. Pure functions of borrowed structs; an error's message
// completes "<name> returned ...".
#pragma once
#include <rebalancer/plugin.h>

#include "core/ports/broker.hpp"

namespace rebalancer {

[[nodiscard]] Result<BrokerCapabilities> capabilities_from(const rb_capabilities& told);
[[nodiscard]] Result<Account> account_from(const rb_account* told);
[[nodiscard]] Result<Position> position_from(const rb_position* told);
// `ordered`: what the order was for, none when that is not known here.
[[nodiscard]] Result<OrderReport> report_from(const rb_order_report* told, const std::optional<Quantity>& ordered);
[[nodiscard]] Result<Fill> fill_from(const rb_fill* told, Currency currency);
[[nodiscard]] Result<AccountMovement> movement_from(const rb_movement* told, Currency currency);

}  // namespace rebalancer
