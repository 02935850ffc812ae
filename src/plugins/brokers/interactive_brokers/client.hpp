// What the plugin does, on top of a session: account, positions, contracts, orders, fills. Everything throws
// sdk::Failure with the code the order desk acts by.
#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reports.hpp"
#include "requests.hpp"
#include "session.hpp"
#include "times.hpp"

namespace interactive_brokers {

struct ClientSettings {
  SessionSettings session;
  std::string ids_file;
  std::string time_zone;  // of stamps that have none; empty: the gateway's own
  char class_separator = '-';
  bool fractional = false, queue_when_closed = false;
  std::chrono::milliseconds order_timeout{10'000};
};

struct AccountFigures {
  std::string id;
  Decimal cash, equity, buying_power;
};

struct Holding {
  std::string symbol;
  Decimal quantity;
};

struct Wanted {
  std::string client_id, symbol;
  bool buy = true;
  Decimal quantity;
  std::optional<Decimal> limit;
};

struct Told {
  std::string client_id, broker_id;
  Report report;
};

struct ToldFill {
  std::string id, symbol;
  bool buy = true;
  Decimal quantity, price, fee;
  Instant at;
};

class Client {
 public:
  Client(rebalancer::sdk::Host host, ClientSettings settings);

  [[nodiscard]] AccountFigures account();
  [[nodiscard]] std::vector<Holding> positions();
  [[nodiscard]] Told submit(const Wanted& order);
  [[nodiscard]] Told find(std::string_view client_id);
  [[nodiscard]] std::vector<Told> open_orders();
  void cancel(std::string_view client_id);
  [[nodiscard]] std::vector<ToldFill> fills(std::string_view client_id);

 private:
  // client_orders.cpp
  void resynchronise();
  std::uint64_t list_open_orders();
  void list_completed_orders();
  [[nodiscard]] bool list_executions(std::chrono::milliseconds timeout);
  [[nodiscard]] const KnownOrder* only(std::string_view client_id) const;
  [[nodiscard]] Told told(const KnownOrder& order);
  [[nodiscard]] Told answer_to(const Wanted& order, std::int32_t order_id);
  [[nodiscard]] ToldFill fill_from(const KnownFill& fill) const;
  [[nodiscard]] bool wait_for_commissions(const std::vector<const KnownFill*>& fills);

  [[nodiscard]] const ContractDetails& contract(const std::string& symbol);
  [[nodiscard]] ContractDetails ask_contract(const std::string& symbol);
  [[nodiscard]] const ContractDetails& tradable(const Wanted& order);
  void check_sizes(const Wanted& order, const ContractDetails& details) const;
  // Refuses outside of the hours; asks again when the hours known do not reach today.
  void check_hours(const std::string& symbol);

  rebalancer::sdk::Host host_;
  ClientSettings settings_;
  Book book_;
  OrderIds ids_;
  Session session_;
  std::map<std::string, ContractDetails, std::less<>> contracts_;
};

// Runs `read`; what cannot be understood becomes RB_UNAVAILABLE.
template <class Read>
auto understood(Read&& read) {
  try {
    return read();
  } catch (const WireError& error) {
    throw rebalancer::sdk::Failure(RB_UNAVAILABLE, std::string("the answer makes no sense: ") + error.what());
  }
}

}  // namespace interactive_brokers
