#include "services/decision.hpp"

#include <doctest/doctest.h>

#include "services/decision_body.hpp"
#include "support/decision_scene.hpp"

using namespace rebalancer;
using namespace rebalancer::test;

namespace {

CanonicalJson parsed(const std::string& text) { return CanonicalJson::parse(text.substr(0, text.size() - 1)).value(); }

}  // namespace

TEST_CASE("the digest of the tests is SHA-256") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(std::string(119, 'a')) == "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb");
}

TEST_CASE("a decision is canonical text with a line end, and its seal is the digest of all but itself") {
  const DecisionScene scene;
  const SealedDecision sealed = scene.seal();
  CanonicalJson json = parsed(sealed.text);
  CHECK(json.text() + "\n" == sealed.text);
  CHECK(*json.find("format")->if_text() == "rebalancer-decision/1");
  CHECK(*json.find("seal")->find("sha256")->if_text() == sealed.sha256);
  json["seal"].if_object()->erase("sha256");
  CHECK(sha256(json.text()) == sealed.sha256);
}

TEST_CASE("what is read from a decision writes the same decision") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const DecisionScene scene(seed);
    CanonicalJson json = parsed(scene.seal().text);
    const auto document = read_document(json);
    REQUIRE_MESSAGE(document.has_value(), (document ? "" : document.error().message));
    CanonicalJson body = to_json(document->body);
    body["end"] = to_json(document->end);
    CHECK(body == *json.find("body"));
    CHECK(to_json(document->seal) == *json.find("seal"));
    for (const auto& [digest, table] : document->blocks) {
      CHECK(to_json(table) == *json.find("blocks")->find(digest));
      CHECK(sha256(to_json(table).text()) == digest);
    }
    CHECK(document->body.id == scene.report.id);
    CHECK(document->body.plan.has_value() == scene.report.plan.has_value());
    if (scene.report.plan) CHECK(document->body.plan->orders.size() == scene.report.plan->orders.size());
  }
}

TEST_CASE("what a run never reached is null, and the rest is there") {
  DecisionScene scene(6);
  REQUIRE(scene.report.hold);
  const CanonicalJson json = parsed(scene.seal().text);
  const CanonicalJson& body = *json.find("body");
  for (const char* name : {"target", "plan", "proof"}) CHECK(body.find(name)->is_null());
  for (const char* name : {"prices", "quality", "book", "broker"}) CHECK_FALSE(body.find(name)->is_null());
  CHECK(*body.find("end")->find("hold")->find("stage")->if_text() == "fetch");
  CHECK(body.find("prices")->if_array()->front().find("price")->is_null());
  CHECK(*body.find("prices")->if_array()->front().find("age_sessions")->if_integer() == 7);

  const DecisionSources nothing{scene.report, scene.settings, nullptr, {}, *scene.calendar, {}, ""};
  RunReport before_all;
  before_all.id = scene.report.id;
  const DecisionSources even_less{before_all, scene.settings, nullptr, {}, *scene.calendar, {}, ""};
  CHECK(seal_decision(draft_decision(even_less, sha256).text(), scene.end, 1, std::string(64, '0'), sha256));
  CHECK(draft_decision(even_less, sha256).find("body")->find("book")->is_null());
}

TEST_CASE("a setting of the optimizer that came later is left out while it says nothing, and kept when it does") {
  DecisionScene scene;
  const auto optimizer_of = [&] {
    return *parsed(scene.seal().text).find("body")->find("settings")->find("optimizer");
  };
  // What decisions had before there were more: the seals of old ones stay what they were.
  CHECK(optimizer_of().if_object()->size() == 13);
  OptimizerSettings& settings = scene.settings.optimizer;
  const Symbol symbol = scene.settings.symbols.front();
  settings.benchmark = {{symbol, 1}};
  settings.cost_quadratic = 0.02;
  settings.ewma_decay = 0.97;
  settings.glide_curve = {{25, 0.95}, {65, 0.4}};
  settings.gross_max = 1.3;
  settings.labels = {{symbol, {"sector:tech", "dividend"}}};
  settings.position_min = 0.02;
  settings.positions_max = 12;
  settings.tracking_error_max = 0.04;
  settings.turnover_max = 0;  // no trade at all is another thing than no limit
  CHECK(optimizer_of().if_object()->size() == 23);
  CanonicalJson json = parsed(scene.seal().text);
  const auto document = read_document(json);
  REQUIRE_MESSAGE(document.has_value(), (document ? "" : document.error().message));
  const OptimizerSettings& read = document->body.settings.optimizer;
  CHECK(read.benchmark == settings.benchmark);
  CHECK(read.cost_quadratic == 0.02);
  CHECK(read.ewma_decay == 0.97);
  CHECK(read.glide_curve == settings.glide_curve);
  CHECK(read.gross_max == 1.3);
  CHECK(read.labels == settings.labels);
  CHECK(read.position_min == 0.02);
  CHECK(read.positions_max == 12);
  CHECK(read.tracking_error_max == 0.04);
  CHECK(read.turnover_max == 0.0);
  CHECK(to_json(document->body).find("settings")->find("optimizer")->text() == optimizer_of().text());
  // One decision has one text: what says nothing must not be written.
  json["body"]["settings"]["optimizer"]["cost_quadratic"] = CanonicalJson::of_double(0);
  const auto loud = read_document(json);
  REQUIRE_FALSE(loud);
  CHECK(loud.error().message.find("optimizer names \"cost_quadratic\" without need") != std::string::npos);
}

TEST_CASE("a column that says nothing is left out of a price table") {
  const DecisionScene scene;
  const CanonicalJson quiet = to_json(scene.tables[0]);
  CHECK(quiet.find("columns")->if_object()->size() == 4);
  CHECK(to_json(scene.tables[1]).find("columns")->find("volume") != nullptr);
  CHECK(to_json(scene.tables[2]).find("columns")->find("dividend") != nullptr);
  CHECK(to_json(scene.tables[2]).find("columns")->find("split") == nullptr);
  CanonicalJson loud = quiet;
  loud["columns"]["split"] = CanonicalJson::Array(scene.tables[0].bars().size(), CanonicalJson::of_double(1));
  CHECK(read_table(quiet, "table").has_value());
  CHECK(read_table(loud, "table").error().message == "table.columns.split says nothing and must be left out");
}

TEST_CASE("no number of a decision is floating point") {
  const std::string text = DecisionScene().seal().text;
  CHECK(text.find_first_of("\r\n") == text.size() - 1);
  // The parser knows no others; this is what a reader with other numbers would see.
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) in_text = !in_text;
    const bool is_point = !in_text && (text[i] == '.' || text[i] == 'e' || text[i] == 'E');
    const bool is_word = is_point && text[i] == 'e' && i > 0 && (text[i - 1] == 'u' || text[i - 1] == 's');
    if (is_point && !is_word) FAIL("byte " << i << " of " << text.substr(i > 20 ? i - 20 : 0, 40));
  }
}

TEST_CASE("only a draft can be sealed") {
  const DecisionScene scene;
  const std::string zeros(64, '0');
  CHECK(seal_decision("", scene.end, 1, zeros, sha256).error().code == ErrorCode::invalid);
  CHECK(seal_decision("{}", scene.end, 1, zeros, sha256).error().code == ErrorCode::invalid);
  const std::string sealed = scene.seal().text;
  CHECK_FALSE(seal_decision(sealed, scene.end, 1, zeros, sha256).has_value());
  CHECK_FALSE(seal_decision(scene.draft() + "\n", scene.end, 1, zeros, sha256).has_value());
}
