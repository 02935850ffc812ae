#include "services/replay.hpp"

#include <algorithm>

#include "services/decision_body.hpp"
#include "services/derive.hpp"

namespace rebalancer {
namespace {

Result<std::pair<CanonicalJson, DecisionDocument>> read(std::string_view text) {
  if (!text.ends_with('\n')) return fail(ErrorCode::rejected, "a decision ends with a line end");
  auto json = CanonicalJson::parse(text.substr(0, text.size() - 1));
  if (!json) return fail(ErrorCode::rejected, "not canonical JSON: {}", json.error().message);
  auto document = read_document(*json);
  if (!document) return fail(document.error());
  return std::pair(*std::move(json), *std::move(document));
}

std::optional<ReplayDifference> first_difference(const std::string& path, const CanonicalJson& recorded,
                                                 const CanonicalJson& derived) {
  if (recorded == derived) return std::nullopt;
  const auto *theirs = recorded.if_object(), *ours = derived.if_object();
  if (theirs != nullptr && ours != nullptr) {
    for (const auto& [name, member] : *theirs) {
      const CanonicalJson* other = derived.find(name);
      const std::string place = fmt::format("{}.{}", path, name);
      if (other == nullptr) return ReplayDifference{place, member.text(), ""};
      if (auto found = first_difference(place, member, *other)) return found;
    }
    for (const auto& [name, member] : *ours) {
      if (recorded.find(name) == nullptr) return ReplayDifference{path + "." + name, "", member.text()};
    }
  }
  const auto *their_items = recorded.if_array(), *our_items = derived.if_array();
  if (their_items != nullptr && our_items != nullptr) {
    for (std::size_t i = 0; i < std::max(their_items->size(), our_items->size()); ++i) {
      const std::string place = fmt::format("{}[{}]", path, i);
      if (i >= our_items->size()) return ReplayDifference{place, (*their_items)[i].text(), ""};
      if (i >= their_items->size()) return ReplayDifference{place, "", (*our_items)[i].text()};
      if (auto found = first_difference(place, (*their_items)[i], (*our_items)[i])) return found;
    }
  }
  return ReplayDifference{path, recorded.text(), derived.text()};
}

// Derives section after section, in the order of a run, into `body`.
class Derivation {
 public:
  Derivation(const DecisionDocument& document, Strategy& strategy, const Calendar& calendar, Digest digest)
      : recorded_(document.body),
        recorded_hold_(document.end.hold),
        strategy_(strategy),
        calendar_(calendar),
        digest_(digest) {
    if (!recorded_.prices) return;
    for (const PriceUsed& used : *recorded_.prices) {
      // A block that is not there is the verifier's to find; here it is a table without a price.
      const auto block = document.blocks.find(used.block);
      if (block != document.blocks.end()) tables_.push_back(block->second);
    }
  }

  void run() {
    derived = recorded_;
    derived.prices.reset();
    derived.quality.reset();
    derived.target.reset();
    derived.plan.reset();
    derived.proof.reset();
    const bool went_through = fetch() && optimize_weights() && plan() && check();
    if (recorded_.prices) derived.prices = prices_used(tables_, prices_, calendar_, recorded_.session, digest_);
    const bool held_later = recorded_hold_ && recorded_hold_->stage >= Stage::execute;
    if (went_through && recorded_hold_) {
      if (held_later) stopped = "held after the proof, by what happened outside: " + recorded_hold_->error.message;
      if (!held_later) is_hold_derived = true;
    }
  }

  DecisionBody derived;
  std::optional<Hold> hold;
  bool is_hold_derived = false;  // the hold is one of the things compared
  std::string stopped;

 private:
  bool fetch() {
    if (!recorded_.quality || !recorded_.book) return outside();
    derived.quality = judge_quality(tables_, calendar_, recorded_.session, recorded_.settings.quality);
    if (derived.quality->stops()) {
      const std::string why = verdict_text(*derived.quality, Severity::stop);
      // When no provider answered, the run says that first.
      const bool says_more = recorded_hold_ && recorded_hold_->error.message.ends_with("; and " + why);
      return holds(Stage::fetch, says_more ? recorded_hold_->error : Error{ErrorCode::rejected, why});
    }
    auto read = read_prices(tables_, recorded_.settings.symbols, recorded_.session);
    if (!read) return holds(Stage::fetch, read.error());
    prices_ = std::move(read->prices);
    frame_ = std::move(read->frame);
    const auto valuation = value_book(*recorded_.book, prices_);
    if (!valuation) return holds(Stage::fetch, valuation.error());
    equity_ = valuation->equity;
    return !held_from_outside(Stage::fetch);
  }

  bool optimize_weights() {
    if (held_from_outside(Stage::optimize)) return false;
    auto optimized =
        optimize(strategy_, *frame_, recorded_.settings.optimizer, current_weights(*recorded_.book, prices_, *equity_));
    if (!optimized) return holds(Stage::optimize, optimized.error());
    derived.target = *std::move(optimized);
    return true;
  }

  bool plan() {
    if (held_from_outside(Stage::plan)) return false;
    if (!recorded_.broker.capabilities) return outside();
    auto planned = plan_orders(*recorded_.book, derived.target->weights, prices_, recorded_.settings.rebalance,
                               *recorded_.broker.capabilities);
    if (!planned) return holds(Stage::plan, planned.error());
    plan_ = *std::move(planned);
    derived.plan = plan_section(*plan_, recorded_.id);
    return true;
  }

  bool check() {
    if (held_from_outside(Stage::check)) return false;
    const DecisionSettings& settings = recorded_.settings;
    const auto proof = check_plan(*plan_, *recorded_.book, prices_, settings.rebalance, settings.limits,
                                  *recorded_.broker.capabilities);
    if (!proof) return holds(Stage::check, proof.error());
    derived.proof = proof_section(*proof);
    return true;
  }

  bool holds(Stage stage, Error error) {
    hold = Hold{stage, std::move(error)};
    is_hold_derived = true;
    return false;
  }
  bool outside() {
    stopped =
        recorded_hold_ ? "held by what happened outside: " + recorded_hold_->error.message : "nothing more is recorded";
    return false;
  }
  // Codes of what is not decided by the data: nobody answered, somebody asked to stop, a plugin broke.
  bool held_from_outside(Stage stage) {
    if (!recorded_hold_ || recorded_hold_->stage != stage) return false;
    const ErrorCode code = recorded_hold_->error.code;
    const bool is_outside = code == ErrorCode::unavailable || code == ErrorCode::timeout ||
                            code == ErrorCode::exhausted || code == ErrorCode::internal;
    return is_outside && !outside();
  }

  const DecisionBody& recorded_;
  const std::optional<Hold>& recorded_hold_;
  Strategy& strategy_;
  const Calendar& calendar_;
  Digest digest_;
  std::vector<BarTable> tables_;
  PriceList prices_;
  std::optional<PriceFrame> frame_;
  std::optional<Money> equity_;
  std::optional<OrderPlan> plan_;
};

}  // namespace

bool ReplayResult::identical() const {
  return std::none_of(sections.begin(), sections.end(),
                      [](const ReplayedSection& section) { return section.difference.has_value(); });
}

Result<ReplayNeeds> replay_needs(std::string_view text) {
  auto decision = read(text);
  if (!decision) return fail(decision.error());
  const DecisionBody& body = decision->second.body;
  return ReplayNeeds{body.settings.strategy, body.settings.strategy_settings, body.calendar.name, body.plugins};
}

Result<ReplayResult> replay_decision(std::string_view text, Strategy& strategy, const Calendar& calendar,
                                     Digest digest) {
  auto decision = read(text);
  if (!decision) return fail(decision.error());
  const auto& [json, document] = *decision;
  if (calendar.name() != document.body.calendar.name) {
    return fail(ErrorCode::rejected, "the decision was made by calendar {}, not {}", document.body.calendar.name,
                calendar.name());
  }
  Derivation derivation(document, strategy, calendar, digest);
  derivation.run();

  ReplayResult result;
  result.id = document.body.id;
  result.stopped = derivation.stopped;
  if (derivation.derived.plan) result.orders = derivation.derived.plan->orders.size();
  const auto compare = [&result](const std::string& name, const std::string& path, const CanonicalJson& recorded,
                                 const CanonicalJson& derived) {
    result.sections.push_back({name, recorded.text().size(), first_difference(path, recorded, derived)});
    result.bytes += result.sections.back().bytes;
  };
  const CanonicalJson& body = *json.find("body");
  const CanonicalJson derived = to_json(derivation.derived);
  for (const char* name : {"prices", "quality", "target", "plan", "proof"}) {
    const CanonicalJson& recorded = *body.find(name);
    if (recorded.is_null() && derived.find(name)->is_null()) continue;
    compare(name, fmt::format("body.{}", name), recorded, *derived.find(name));
  }
  if (derivation.is_hold_derived) {
    compare("hold", "body.end.hold", *body.find("end")->find("hold"), to_json(derivation.hold));
  }
  return result;
}

}  // namespace rebalancer
