// A sealed decision as typed values. Each struct is described once, in decision_fields.hpp, for writing and for
// reading.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/decision.hpp"

namespace rebalancer {

inline constexpr std::string_view decision_format = "rebalancer-decision/1";

struct ProgramIdentity {
  std::string version, commit;
};

struct CalendarIdentity {
  std::string name, zone;
};

// All that the weights, the plan and the proof were made with, beside prices, book and broker.
struct DecisionSettings {
  std::vector<Symbol> symbols;
  int lookback_sessions = 0;
  QualityRules quality;
  OptimizerSettings optimizer;
  RebalanceRules rebalance;
  TradeLimits limits;
  std::string strategy;
  std::string strategy_settings;  // JSON
};

struct BrokerIdentity {
  std::string name;
  std::string account;                             // empty when it could not be asked
  std::optional<BrokerCapabilities> capabilities;  // none then
};

struct PriceUsed {
  Symbol symbol;
  std::string block;                // digest of its table
  std::string source;               // the table's
  std::optional<Price> price;       // what it was valued and planned at; none when it held before
  std::optional<Date> date;         // of the table's last close; none when it has none
  std::optional<int> age_sessions;  // from that close to the session the decision is for
};

struct NumberedOrder {
  int number = 0;  // from 1
  std::string client_id;
  PlannedOrder order;
};

struct PlanSection {
  std::vector<NumberedOrder> orders;
  std::vector<NonOrder> non_orders;
  Drift before, after;
  Money cost;
  bool triggered = false;
};

struct ProofSection {
  Decimal lowest_cash;
  std::vector<ProvedRule> rules;
};

// What a run never reached is none.
struct DecisionBody {
  std::string id, portfolio, mode;
  Date session;
  Instant started_at;
  ProgramIdentity program;
  std::vector<PluginUsed> plugins;
  CalendarIdentity calendar;
  std::string configuration;  // digest
  DecisionSettings settings;
  BrokerIdentity broker;
  TradingStateRecord trading_state;
  std::optional<Book> book;
  std::optional<std::vector<PriceUsed>> prices;
  std::optional<QualityVerdict> quality;
  std::optional<OptimizerResult> target;
  std::optional<PlanSection> plan;
  std::optional<ProofSection> proof;
};

struct RecordedFill {
  std::string id;
  Quantity quantity;
  Price price;
  Decimal fee;
  Currency currency;  // of the fee
  Instant at;
};

struct RecordedLeg {
  std::string client_id;
  Symbol symbol;
  Side side = Side::buy;
  Quantity quantity;
  std::optional<Price> limit;  // none: a market order
  OrderState state = OrderState::intent;
  std::string broker_id;
  Quantity filled;
  std::optional<Price> average_price;
  Decimal fee;
  std::string reason;
  std::vector<OrderReport> history;  // every step of ours and every answer, in the order written
  std::vector<RecordedFill> fills;
};

struct RecordedEnd {
  Instant finished_at;
  std::string outcome, reason;
  std::optional<Hold> hold;
  bool ambiguous = false;
  bool resumed = false;
  std::vector<RecordedLeg> legs;
  std::optional<Book> book_after;
};

struct DecisionSeal {
  std::string previous;
  std::int64_t sequence = 0;
  std::string sha256;
};

struct DecisionDocument {
  std::map<std::string, BarTable> blocks;  // by digest
  DecisionBody body;
  RecordedEnd end;
  DecisionSeal seal;
};

// Body without its end.
[[nodiscard]] CanonicalJson to_json(const DecisionBody& body);
[[nodiscard]] CanonicalJson to_json(const RecordedEnd& end);
[[nodiscard]] CanonicalJson to_json(const DecisionSeal& seal);
[[nodiscard]] CanonicalJson to_json(const std::optional<Hold>& hold);
[[nodiscard]] CanonicalJson to_json(const BarTable& table);

// Errors of all that read: rejected, naming the place ("body.plan.orders[2].quantity") and the rule. A member that is
// unknown, missing or of another type is an error.
[[nodiscard]] Result<DecisionDocument> read_document(const CanonicalJson& json);
// Of {"blocks", "body", "format"}, the body without its end.
[[nodiscard]] Result<DecisionBody> read_draft(const CanonicalJson& json);
[[nodiscard]] Result<BarTable> read_table(const CanonicalJson& json, const std::string& place);

// The builders that a run and its replay share.
[[nodiscard]] std::vector<PriceUsed> prices_used(std::span<const BarTable> tables, const PriceList& prices,
                                                 const Calendar& calendar, Date session, Digest digest);
[[nodiscard]] PlanSection plan_section(const OrderPlan& plan, std::string_view id);
[[nodiscard]] ProofSection proof_section(const PlanProof& proof);
// The text whose digest starts with the decision's id.
[[nodiscard]] std::string id_source(const DecisionBody& body);

}  // namespace rebalancer
