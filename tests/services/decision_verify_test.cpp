#include "services/decision_verify.hpp"

#include <functional>
#include <map>

#include <doctest/doctest.h>

#include "support/decision_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

using Files = std::vector<NamedDecision>;

// Sealed one after the other; every seventh holds.
struct Chain {
  Files files;
  std::vector<SealRecord> journal;
  std::string head = std::string(64, '0');

  explicit Chain(std::uint64_t count) {
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
      const DecisionScene scene(seed);
      const auto sequence = static_cast<std::int64_t>(seed);
      const SealedDecision sealed = scene.seal(sequence, head);
      journal.push_back({sequence, scene.report.id, sealed.sha256, head});
      files.push_back({scene.report.id + ".json", sealed.text});
      head = sealed.sha256;
    }
  }
  [[nodiscard]] std::string verdict(const Files& changed, bool with_journal = true) const {
    auto verified = verify_chain(changed, sha256, with_journal ? std::optional(journal) : std::nullopt);
    return verified ? "verified" : verified.error().message;
  }
};

std::string verdict(const std::string& text) {
  auto verified = verify_decision(text, sha256);
  return verified ? "verified" : verified.error().message;
}

const DecisionScene& scene() {
  static const DecisionScene made(2);
  return made;
}

std::string changed(const std::function<void(CanonicalJson&)>& change) { return resealed(scene().seal().text, change); }

std::string verdict_after(const char* path, const CanonicalJson& value) {
  return verdict(changed([&](CanonicalJson& json) { at(json, path) = value; }));
}

std::string edited(Random& random, std::string text) {
  const std::size_t at = random.below(text.size());
  const std::size_t length = 1 + random.below(20);
  switch (random.below(6)) {
    case 0:
      text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
      break;
    case 1:
      text[at] = static_cast<char>(random.below(256));
      break;
    case 2:
      text.erase(at, length);
      break;
    case 3:
      text.insert(at, text.substr(random.below(text.size()), length));
      break;
    case 4:
      text.resize(at);
      break;
    default:  // a digit for another: what a forger would do
      for (std::size_t i = at; i < text.size(); ++i) {
        if (text[i] < '0' || text[i] > '9') continue;
        text[i] = static_cast<char>('0' + random.below(10));
        break;
      }
  }
  return text;
}

CanonicalJson& any_member(Random& random, CanonicalJson& json) {
  CanonicalJson* found = &json;
  for (std::uint64_t depth = 1 + random.below(5); depth > 0; --depth) {
    if (CanonicalJson::Object* members = found->if_object(); members != nullptr && !members->empty()) {
      found = &std::next(members->begin(), static_cast<std::ptrdiff_t>(random.below(members->size())))->second;
    } else if (CanonicalJson::Array* items = found->if_array(); items != nullptr && !items->empty()) {
      found = &(*items)[random.below(items->size())];
    }
  }
  return *found;
}

// Members and blocks of two decisions change places.
Files with_swaps(Random& random, Files files) {
  NamedDecision& first = files[random.below(files.size())];
  NamedDecision& second = files[random.below(files.size())];
  CanonicalJson one = CanonicalJson::parse(first.text.substr(0, first.text.size() - 1)).value();
  CanonicalJson two = CanonicalJson::parse(second.text.substr(0, second.text.size() - 1)).value();
  if (random.below(2) == 0) {
    std::swap(one["blocks"], two["blocks"]);
  } else {
    CanonicalJson& here = any_member(random, one);
    const CanonicalJson kept = here;
    if (&first == &second) {  // the other one may be inside this one
      here = CanonicalJson(any_member(random, two));
    } else {
      CanonicalJson& there = any_member(random, two);
      here = there;
      there = kept;
    }
  }
  second.text = two.text() + "\n";
  first.text = one.text() + "\n";
  return files;
}

Files with_chain_change(Random& random, Files files) {
  const auto at = static_cast<std::ptrdiff_t>(random.below(files.size()));
  switch (random.below(5)) {
    case 0:
      files.erase(files.begin() + at);
      break;
    case 1:
      files.resize(static_cast<std::size_t>(at));
      break;
    case 2:
      std::swap(files.front().text, files[static_cast<std::size_t>(at)].text);
      break;
    case 3:
      files.push_back(files[static_cast<std::size_t>(at)]);
      break;
    default:  // sealed again in another place
      files[static_cast<std::size_t>(at)].text = resealed(
          files[static_cast<std::size_t>(at)].text,
          [&](CanonicalJson& json) { json["seal"]["sequence"] = static_cast<std::int64_t>(1 + random.below(20)); });
  }
  return files;
}

bool same(const Files& a, const Files& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && x.text == y.text; });
}

}  // namespace

TEST_CASE("what was sealed verifies, whether it traded or held") {
  std::map<std::string, int> outcomes;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const DecisionScene made(seed);
    const auto verified = verify_decision(made.seal().text, sha256);
    REQUIRE_MESSAGE(verified.has_value(), (verified ? "" : verified.error().message));
    CHECK(verified->id == made.report.id);
    CHECK(verified->seal.sequence == 1);
    ++outcomes[verified->outcome];
  }
  CHECK(outcomes["traded"] > 20);
  CHECK(outcomes["held"] > 3);
}

TEST_CASE("ten thousand changes of files and of the chain, and each is seen") {
  const Chain chain(8);
  REQUIRE(chain.verdict(chain.files) == "verified");
  Random random(20261125);
  int made = 0, seen = 0;
  std::map<std::string, int> kinds;
  while (made < 10'000) {
    Files files = chain.files;
    const std::uint64_t kind = random.below(20);
    if (kind < 18) {
      NamedDecision& file = files[random.below(files.size())];
      file.text = edited(random, file.text);
      // Alone, without the rest of the chain.
      if (same(files, chain.files)) continue;
      ++kinds["of a file"];
      ++made;
      if (verdict(file.text) != "verified") ++seen;
      continue;
    }
    files = kind == 18 ? with_swaps(random, files) : with_chain_change(random, files);
    if (same(files, chain.files)) continue;
    ++kinds[kind == 18 ? "of members and blocks" : "of the chain"];
    ++made;
    if (chain.verdict(files) != "verified") ++seen;
  }
  CHECK(seen == made);
  MESSAGE(seen << " of " << made << " changes seen: " << kinds["of a file"] << " of a file, "
               << kinds["of members and blocks"] << " of members and blocks, " << kinds["of the chain"]
               << " of the chain");
}

TEST_CASE("the order of the files does not matter, their seals do") {
  const Chain chain(4);
  Files files = chain.files;
  std::reverse(files.begin(), files.end());
  CHECK(chain.verdict(files) == "verified");
  std::swap(files[0].name, files[1].name);
  CHECK(chain.verdict(files).find("name: it holds decision") != std::string::npos);
}

TEST_CASE("a chain without a file says which, and a cut end is seen by journal or head only") {
  const Chain chain(5);
  Files files = chain.files;
  files.erase(files.begin() + 2);
  CHECK(chain.verdict(files) ==
        "chain: decision " + chain.journal[2].run_id + " (number 3) is in the journal, its file is missing");
  CHECK(chain.verdict(files, false).find("is number 4, number 3 is missing") != std::string::npos);
  files = chain.files;
  files.pop_back();
  CHECK(chain.verdict(files).find("its file is missing") != std::string::npos);
  CHECK(chain.verdict(files, false) == "verified");
  CHECK_FALSE(verify_chain(files, sha256, {}, chain.head).has_value());
  CHECK(verify_chain(chain.files, sha256, {}, chain.head).has_value());

  const DecisionScene sixth(9);
  files = chain.files;
  files.push_back({sixth.report.id + ".json", sixth.seal(6, chain.head).text});
  CHECK(chain.verdict(files, false) == "verified");
  CHECK(chain.verdict(files) == "chain: decision " + sixth.report.id + " is not in the journal");
  CHECK(verify_chain({}, sha256).has_value());
}

TEST_CASE("a whole chain forged from one decision on is seen by the journal") {
  const Chain chain(3);
  Files files = chain.files;
  std::string previous = chain.journal[0].sha256;
  for (std::size_t i = 1; i < files.size(); ++i) {
    files[i].text = resealed(files[i].text, [&](CanonicalJson& json) {
      json["seal"]["previous"] = previous;
      at(json, "body.end.reason") = "nothing happened";
    });
    previous = *CanonicalJson::parse(files[i].text.substr(0, files[i].text.size() - 1))
                    ->find("seal")
                    ->find("sha256")
                    ->if_text();
  }
  CHECK(chain.verdict(files, false) == "verified");
  CHECK(chain.verdict(files).find("the journal says number 2 with") != std::string::npos);
}

TEST_CASE("a forger who seals again meets the rules of the decision") {
  REQUIRE(scene().end.legs.size() >= 3);
  CHECK(verdict_after("body.id", std::string(32, 'a')).starts_with("identity: body.id is aaaa"));
  CHECK(verdict_after("body.started_at", "1782900000000000001").starts_with("identity: "));
  CHECK(verdict_after("body.plan.orders.0.client_id", "x").starts_with("client_ids: body.plan.orders[0].client_id"));
  CHECK(verdict_after("body.plan.orders.1.number", 3) == "plan: body.plan.orders[1].number is 3, must be 2");
  CHECK(verdict_after("body.plan.orders.0.quantity", "5000").starts_with("plan: body.plan breaks a rule: order 1"));
  CHECK(verdict_after("body.plan.orders.0.cost_max", "0").find("states costs of 0") != std::string::npos);
  CHECK(verdict_after("body.book.cash", "-1").starts_with("plan: body.plan breaks a rule"));
  CHECK(verdict_after("body.settings.rebalance.cash_buffer", "100000").find("the buffer is") != std::string::npos);
  CHECK(verdict_after("body.settings.limits.orders_max", 1).starts_with("plan: body.plan breaks a rule: the plan has"));
  CHECK(verdict_after("body.proof.lowest_cash", "1").starts_with("proof: body.proof.lowest_cash is 1, proved again"));
  CHECK(verdict_after("body.proof.rules.0.evidence", "fine").starts_with("proof: body.proof.rules are not"));
  CHECK(verdict_after("body.proof", {}) == "sections: body.end.legs without a proof");
  CHECK(verdict_after("body.prices.0.price", "1") == "blocks: body.prices[0].price is not the table's last close");
  CHECK(verdict_after("body.prices.0.age_sessions", 3).starts_with("blocks: body.prices[0].age_sessions is 3, by the"));
  CHECK(verdict_after("body.prices.0.date", "2026-06-29") ==
        "blocks: body.prices[0].date is not that of the table's last close");
  CHECK(verdict_after("body.prices.0.source", "yahoo") == "blocks: body.prices[0].source is not its table's");
  CHECK(verdict_after("body.prices.0.block", std::string(64, 'a')).find("which is not there") != std::string::npos);
  CHECK(verdict_after("body.end.legs.0.quantity", "1") ==
        "legs: body.end.legs[0] is not the order planned in its place");
  CHECK(verdict_after("body.end.legs.0.limit", "1") == "legs: body.end.legs[0].limit is not the one planned");
  CHECK(verdict_after("body.end.legs.0.filled", "99999").find("of an order for") != std::string::npos);
  CHECK(verdict_after("body.end.legs.0.state", "unknown") ==
        "legs: body.end.legs[0].state is unknown, which is no end, and body.end is neither ambiguous nor held");
  CHECK(
      verdict_after("body.end.legs.0.fills.0.quantity", "99999").starts_with("fills: body.end.legs[0].fills[0] makes"));
  CHECK(verdict_after("body.end.outcome", "in_band") == "end: body.end.outcome is in_band, with orders");
  CHECK(verdict_after("body.end.outcome", "won") ==
        "end: body.end.outcome is \"won\", must be traded, held or in_band");
  CHECK(verdict_after("body.end.finished_at", "1") == "end: body.end.finished_at is before body.started_at");
  CHECK(verdict_after("body.mode", "dry_run") == "legs: body.end.legs in a dry run");
  CHECK(verdict_after("seal.previous", std::string(64, 'a')).starts_with("seal: seal.previous must be zeros"));
  CHECK(verdict_after("seal.sequence", 0).starts_with("seal: seal.sequence is 0"));
  CHECK(verdict(changed([](CanonicalJson& json) {
          json["blocks"].if_object()->begin()->second["source"] = "made up";
        })).find("has the digest") != std::string::npos);
  CHECK(verdict(changed([](CanonicalJson& json) {
          CanonicalJson table = json["blocks"].if_object()->begin()->second;
          table["source"] = "another";
          json["blocks"][sha256(table.text())] = table;
        })) == "blocks: blocks has a table that body.prices does not name");
}

TEST_CASE("a member too many, too few or of another type is an error that names its place") {
  CHECK(verdict_after("body.surprise", 1) == "schema: body has a member \"surprise\", which the format does not know");
  CHECK(verdict_after("body.plan.orders.0.note", 1) ==
        "schema: body.plan.orders[0] has a member \"note\", which the format does not know");
  CHECK(verdict_after("note", 1) == "schema: decision has a member \"note\", which the format does not know");
  CHECK(verdict(changed([](CanonicalJson& json) { at(json, "body.plan.orders.0").if_object()->erase("side"); })) ==
        "schema: body.plan.orders[0] has no member \"side\"");
  CHECK(verdict_after("body.book.cash", 1) == "schema: body.book.cash must be a text");
  CHECK(verdict_after("body.book.cash", "1.50") ==
        "schema: body.book.cash is \"1.50\", which is not how it is written");
  CHECK(verdict_after("body.session", "2026-02-30").starts_with("schema: body.session is \"2026-02-30\""));
  CHECK(verdict_after("body.target.volatility", "0.10").starts_with("schema: body.target.volatility is"));
  CHECK(verdict_after("body.plan.orders.0.side", "hold") ==
        "schema: body.plan.orders[0].side is \"hold\", which is no name there");
  CHECK(verdict_after("body.settings.quality.age_sessions_max", 9'000'000'000).find("out of range") !=
        std::string::npos);
  CHECK(verdict_after("format", "rebalancer-decision/2").starts_with("schema: decision has the format"));
}

TEST_CASE("what is no decision at all is refused") {
  CHECK(verdict("") == "canonical: the file must end with a line end");
  CHECK(verdict("\n") == "canonical: byte 0: a value is missing");
  CHECK(verdict("{}\n") == "seal: the decision has no seal");
  CHECK(verdict("[]\n") == "seal: the decision has no seal");
  CHECK(verdict(scene().draft() + "\n") == "seal: the decision has no seal");
  CHECK(verdict(scene().seal().text + "\n").starts_with("canonical: byte"));
}

TEST_CASE("an order whose outcome nobody knows is no error when the decision says so") {
  DecisionScene made(2);
  made.end.legs[0].record.state = OrderState::unknown;
  CHECK(verdict(made.seal().text).starts_with("legs: body.end.legs[0].state is unknown"));
  made.end.ambiguous = true;
  CHECK(verdict(made.seal().text) == "verified");
}

TEST_CASE("a plan without a proof breaks a rule, or was never proved because the run was stopped") {
  DecisionScene made(2);
  made.report.proof.reset();
  made.end.legs.clear();
  const auto held = [&made](const Error& error) {
    made.hold(Stage::check, error);
    made.end.outcome = "held";
    made.end.hold = made.report.hold;
    return verdict(made.seal().text);
  };
  CHECK(held({ErrorCode::unavailable, "stopped on request"}) == "verified");
  CHECK(held({ErrorCode::rejected, "a rule"}) == "plan: body.proof is missing, and the plan breaks no rule");
  made.report.limits.orders_max = 1;
  CHECK(held({ErrorCode::rejected, "a rule"}) == "verified");
}
