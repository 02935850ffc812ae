#include "laboratory/faults.hpp"

#include <doctest/doctest.h>

namespace rebalancer::laboratory {
namespace {

std::string reason(std::string_view text) {
  const auto script = FaultScript::parse(text);
  REQUIRE_MESSAGE(!script, text);
  return script.error().message;
}

TEST_CASE("a script reads back as it was written") {
  for (const char* text : {
           "reply-lost@submit:1",
           "too-many(30)@any:3..6",
           "error-before(502)@submit",
           "hidden(2)@submit:4..",
           "split(SPY 2:1)@any:10, overnight@any:11, split-untold(SPY 1:10)@any:12",
           "dividend(SPY 1.25)@clock:1, outside-trade(QQQ -5.5)@positions:2, price(SPY 99.5)@any:1",
           "clock-jump(-3600)@account:2",
           "cut(0)@list:1, cut-body(12)@list:2, slow(1)@list:3",
       }) {
    const auto script = FaultScript::parse(text);
    REQUIRE_MESSAGE(script, script.error().message);
    CHECK(script->to_string() == text);
  }
  CHECK(FaultScript::parse("").value().faults().empty());
  CHECK(FaultScript::parse("  ").value().faults().empty());
  // What is left out has a default, which the text shows.
  CHECK(FaultScript::parse("too-many@any:1").value().to_string() == "too-many(1)@any:1");
  CHECK(FaultScript::parse(" reply-lost @ submit : 2 .. ").value().to_string() == "reply-lost@submit:2..");
}

TEST_CASE("what is wrong with a script is told") {
  CHECK(reason("reply-lots@submit:1") == "\"reply-lots\" is no fault; did you mean reply-lost?");
  CHECK(reason("reply-lost") == "\"reply-lost\" does not say which request; write reply-lost@submit:1");
  CHECK(reason("reply-lost(3)@submit:1") == "reply-lost takes nothing in brackets, but has \"3\"");
  CHECK(reason("reply-lost@sumbit:1").find("is no kind of request; there are submit, find") != std::string::npos);
  CHECK(reason("reply-lost@submit:0") == "requests 0 are counted from 1, and upwards");
  CHECK(reason("reply-lost@submit:4..2") == "requests 4..2 are counted from 1, and upwards");
  CHECK(reason("reply-lost@submit:x") == "\"x\" says no requests; write 3, 3..6 or 3.. (counted from 1)");
  CHECK(reason("error-before(404)@submit:1") == "404 of error-before must be from 500 to 599");
  CHECK(reason("error-before(many)@submit:1") == "\"many\" of error-before is not of the form error-before(STATUS)");
  CHECK(reason("hidden(2@submit:1") == "\"hidden(2\" has no closing bracket");
  CHECK(reason("split@any:1") == "split needs its brackets: split(SYMBOL 2:1)");
  CHECK(reason("split(SPY)@any:1") == "\"SPY\" of split is not of the form split(SYMBOL 2:1)");
  CHECK(reason("split(SPY 200:1)@any:1") == "split 200:1 must have numbers from 1 to 100");
  CHECK(reason("dividend(SPY -1)@any:1") == "-1 of dividend must be above 0 and at most 1000000");
  CHECK(reason("reply-lost@submit:1,,cut@any:1") == "there is an empty fault between two commas");
  CHECK(reason("reply-lost@submit:1,") == "there is an empty fault between two commas");
}

TEST_CASE("requests are counted of their kind, or all together") {
  FaultScript script = FaultScript::parse("reply-lost@submit:2, too-many@any:3..4").value();
  CHECK(script.take(RequestKind::submit).empty());
  CHECK(script.take(RequestKind::account).empty());
  const auto both = script.take(RequestKind::submit);
  REQUIRE(both.size() == 2);
  CHECK(both[0].kind == FaultKind::reply_lost);
  CHECK(both[1].kind == FaultKind::too_many);
  CHECK(script.take(RequestKind::clock).size() == 1);
  CHECK(script.take(RequestKind::submit).empty());
  CHECK(script.seen(RequestKind::submit) == 3);
  CHECK(script.seen_in_all() == 5);
}

TEST_CASE("what is added counts from now") {
  FaultScript script;
  static_cast<void>(script.take(RequestKind::submit));
  script.append(FaultScript::parse("reply-lost@submit:1, slow@any").value());
  const auto taken = script.take(RequestKind::submit);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].kind == FaultKind::reply_lost);
  CHECK(script.take(RequestKind::submit).size() == 1);
}

TEST_CASE("a random script is a function of its seed, and can be typed in again") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const FaultScript script = FaultScript::random(seed, 6, 10);
    CHECK(script.faults().size() == 6);
    const std::string text = script.to_string();
    CHECK(FaultScript::random(seed, 6, 10).to_string() == text);
    const auto again = FaultScript::parse(text);
    REQUIRE_MESSAGE(again, text << ": " << again.error().message);
    CHECK(again->to_string() == text);
  }
  CHECK(FaultScript::random(1, 6, 10).to_string() != FaultScript::random(2, 6, 10).to_string());
}

TEST_CASE("every fault is told with its form") {
  for (const auto& [form, help] : fault_help()) {
    CHECK(!form.empty());
    CHECK(help.size() > 10);
  }
  CHECK(request_kind_names().ends_with(", any"));
}

}  // namespace
}  // namespace rebalancer::laboratory
