// A kill switch that a test sets, with a count of the passes that are held.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "core/ports/trading_switch.hpp"

namespace rebalancer::test {

class MemoryTradingSwitch final : public TradingSwitch {
 public:
  TradingStateRecord state;

  void set_state(TradingState wanted, std::string reason = {}) {
    state = {wanted, std::move(reason), "command", Instant::from_seconds(1'795'000'000)};
  }
  [[nodiscard]] int held() const { return static_cast<int>(token_.use_count()) - 1; }

  TradingStateRecord read() override { return state; }
  Pass pass() override { return {state, token_}; }
  Result<void> set(const TradingStateRecord& record) override {
    state = record;
    return {};
  }

 private:
  std::shared_ptr<void> token_ = std::make_shared<int>(0);
};

}  // namespace rebalancer::test
