// Leave to trade with real money: a person gives it for a while and up to a value, and it ends by itself.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace rebalancer {

struct Arming {
  Instant armed_at;
  Instant until;
  Decimal value_max;  // of all orders sent under it, in the account's currency
  std::string account;
  Decimal sent;  // of it, so far
};

class LiveArming {
 public:
  virtual ~LiveArming() = default;
  // None: live trading is not armed. Errors: unavailable when it cannot be read; then nothing may be sent.
  [[nodiscard]] virtual Result<std::optional<Arming>> read() = 0;
  // Whether orders may be sent for this account now. Errors: rejected, with the reason and what to type.
  [[nodiscard]] virtual Result<void> check(std::string_view account) = 0;
  // Counts an order of this value, durably, before it leaves; the same client id counts once, whoever sends it again.
  // Errors: of check; rejected when it would send more than the leave is for; unavailable when it cannot be written.
  [[nodiscard]] virtual Result<void> admit(std::string_view account, std::string_view client_id, Decimal value) = 0;
};

}  // namespace rebalancer
