#include "services/decision_verify.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "services/decision_body.hpp"

namespace rebalancer {
namespace {

tl::unexpected<Error> broken(std::string_view check, const std::string& what) {
  return fail(ErrorCode::rejected, "{}: {}", check, what);
}

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// One check after the other, each relying on those before it.
class Verifier {
 public:
  Verifier(std::string_view text, Digest digest) : text_(text), digest_(digest) {}

  Result<VerifiedDecision> run() {
    using Check = Result<void> (Verifier::*)();
    for (const Check check :
         {&Verifier::canonical, &Verifier::seal, &Verifier::schema, &Verifier::blocks, &Verifier::identity,
          &Verifier::sections, &Verifier::plan, &Verifier::legs, &Verifier::end}) {
      if (auto passed = (this->*check)(); !passed) return fail(passed.error());
    }
    out_.id = body().id;
    out_.session = body().session;
    out_.outcome = document_->end.outcome;
    out_.seal = {document_->seal.sequence, body().id, document_->seal.sha256, document_->seal.previous};
    return std::move(out_);
  }

 private:
  void pass(const char* check, std::string evidence) { out_.checks.push_back({check, std::move(evidence)}); }
  [[nodiscard]] const DecisionBody& body() const { return document_->body; }

  Result<void> canonical() {
    if (!text_.ends_with('\n')) return broken("canonical", "the file must end with a line end");
    auto json = CanonicalJson::parse(text_.substr(0, text_.size() - 1));
    if (!json) return broken("canonical", json.error().message);
    json_ = *std::move(json);
    pass("canonical", fmt::format("{} bytes", text_.size()));
    return {};
  }

  Result<void> seal() {
    CanonicalJson::Object* seal =
        json_.if_object() != nullptr && json_.find("seal") != nullptr ? json_["seal"].if_object() : nullptr;
    if (seal == nullptr) return broken("seal", "the decision has no seal");
    const auto member = seal->find("sha256");
    const std::string* recorded = member == seal->end() ? nullptr : member->second.if_text();
    if (recorded == nullptr) return broken("seal", "seal.sha256 must be a text");
    const CanonicalJson kept = member->second;
    seal->erase(member);
    const std::string computed = digest_(json_.text());
    seal->emplace("sha256", kept);
    if (computed != *kept.if_text()) {
      return broken("seal", fmt::format("seal.sha256 is {}, the document's is {}", *kept.if_text(), computed));
    }
    return {};
  }

  Result<void> schema() {
    auto document = read_document(json_);
    if (!document) return broken("schema", document.error().message);
    document_ = *std::move(document);
    const DecisionSeal& seal = document_->seal;
    if (seal.sequence < 1) return broken("seal", fmt::format("seal.sequence is {}, must be positive", seal.sequence));
    if (!is_digest(seal.previous)) return broken("seal", "seal.previous must be 64 lower-case hex digits");
    if ((seal.sequence == 1) != (seal.previous == std::string(64, '0'))) {
      return broken("seal", "seal.previous must be zeros for the first decision, and for no other");
    }
    pass("seal", fmt::format("sequence {} after {}, sha256 {}", seal.sequence, seal.previous, seal.sha256));
    pass("schema", fmt::format("every member of {} is there, and no other", decision_format));
    return {};
  }

  Result<void> blocks() {
    const auto& blocks = document_->blocks;
    for (const auto& [digest, table] : blocks) {
      const std::string computed = digest_(to_json(table).text());
      if (computed != digest) return broken("blocks", fmt::format("blocks.{} has the digest {}", digest, computed));
    }
    std::set<std::string> used;
    std::set<Symbol> symbols;
    for (std::size_t i = 0; body().prices && i < body().prices->size(); ++i) {
      const PriceUsed& price = (*body().prices)[i];
      const auto block = blocks.find(price.block);
      if (block == blocks.end()) {
        return broken("blocks", fmt::format("body.prices[{}].block is {}, which is not there", i, price.block));
      }
      used.insert(price.block);
      if (!symbols.insert(price.symbol).second) {
        return broken("blocks", fmt::format("body.prices[{}]: {} is there twice", i, price.symbol));
      }
      if (auto fits = price_fits(i, price, block->second); !fits) return fits;
    }
    if (used.size() != blocks.size()) return broken("blocks", "blocks has a table that body.prices does not name");
    pass("blocks", fmt::format("{} price tables, digests equal, each one used", blocks.size()));
    return {};
  }

  Result<void> price_fits(std::size_t i, const PriceUsed& price, const BarTable& table) {
    const std::string place = fmt::format("body.prices[{}]", i);
    // The entry that this table gives, but for its digest and the price, which a run that held early does not have.
    const auto bars = table.bars();
    const auto last = std::find_if(bars.rbegin(), bars.rend(), [](const Bar& bar) { return bar.close > 0; });
    const bool has_close = last != bars.rend();
    if (price.symbol != table.symbol()) return broken("blocks", place + ".symbol is not its table's");
    if (price.source != table.source()) return broken("blocks", place + ".source is not its table's");
    if (price.date != (has_close ? std::optional(last->date) : std::nullopt)) {
      return broken("blocks", place + ".date is not that of the table's last close");
    }
    if (price.price) {
      const auto close = has_close ? Price::from_double(last->close) : Result<Price>(fail(ErrorCode::invalid, "none"));
      if (!close || *close != *price.price) return broken("blocks", place + ".price is not the table's last close");
    }
    if (price.age_sessions.has_value() != has_close) return broken("blocks", place + ".age_sessions does not fit");
    const auto calendar = calendar_named(body().calendar.name);
    if (calendar && has_close) {
      const int age = (*calendar)->session_count(last->date, body().session);
      if (*price.age_sessions != age) {
        return broken("blocks",
                      fmt::format("{}.age_sessions is {}, by the calendar it is {}", place, *price.age_sessions, age));
      }
    }
    return {};
  }

  Result<void> identity() {
    const std::string computed = digest_(id_source(body())).substr(0, 32);
    if (body().id != computed) {
      return broken("identity", fmt::format("body.id is {}, its digest says {}", body().id, computed));
    }
    pass("identity", "the id is the digest of portfolio, session, start and configuration");
    return {};
  }

  // A run goes through its sections in order: nothing is there without what it is made from.
  Result<void> sections() {
    const DecisionBody& b = body();
    const auto needs = [](bool there, bool needed, const char* what) -> Result<void> {
      if (!there || needed) return {};
      return broken("sections", what);
    };
    for (const auto& passed :
         {needs(b.prices.has_value(), b.book.has_value(), "body.prices without a book"),
          needs(b.quality.has_value(), b.book.has_value(), "body.quality without a book"),
          needs(b.target.has_value(), b.quality.has_value(), "body.target without a verdict on the prices"),
          needs(b.plan.has_value(), b.target.has_value(), "body.plan without a target"),
          needs(b.plan.has_value(), b.broker.capabilities.has_value(), "body.plan without the broker's capabilities"),
          needs(b.proof.has_value(), b.plan.has_value(), "body.proof without a plan"),
          needs(!document_->end.legs.empty(), b.proof.has_value(), "body.end.legs without a proof"),
          needs(!b.proof, document_->end.hold.has_value() || document_->end.outcome == "held",
                "body.proof is missing, and nothing held")}) {
      if (!passed) return passed;
    }
    if (b.quality && b.quality->stops() && b.target) {
      return broken("sections", "body.target follows a verdict that stops");
    }
    if (!b.target) return {};
    for (std::size_t i = 0; i < b.prices.value_or(std::vector<PriceUsed>()).size(); ++i) {
      if (!(*b.prices)[i].price) {
        return broken("sections", fmt::format("body.prices[{}].price is missing, and weights were made from it", i));
      }
    }
    return {};
  }

  Result<void> plan() {
    if (!body().plan) return {};
    const PlanSection& section = *body().plan;
    OrderPlan plan{{}, section.non_orders, section.before, section.after, section.cost, section.triggered};
    for (std::size_t i = 0; i < section.orders.size(); ++i) {
      const NumberedOrder& numbered = section.orders[i];
      const std::string place = fmt::format("body.plan.orders[{}]", i);
      if (numbered.number != static_cast<int>(i) + 1) {
        return broken("plan", fmt::format("{}.number is {}, must be {}", place, numbered.number, i + 1));
      }
      const std::string id = client_order_id(body().id, numbered.order.symbol, numbered.order.side, 1);
      if (numbered.client_id != id) {
        return broken("client_ids", fmt::format("{}.client_id is {}, must be {}", place, numbered.client_id, id));
      }
      plan.orders.push_back(numbered.order);
    }
    pass("client_ids", fmt::format("{} ids are functions of decision, symbol and side", plan.orders.size()));

    PriceList prices;
    for (const PriceUsed& used : body().prices.value_or(std::vector<PriceUsed>())) {
      if (used.price) prices.emplace(used.symbol, *used.price);
    }
    const DecisionSettings& settings = body().settings;
    const auto proof =
        check_plan(plan, *body().book, prices, settings.rebalance, settings.limits, *body().broker.capabilities);
    if (!proof && body().proof) return broken("plan", "body.plan breaks a rule: " + proof.error().message);
    if (!proof) {
      pass("plan", "it breaks a rule, and the run held: " + proof.error().message);
      return {};
    }
    if (!body().proof) {
      const auto& hold = document_->end.hold;
      if (!hold || hold->stage != Stage::check || hold->error.code == ErrorCode::rejected) {
        return broken("plan", "body.proof is missing, and the plan breaks no rule");
      }
      pass("plan", "never proved, the run held before: " + hold->error.message);
      return {};
    }
    const ProofSection& recorded = *body().proof;
    if (recorded.lowest_cash != proof->lowest_cash()) {
      return broken("proof", fmt::format("body.proof.lowest_cash is {}, proved again it is {}",
                                         recorded.lowest_cash.to_string(), proof->lowest_cash().to_string()));
    }
    const auto same = [](const ProvedRule& a, const ProvedRule& b) {
      return a.rule == b.rule && a.evidence == b.evidence;
    };
    if (!std::equal(recorded.rules.begin(), recorded.rules.end(), proof->rules().begin(), proof->rules().end(), same)) {
      return broken("proof", "body.proof.rules are not those that proving the plan again gives");
    }
    pass("proof", fmt::format("{} rules proved again for {} orders, cash never below {}", proof->rules().size(),
                              plan.orders.size(), proof->lowest_cash().to_string()));
    return {};
  }

  Result<void> legs() {
    const auto& legs = document_->end.legs;
    if (legs.empty()) return {};
    if (body().mode == "dry_run") return broken("legs", "body.end.legs in a dry run");
    const auto& orders = body().plan->orders;
    if (legs.size() != orders.size()) {
      return broken("legs", fmt::format("body.end.legs are {}, the plan has {} orders", legs.size(), orders.size()));
    }
    std::size_t fills = 0;
    std::size_t untold = 0;
    std::set<std::string> fill_ids;
    for (std::size_t i = 0; i < legs.size(); ++i) {
      if (auto fits = leg_fits(fmt::format("body.end.legs[{}]", i), legs[i], orders[i]); !fits) return fits;
      Decimal sum;
      for (std::size_t k = 0; k < legs[i].fills.size(); ++k) {
        const std::string place = fmt::format("body.end.legs[{}].fills[{}]", i, k);
        const RecordedFill& fill = legs[i].fills[k];
        if (!fill.quantity.decimal().is_positive()) return broken("fills", place + ".quantity must be positive");
        if (!fill_ids.insert(fill.id).second) return broken("fills", place + ".id is there twice");
        const auto added = add(sum, fill.quantity.decimal());
        // What a broker says of an order may be behind its fills until the order has ended.
        const Quantity most = is_terminal(legs[i].state) ? legs[i].filled : legs[i].quantity;
        if (!added || *added > most.decimal()) {
          return broken("fills", place + " makes the fills sum to more than body.end.legs says is filled");
        }
        sum = *added;
        ++fills;
      }
      if (sum != legs[i].filled.decimal()) ++untold;
    }
    pass("legs", fmt::format("{} orders, as planned; {} fills", legs.size(), fills) +
                     (untold == 0 ? " that sum to what is filled"
                                  : fmt::format("; the broker told fewer fills than it filled for {} orders", untold)));
    return {};
  }

  Result<void> leg_fits(const std::string& place, const RecordedLeg& leg, const NumberedOrder& planned) {
    const PlannedOrder& order = planned.order;
    if (leg.client_id != planned.client_id || leg.symbol != order.symbol || leg.side != order.side ||
        leg.quantity != order.quantity) {
      return broken("legs", place + " is not the order planned in its place");
    }
    if (leg.limit ? *leg.limit != order.limit : body().broker.capabilities->limit_orders) {
      return broken("legs", place + ".limit is not the one planned");
    }
    if (leg.filled.decimal().is_negative() || leg.filled > leg.quantity) {
      return broken("legs", fmt::format("{}.filled is {}, of an order for {}", place, leg.filled.to_string(),
                                        leg.quantity.to_string()));
    }
    if (leg.state == OrderState::filled && leg.filled != leg.quantity) {
      return broken(
          "legs", fmt::format("{} is filled, with {} of {}", place, leg.filled.to_string(), leg.quantity.to_string()));
    }
    if (leg.average_price && !leg.filled.decimal().is_positive()) {
      return broken("legs", place + ".average_price of an order that did not fill");
    }
    if (!is_terminal(leg.state) && !document_->end.ambiguous && !document_->end.hold) {
      return broken("legs", fmt::format("{}.state is {}, which is no end, and body.end is neither ambiguous nor held",
                                        place, name_of(leg.state)));
    }
    return {};
  }

  Result<void> end() {
    const RecordedEnd& end = document_->end;
    if (end.outcome != "traded" && end.outcome != "held" && end.outcome != "in_band") {
      return broken("end", fmt::format("body.end.outcome is \"{}\", must be traded, held or in_band", end.outcome));
    }
    const bool filled = std::any_of(end.legs.begin(), end.legs.end(),
                                    [](const RecordedLeg& leg) { return leg.filled.decimal().is_positive(); });
    if (end.outcome == "traded" && !filled) return broken("end", "body.end.outcome is traded, and nothing is filled");
    if (end.outcome == "in_band" && !end.legs.empty()) return broken("end", "body.end.outcome is in_band, with orders");
    if (end.finished_at < body().started_at) return broken("end", "body.end.finished_at is before body.started_at");
    pass("end", fmt::format("{}: {}", end.outcome, end.reason));
    return {};
  }

  std::string_view text_;
  Digest digest_;
  CanonicalJson json_;
  std::optional<DecisionDocument> document_;
  VerifiedDecision out_;
};

}  // namespace

Result<VerifiedDecision> verify_decision(std::string_view text, Digest digest) { return Verifier(text, digest).run(); }

}  // namespace rebalancer
