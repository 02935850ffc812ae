// Each rule of a schema that is checked, on both sides of its bound.
#include "http/router_rules.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

namespace rebalancer::http {
namespace {

TEST_CASE("texts of parameters") {
  struct Row {
    const char* schema;
    std::vector<std::string> good, bad;
  };
  const std::vector<Row> rows{
      {R"({"type":"integer","minimum":-1,"maximum":10})",
       {"-1", "0", "10", "007"},
       {"", "-2", "11", "1.0", "1e1", "+1", " 1", "1 ", "x", "99999999999999999999", "0x1"}},
      {R"({"type":"number","minimum":0,"maximum":0.5})",
       {"0", "0.5", "5e-1", "-0"},
       {"", "-0.1", "0.51", "nan", "inf", "1e400", "x", "0.1x"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"", "1", "TRUE", "yes"}},
      {R"({"type":"string"})", {"", "anything"}, {}},
      {R"({"type":"string","minLength":2,"maxLength":3})",
       {"ab", "abc", "\xc3\xa4\xc3\xa4\xc3\xa4"},
       {"a", "abcd", ""}},
      {R"({"type":"string","enum":["open","closed"]})", {"open", "closed"}, {"", "opn", "OPEN"}},
      {R"({"type":"string","format":"date"})", {"2024-02-29", "2026-11-23"}, {"", "2026-02-29", "2026-1-1", "today"}}};
  for (const Row& row : rows) {
    const ValueRule rule{std::string_view(row.schema)};
    for (const std::string& text : row.good) CHECK_MESSAGE(!rule.against_text(text), row.schema << " " << text);
    for (const std::string& text : row.bad) CHECK_MESSAGE(rule.against_text(text), row.schema << " " << text);
  }
}

TEST_CASE("values of bodies") {
  struct Row {
    const char* schema;
    std::vector<const char*> good, bad;
  };
  const std::vector<Row> rows{
      {R"({"type":"integer","minimum":1})", {"1", "2.0", "5"}, {"0", "1.5", "\"1\"", "null", "true"}},
      {R"({"type":"number","maximum":1})", {"1", "-3", "0.25"}, {"1.5", "\"1\"", "[]"}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "\"true\"", "null"}},
      {R"({"type":"string","maxLength":2})", {"\"\"", "\"ab\""}, {"\"abc\"", "1", "null"}},
      {R"({"type":"object"})", {"{}"}, {"[]", "1"}},
      {R"({"type":"array"})", {"[]"}, {"{}", "1"}},
      {R"({"type":["string","null"]})", {"null", "\"a\"", "1"}, {}},
      {R"({})", {"null", "1", "[]"}, {}}};
  for (const Row& row : rows) {
    const ValueRule rule{std::string_view(row.schema)};
    for (const char* text : row.good) CHECK_MESSAGE(!rule.against(boost::json::parse(text)), row.schema << " " << text);
    for (const char* text : row.bad) CHECK_MESSAGE(rule.against(boost::json::parse(text)), row.schema << " " << text);
  }
}

TEST_CASE("what is wrong is told with the value and the rule") {
  CHECK(ValueRule(R"({"type":"integer"})").against_text("x") == "is \"x\", must be an integer");
  CHECK(ValueRule(R"({"type":"integer","minimum":1})").against_text("0") == "is 0, must be at least 1");
  CHECK(ValueRule(R"({"enum":["filled","open"]})").against_text("filed") ==
        "is \"filed\", must be one of filled, open; did you mean \"filled\"?");
  CHECK(ValueRule(R"({"type":"string","maxLength":2})").against_text("abc") == "has 3 characters, must have at most 2");
  CHECK(ValueRule(R"({"type":"integer"})").against_text(std::string(1000, '9')) ==
        "is 1000 bytes long, must be an integer");
}

TEST_CASE("parameters and keys that must be there") {
  Route route{.method = "POST", .path = "/a", .operation_id = "a", .summary = "a", .answers = {}, .handle = {}};
  route.parameters = {{.name = "day", .description = "", .schema = R"({"type":"string"})", .required = true}};
  route.body_schema = R"({"type":"object","required":["at"],"properties":{"at":{"type":"string"}}})";
  const RequestRules rules(route);
  const auto checked = [&](std::vector<std::pair<std::string, std::string>> query, std::string body) {
    Request request;
    request.query = std::move(query);
    request.body = std::move(body);
    request.headers = {{"content-type", "application/json"}};
    const auto wrong = rules.check(request);
    return wrong ? std::string(boost::json::parse(std::string(wrong->text())).at("detail").as_string()) : "ok";
  };
  CHECK(checked({{"day", "x"}}, R"({"at":"1"})") == "ok");
  CHECK(checked({{"day", "x"}}, R"({"at":"1","other":1})") == "ok");
  CHECK(checked({}, R"({"at":"1"})") == "parameter day is missing");
  CHECK(checked({{"day", "x"}}, "{}") == "at is missing");
  CHECK(checked({{"day", "x"}}, "") == "at is missing");
  CHECK(checked({{"day", "x"}}, R"({"at":1})") == "at must be a string");
}

}  // namespace
}  // namespace rebalancer::http
