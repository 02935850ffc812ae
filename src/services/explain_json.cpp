#include "core/portfolio/plan_reasons.hpp"
#include "services/explain.hpp"
#include "services/explanation.hpp"

namespace rebalancer {
namespace {

using Json = CanonicalJson;

Json text_or_null(const std::optional<Decimal>& value) { return value ? Json(value->to_string()) : Json(); }

Json numbers_of(const std::optional<SymbolStanding>& standing, const std::optional<Money>& equity) {
  if (!standing || !equity) return {};
  Json json;
  json["held"] = standing->held.to_string();
  json["value"] = standing->value.to_string();
  json["target_value"] = standing->target.to_string();
  json["wanted_weight"] = standing->wanted.to_string();
  json["distance_value"] = standing->distance.to_string();
  json["band_value"] = text_or_null(standing->band);
  json["weight_text"] = percent_text(standing->value, equity->amount());
  json["target_text"] = percent_text(standing->target, equity->amount());
  json["outright"] = standing->outright;
  json["untouchable"] = standing->untouchable;
  return json;
}

Json order_json(const OrderExplanation& order, const std::optional<Money>& equity, bool in_full) {
  const PlannedOrder& planned = order.planned.order;
  Json json;
  json["number"] = order.planned.number;
  json["client_id"] = order.planned.client_id;
  json["symbol"] = planned.symbol.str();
  json["side"] = name_of(planned.side);
  json["quantity"] = planned.quantity.to_string();
  json["limit"] = planned.limit.to_string();
  json["reference"] = planned.reference.to_string();
  json["cost_max"] = planned.cost_max.amount().to_string();
  json["reason"] = planned.reason;
  json["difference"] = order.difference;
  json["band_needed"] = text_or_null(order.band_needed);
  json["cash_before"] = order.cash_before.to_string();
  json["cash_after"] = order.cash_after.to_string();
  json["numbers"] = numbers_of(order.standing, equity);
  json["shortfall"] = text_or_null(order.shortfall);
  json["sent"] = order.leg.has_value();
  if (!order.leg) return json;
  const Json leg = to_json(RecordedEnd{{}, {}, {}, {}, false, 1, {*order.leg}, {}})["legs"].if_array()->front();
  for (const char* name : {"state", "filled", "average_price", "fee", "broker_id"}) json[name] = *leg.find(name);
  json["state_reason"] = order.leg->reason;
  if (!in_full) return json;
  json["history"] = *leg.find("history");
  json["fills"] = *leg.find("fills");
  return json;
}

}  // namespace

Result<std::string> explain_json(const CanonicalJson& document, std::optional<int> order,
                                 std::span<const BindingConstraint> binding) {
  const auto explained = explain(document);
  if (!explained) return fail(explained.error());
  const DecisionBody& body = explained->document.body;
  if (order) {
    const auto found = order_numbered(*explained, *order);
    if (!found) return fail(found.error());
    Json json = order_json(**found, explained->equity, true);
    json["decision"] = body.id;
    return json.text();
  }
  const CanonicalJson whole = to_json(body);
  const CanonicalJson end = to_json(explained->document.end);
  Json json;
  json["decision"] = body.id;
  for (const char* name : {"session", "mode", "portfolio", "program", "plugins", "calendar", "configuration",
                           "trading_state", "book", "prices", "quality", "target", "proof"}) {
    json[name] = *whole.find(name);
  }
  json["broker"] = body.broker.name;
  json["strategy"] = body.settings.strategy;
  for (const char* name : {"outcome", "reason", "hold", "ambiguous", "resumed", "finished_at", "book_after"}) {
    json[name] = *end.find(name);
  }
  json["sequence"] = explained->document.seal.sequence;
  json["sha256"] = explained->document.seal.sha256;
  json["equity"] = explained->equity ? Json(explained->equity->amount().to_string()) : Json();
  json["cash_kept"] = text_or_null(explained->reserve);
  json["fees"] = text_or_null(explained->fees);
  json["shortfall"] = text_or_null(explained->shortfall);
  json["cost_expected"] = body.plan ? Json(body.plan->cost.amount().to_string()) : Json();
  Json::Array notes, constraints, orders, non_orders;
  for (const std::string& note : explained->weight_notes) notes.emplace_back(note);
  for (const BindingConstraint& bound : binding) {
    Json entry;
    entry["constraint"] = bound.constraint;
    entry["price"] = Json::of_double(bound.price);
    constraints.push_back(std::move(entry));
  }
  for (const OrderExplanation& one : explained->orders) orders.push_back(order_json(one, explained->equity, false));
  for (const NonOrderExplanation& left : explained->non_orders) {
    Json entry;
    entry["symbol"] = left.left.symbol.str();
    entry["reason"] = left.left.reason;
    entry["difference"] = left.difference;
    entry["numbers"] = numbers_of(left.standing, explained->equity);
    non_orders.push_back(std::move(entry));
  }
  json["weight_notes"] = std::move(notes);
  json["binding"] = std::move(constraints);
  json["orders"] = std::move(orders);
  json["non_orders"] = std::move(non_orders);
  return json.text();
}

}  // namespace rebalancer
