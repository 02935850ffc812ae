// Alpaca's trade_updates over a WebSocket, as hints; see trade_updates.hpp. Whatever becomes of it, orders are asked
// for.
#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "client.hpp"
#include "plugins/support/websocket_client.hpp"
#include "trade_updates.hpp"

namespace alpaca {

// "https://paper-api.alpaca.markets" as "wss://paper-api.alpaca.markets/stream"; http, which is for this machine, as
// ws.
[[nodiscard]] std::string stream_url_of(std::string_view base_url);

// Used by the thread of the broker's calls.
class UpdateStream {
 public:
  explicit UpdateStream(const ClientSettings& settings) : settings_(settings) {}

  // Begins to connect; nothing when it has begun, or the configuration does not want it.
  void open();
  [[nodiscard]] OrderHints& hints() { return hints_; }
  // What a person should know, said once.
  [[nodiscard]] std::optional<std::string> warning();

 private:
  using Answer = rebalancer::plugin_support::WebSocketEvents::Answer;
  [[nodiscard]] Answer hear(std::string_view bytes);
  void lose(std::string_view why);

  ClientSettings settings_;
  OrderHints hints_;
  std::mutex mutex_;
  std::string refusal_;  // of the keys, or of the stream
  std::string warning_;  // to be told
  bool has_warned_ = false;
  std::unique_ptr<rebalancer::plugin_support::WebSocketClient> client_;  // the last: its thread uses what is above
};

}  // namespace alpaca
