// Trading 212's public API v0 as calls: one request each, within the limit of its endpoint, its failure told apart.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "plugins/support/broker_http.hpp"
#include "wire.hpp"

namespace trading212 {

struct ClientSettings {
  std::string url;  // without the path
  std::string api_key, api_secret;
  std::int64_t timeout_ms = 20'000;
};

// The endpoints whose limits matter: each has its own, per account.
enum class Endpoint {
  account,
  positions,
  pending,
  order,
  history,
  dividends,
  transactions,
  instruments,
  market,
  limit,
  cancel
};

// Throws sdk::Failure for whatever is no answer. An answer to a look that makes no sense is RB_UNAVAILABLE.
class Client {
 public:
  Client(rebalancer::sdk::Host host, ClientSettings settings);

  [[nodiscard]] Json account();
  [[nodiscard]] std::vector<WirePosition> positions(std::string_view ticker = {});  // empty: all
  [[nodiscard]] std::vector<WireOrder> pending();
  [[nodiscard]] std::optional<WireOrder> order(std::string_view id);  // none: it is not pending
  [[nodiscard]] std::string instruments();                            // as it came: it is kept

  // One page of what is done, newest first; `path` empty: the first, of this ticker or of all.
  struct Page {
    std::vector<WireItem> items;
    std::string next;  // empty: there is no more
  };
  [[nodiscard]] Page history(std::string_view ticker, const std::string& path = {});
  // Newest first, all pages, until `each` says false.
  void movements(Endpoint endpoint, const std::function<bool(const WireMovement&)>& each);

  // A request that may carry something out; any status is an answer. An answer that was too large to be taken is one
  // that nobody knows: RB_TIMEOUT.
  [[nodiscard]] rebalancer::sdk::HttpResponse act(Endpoint endpoint, std::string_view method, const std::string& path,
                                                  std::string_view body);
  // Throws RB_EXHAUSTED, with the second at which it may be asked again, when the endpoint would refuse now.
  void check_room(Endpoint endpoint, std::int64_t patience_ns = 0) const;

 private:
  [[nodiscard]] Json look(Endpoint endpoint, const std::string& path, const std::string& what);
  [[nodiscard]] rebalancer::sdk::HttpResponse get(Endpoint endpoint, const std::string& path);
  [[nodiscard]] rebalancer::sdk::HttpResponse send(Endpoint endpoint, std::string_view method, const std::string& path,
                                                   std::string_view body);
  void count(Endpoint endpoint, const rebalancer::sdk::HttpResponse& response);

  rebalancer::sdk::Host host_;
  ClientSettings settings_;
  std::map<Endpoint, std::int64_t> full_until_;  // nanoseconds, of those that have nothing left
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

// What fails before an order goes out leaves no doubt that it did not go out.
template <class Call>
auto not_sent_yet(Call&& call) {
  try {
    return call();
  } catch (const rebalancer::sdk::Failure& failure) {
    const bool sure = failure.code() == RB_EXHAUSTED || failure.code() == RB_INVALID || failure.code() == RB_REJECTED;
    if (sure) throw;
    throw rebalancer::sdk::Failure(RB_REJECTED, failure.why().empty() ? "" : "not sent: " + failure.why());
  }
}

// What an answer that is no success says of the order that was sent.
[[nodiscard]] rebalancer::sdk::Failure refusal_of(const rebalancer::sdk::HttpResponse& response,
                                                  const std::string& what);

}  // namespace trading212
