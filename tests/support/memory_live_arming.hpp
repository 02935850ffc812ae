// Leave to trade with real money, in memory.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/ports/live_arming.hpp"

namespace rebalancer::test {

class MemoryLiveArming final : public LiveArming {
 public:
  std::optional<Arming> arming;           // none: not armed
  std::map<std::string, Decimal> orders;  // counted, by client id
  std::optional<Error> fault;             // of every call

  Result<std::optional<Arming>> read() override { return fault ? fail(*fault) : Result<std::optional<Arming>>(arming); }
  Result<void> check(std::string_view account) override {
    if (fault) return fail(*fault);
    if (!arming || arming->account != account) return fail(ErrorCode::rejected, "live trading is not armed");
    return {};
  }
  Result<void> admit(std::string_view account, std::string_view client_id, Decimal value) override {
    if (auto armed = check(account); !armed) return armed;
    if (orders.contains(std::string(client_id))) return {};
    const Decimal sum = add(arming->sent, value).value();
    if (sum > arming->value_max) return fail(ErrorCode::rejected, "armed for {}", arming->value_max.to_string());
    arming->sent = sum;
    orders.emplace(client_id, value);
    return {};
  }
};

}  // namespace rebalancer::test
