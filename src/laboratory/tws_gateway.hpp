// A TWS or IB Gateway, without its socket: what each client's messages do and what it is sent. Order ids belong to a
// client and can be rolled back by a restart; permIds and orderRefs stay.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "laboratory/exchange.hpp"
#include "laboratory/faults.hpp"
#include "laboratory/simulator.hpp"
#include "laboratory/tws_messages.hpp"

namespace rebalancer::laboratory::tws {

// One client's connection.
struct ClientSession {
  int version = 0;
  std::int64_t client_id = -1;  // none before startApi
  int generation = 0;           // of the gateway's process
  std::size_t executions_sent = 0;
  std::map<std::uint64_t, std::string> told;  // of each order, what was last said
  bool link_lost = false;                     // it was told 1100
};

struct Reply {
  std::vector<std::string> frames;
  bool closes = false;
};

class Gateway {
 public:
  Gateway(std::uint64_t seed, int newest_version) : seed_(seed), newest_version_(newest_version) {}

  // The answer to "v157..178". None when no version is shared.
  [[nodiscard]] std::optional<std::string> greet(ClientSession& session, std::string_view offer,
                                                 const Exchange& exchange) const;
  [[nodiscard]] RequestKind kind_of(const ClientSession& session, const std::vector<std::string>& fields) const;
  [[nodiscard]] Reply answer(ClientSession& session, const std::vector<std::string>& fields, Exchange& exchange,
                             const ListFaults& faults);
  // What happened since the last time to the orders of this client.
  [[nodiscard]] Reply news(ClientSession& session, Exchange& exchange, const ListFaults& faults);
  void leave(const ClientSession& session);

  // Order ids begin again where they were when the client connected.
  void restart();
  // Until then nobody is heard.
  void lose_link(Instant until) { link_lost_until_ = until; }
  [[nodiscard]] bool has_link(Instant now) const { return now >= link_lost_until_; }

  [[nodiscard]] Messages messages(const ClientSession& session, const Exchange& exchange) const {
    return {exchange, session.version, account()};
  }
  [[nodiscard]] std::string account() const;

 private:
  using ClientOrder = std::pair<std::int64_t, std::int64_t>;  // client id, order id

  void start(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply);
  void place(ClientSession& session, Reader reader, Exchange& exchange, Reply& reply);
  void refuse(ClientSession& session, std::int64_t order_id, const Refusal& refusal, const Exchange& exchange,
              Reply& reply) const;
  void cancel(ClientSession& session, Reader reader, Exchange& exchange, Reply& reply);
  void cancel_all(const ClientSession& session, Exchange& exchange);
  void open_orders(ClientSession& session, bool of_all, Exchange& exchange, const ListFaults& faults, Reply& reply);
  void executions(ClientSession& session, Reader reader, Exchange& exchange, const ListFaults& faults, Reply& reply);
  void completed_orders(ClientSession& session, Exchange& exchange, const ListFaults& faults, Reply& reply) const;
  void positions(ClientSession& session, const Exchange& exchange, const ListFaults& faults, Reply& reply) const;
  void account_summary(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) const;
  void contracts(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) const;
  void market_data(ClientSession& session, Reader reader, const Exchange& exchange, Reply& reply) const;
  [[nodiscard]] std::string symbol_from(Reader& reader, const Messages& out) const;
  [[nodiscard]] Known known_of(const Execution& execution) const;
  [[nodiscard]] std::int64_t& next_id(std::int64_t client_id);

  std::uint64_t seed_;
  int newest_version_;
  std::map<std::uint64_t, Known> known_;       // by the exchange's number
  std::map<ClientOrder, std::uint64_t> live_;  // what an id means now
  std::map<std::int64_t, std::int64_t> next_ids_;
  std::map<std::int64_t, std::int64_t> written_ids_;
  std::set<std::int64_t> connected_;
  std::map<std::int64_t, std::int64_t> market_data_types_;
  Instant link_lost_until_;
  int generation_ = 0;
};

}  // namespace rebalancer::laboratory::tws
