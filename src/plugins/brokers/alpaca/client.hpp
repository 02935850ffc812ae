// Alpaca's Trading API as calls: one request each, its failure told apart.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "plugins/support/broker_http.hpp"
#include "wire.hpp"

namespace alpaca {

struct ClientSettings {
  std::string base_url;
  std::string api_key, secret_key;
  std::int64_t timeout_ms = 20'000;
  bool stream = true;
};

// Throws sdk::Failure for whatever is no answer. An answer to a look that makes no sense is RB_UNAVAILABLE, and so is a
// 404 where there must be something: that an order does not exist is said by order_by_client_id alone.
class Client {
 public:
  Client(rebalancer::sdk::Host host, ClientSettings settings) : host_(host), settings_(std::move(settings)) {}

  [[nodiscard]] const ClientSettings& settings() const { return settings_; }
  [[nodiscard]] Json account() const { return look("/v2/account", "the account"); }
  [[nodiscard]] Json clock() const { return look("/v2/clock", "the market's clock"); }
  [[nodiscard]] Json positions() const { return look("/v2/positions", "the positions"); }
  [[nodiscard]] std::optional<Json> asset(std::string_view symbol) const;  // none: Alpaca does not know it
  [[nodiscard]] std::optional<WireOrder> order_by_client_id(std::string_view client_id) const;
  [[nodiscard]] WireOrder order(std::string_view id) const;
  [[nodiscard]] std::vector<WireOrder> open_orders() const;
  // Activities at `from` or later, oldest first, all pages: `type` FILL, or everything but fills for an empty one.
  void activities(std::string_view type, Instant from, const std::function<void(const Json&)>& each) const;

  // A request that may carry something out; any status is an answer. An answer that was too large to be taken is one
  // that nobody knows: RB_TIMEOUT.
  [[nodiscard]] rebalancer::sdk::HttpResponse act(std::string_view method, const std::string& path,
                                                  std::string_view body) const;

  // An answer that is no success, as what is thrown.
  [[nodiscard]] rebalancer::sdk::Failure failure_of(const rebalancer::sdk::HttpResponse& response,
                                                    rebalancer::plugin_support::Asked asked,
                                                    std::string_view what) const;

 private:
  [[nodiscard]] std::optional<Json> look_for(const std::string& path, const std::string& what) const;
  [[nodiscard]] Json look(const std::string& path, const std::string& what) const;
  [[nodiscard]] rebalancer::sdk::HttpResponse send(std::string_view method, const std::string& path,
                                                   std::string_view body) const;

  rebalancer::sdk::Host host_;
  ClientSettings settings_;
};

// Runs `read`; an answer that cannot be understood becomes a failure of the code given.
template <class Read>
auto understood(rb_code code, Read&& read) {
  try {
    return read();
  } catch (const rebalancer::plugin_support::BadAnswer& bad) {
    throw rebalancer::sdk::Failure(code, std::string("the answer cannot be understood: ") + bad.what());
  }
}

}  // namespace alpaca
