// Alpaca's stream of trade updates as JSON: what a client says and is answered, and what has happened to its orders.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "laboratory/exchange.hpp"

namespace rebalancer::laboratory::alpaca {

// One connection.
class StreamSession {
 public:
  explicit StreamSession(std::uint64_t seed) : seed_(seed) {}

  struct Reply {
    std::string json;
    bool closes = false;
  };
  // `refuses`: whatever the keys are.
  [[nodiscard]] Reply answer(std::string_view message, const Exchange& exchange, bool refuses);

  struct Update {
    std::string event;
    std::string client_id;
    std::string json;
  };
  // What has happened since it was last asked, fills first; nothing before the client listens. The order in an update
  // is the order as it stands now.
  [[nodiscard]] std::vector<Update> news(const Exchange& exchange);

 private:
  [[nodiscard]] Update update_of(const Exchange& exchange, std::string_view event, const ExchangeOrder& order,
                                 const Execution* execution) const;

  std::uint64_t seed_;
  bool authorized_ = false;
  bool listening_ = false;
  std::map<std::uint64_t, OrderStatus> told_;  // by the order's number
  std::size_t executions_told_ = 0;
};

}  // namespace rebalancer::laboratory::alpaca
