// Dry run, paper and live as types: what a run may do is what it was given, and there is no way from one to another.
#pragma once
#include <string>
#include <string_view>
#include <variant>

#include "core/ports/broker.hpp"

namespace rebalancer {

// Looks, and sends nothing: it has nothing to send with.
class DryRun {
 public:
  explicit DryRun(BrokerView& broker) : broker_(&broker) {}
  [[nodiscard]] BrokerView& view() const { return *broker_; }

 private:
  BrokerView* broker_;
};

// Sends orders to a broker that says there is no real money behind it.
class Paper {
 public:
  // Errors: rejected when there is; the broker's own.
  [[nodiscard]] static Result<Paper> enter(Broker& broker, std::string_view broker_name);
  [[nodiscard]] BrokerView& view() const { return *broker_; }
  [[nodiscard]] const std::string& account() const { return account_; }

 private:
  friend class Gate;
  Paper(Broker& broker, std::string account) : broker_(&broker), account_(std::move(account)) {}
  Broker* broker_;
  std::string account_;
};

// Sends orders for real money, to the account that the configuration names and to no other.
class Live {
 public:
  // Errors: rejected when the broker is simulated or its account has another id; the broker's own.
  [[nodiscard]] static Result<Live> enter(Broker& broker, std::string_view broker_name, std::string_view account_id);
  [[nodiscard]] BrokerView& view() const { return *broker_; }
  [[nodiscard]] const std::string& account() const { return account_; }

 private:
  friend class Gate;
  Live(Broker& broker, std::string account) : broker_(&broker), account_(std::move(account)) {}
  Broker* broker_;
  std::string account_;
};

using TradingMode = std::variant<DryRun, Paper, Live>;

}  // namespace rebalancer
