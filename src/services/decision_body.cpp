#include "services/decision_body.hpp"

#include <algorithm>

#include "services/decision_codec.hpp"

namespace rebalancer {

using decision_fields::Codec;
using decision_fields::FieldReader;
using decision_fields::Place;
using decision_fields::Reading;

CanonicalJson to_json(const DecisionBody& body) { return decision_fields::write(body); }
CanonicalJson to_json(const RecordedEnd& end) { return decision_fields::write(end); }
CanonicalJson to_json(const DecisionSeal& seal) { return decision_fields::write(seal); }
CanonicalJson to_json(const std::optional<Hold>& hold) { return decision_fields::write(hold); }

namespace {

void read_format(FieldReader& reader, const Place& place) {
  std::string format;
  reader("format", format);
  if (!place.reading.error && format != decision_format) {
    place.wrong(fmt::format("has the format \"{}\", must be \"{}\"", format, decision_format));
  }
}

}  // namespace

Result<DecisionBody> read_draft(const CanonicalJson& json) {
  Reading reading;
  const Place place{json, "decision", reading};
  DecisionBody body;
  FieldReader reader(place);
  read_format(reader, place);
  reader.skip("blocks");
  if (const CanonicalJson* member = json.find("body")) {
    reader.skip("body");
    decision_fields::read(Place{*member, "body", reading}, body);
  }
  reader.finish();
  if (!reading.error && (json.find("body") == nullptr || json.find("blocks") == nullptr)) {
    place.wrong("has no blocks or no body");
  }
  if (reading.error) return fail(*reading.error);
  return body;
}

Result<DecisionDocument> read_document(const CanonicalJson& json) {
  Reading reading;
  const Place place{json, "decision", reading};
  DecisionDocument document;
  FieldReader reader(place);
  read_format(reader, place);
  const CanonicalJson* blocks = json.find("blocks");
  const CanonicalJson* body = json.find("body");
  const CanonicalJson* seal = json.find("seal");
  for (const std::string_view name : {"blocks", "body", "seal"}) reader.skip(name);
  reader.finish();
  if (reading.error) return fail(*reading.error);
  if (blocks == nullptr || blocks->if_object() == nullptr || body == nullptr || seal == nullptr) {
    return fail(ErrorCode::rejected, "decision must have blocks, a body and a seal");
  }
  decision_fields::read(Place{*seal, "seal", reading}, document.seal);

  const Place body_place{*body, "body", reading};
  FieldReader body_reader(body_place);
  decision_fields::Fields<DecisionBody>::of(body_reader, document.body);
  body_reader("end", document.end);
  body_reader.finish();
  if (reading.error) return fail(*reading.error);

  for (const auto& [digest, block] : *blocks->if_object()) {
    auto table = read_table(block, fmt::format("blocks.{}", digest));
    if (!table) return fail(table.error());
    document.blocks.emplace(digest, *std::move(table));
  }
  return document;
}

std::vector<PriceUsed> prices_used(std::span<const BarTable> tables, const PriceList& prices, const Calendar& calendar,
                                   Date session, Digest digest) {
  std::vector<PriceUsed> used;
  for (const BarTable& table : tables) {
    PriceUsed entry{table.symbol(), digest(to_json(table).text()), table.source(), {}, {}, {}};
    if (const auto price = prices.find(table.symbol()); price != prices.end()) entry.price = price->second;
    const auto bars = table.bars();
    const auto last = std::find_if(bars.rbegin(), bars.rend(), [](const Bar& bar) { return bar.close > 0; });
    if (last != bars.rend()) {
      entry.date = last->date;
      entry.age_sessions = calendar.session_count(last->date, session);
    }
    used.push_back(std::move(entry));
  }
  return used;
}

PlanSection plan_section(const OrderPlan& plan, std::string_view id) {
  PlanSection section{{}, plan.non_orders, plan.before, plan.after, plan.cost, plan.triggered};
  for (const PlannedOrder& order : plan.orders) {
    section.orders.push_back(
        {static_cast<int>(section.orders.size()) + 1, client_order_id(id, order.symbol, order.side, 1), order});
  }
  return section;
}

ProofSection proof_section(const PlanProof& proof) { return {proof.lowest_cash(), proof.rules()}; }

std::string id_source(const DecisionBody& body) {
  return fmt::format("{}\n{}\n{}\n{}\n", body.portfolio, body.session.to_string(), body.started_at.nanoseconds(),
                     body.configuration);
}

}  // namespace rebalancer
