// Bodies are read strictly, in bounded time, and every refusal says why and where.
#include "http/json_body.hpp"

#include <string>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>

namespace rebalancer::http {
namespace {

namespace json = boost::json;

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

// Why it is refused; "ok" when it is not.
std::string verdict(std::string_view text) {
  const auto parsed = parse_strict_json(text);
  return parsed ? "ok" : parsed.error().detail;
}
int line_of(std::string_view text) {
  const auto parsed = parse_strict_json(text);
  return parsed ? 0 : parsed.error().line;
}
bool mentions(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Request request_with(std::string body) {
  Request request;
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

TEST_CASE("what is JSON is read as it is") {
  for (const char* text :
       {"null", "true", "0", "-0", "-1", "\"\"", "[]", "{}", "9223372036854775807", "-9223372036854775808", "0.5",
        "1e5", "-1.25", R"({"a":[1,{"b":"c"}],"d":null})", R"("\u00e4\ud83d\ude00")", " \t\r\n{ }\n"}) {
    CAPTURE(text);
    CHECK(verdict(text) == "ok");
    CHECK(*parse_strict_json(text) == json::parse(text));
  }
  CHECK(parse_strict_json(R"({"a":[1,2.5,"x"],"b":{"c":true}})")->at("a").as_array().size() == 3);
  CHECK(parse_strict_json("9223372036854775807")->as_int64() == INT64_MAX);
}

TEST_CASE("what is not is refused with its line") {
  CHECK(line_of("{\n\"a\":1,\n\n\"b\" 2}") == 4);
  CHECK(line_of("{\"a\":1}\n\nx") == 3);
  CHECK(line_of("") == 1);
  CHECK(line_of("{\n\"a\":1,\n\"a\":2}") == 3);
  CHECK(line_of("[\n1,\n\xff]") == 3);
  CHECK(mentions(verdict("{"), "ends too early"));
  CHECK(mentions(verdict(""), "ends too early"));
  CHECK(mentions(verdict("{} {}"), "goes on after"));
  CHECK(mentions(verdict("1 2"), "goes on after"));
  for (const char* text : {"{a:1}", "{'a':1}", "[1,]", "{\"a\":1,}", "NaN", "Infinity", "-", "01", "1.", ".5", "+1",
                           "tru", "/* c */ 1", "// c\n1", "\"\t\"", "\"\\x\"", "[1 2]", "}"}) {
    CAPTURE(text);
    CHECK(verdict(text) != "ok");
  }
}

TEST_CASE("a key that comes twice is refused at every level, however it is written") {
  CHECK(verdict(R"({"a":1,"b":2,"a":3})") == "key \"a\" is given twice in one object");
  CHECK(verdict(R"({"x":[{"y":{"deep":1,"deep":1}}]})") == "key \"deep\" is given twice in one object");
  CHECK(verdict(R"({"a":1,"\u0061":2})") == "key \"a\" is given twice in one object");
  CHECK(verdict(R"({"":1,"":2})") == "key \"\" is given twice in one object");
  CHECK(verdict(R"({"a":{"a":1},"b":{"a":1}})") == "ok");
  CHECK(verdict(R"([{"a":1},{"a":1}])") == "ok");
}

TEST_CASE("numbers are finite, integers fit") {
  CHECK(verdict("1e308") == "ok");
  for (const char* text : {"1e400", "-1e400", "[1e309]", "1e99999999999999999999", "{\"a\":1.5e4000}"}) {
    CAPTURE(text);
    CHECK(verdict(text) != "ok");
    CHECK(mentions(verdict(text), "too large"));
  }
  for (const char* text : {"9223372036854775808", "18446744073709551615", "18446744073709551616",
                           "-9223372036854775809", "123456789012345678901234567890"}) {
    CAPTURE(text);
    CHECK(verdict(text) == fmt::format("integer {} does not fit into 64 bits", text));
  }
  CHECK(verdict("12345678901234567890.5") == "ok");
}

TEST_CASE("only UTF-8 is text") {
  CHECK(verdict("\"\xc3\xa4\"") == "ok");
  for (const char* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc3\"",
                           "\xef\xbb\xbf{}\xff", "{\"\x80\":1}"}) {
    CHECK(verdict(text) == "the body is not UTF-8");
  }
  CHECK(verdict(R"("\ud800")") != "ok");
  CHECK(mentions(verdict(R"({"\udc00":1})"), "surrogate"));
  CHECK(mentions(verdict(R"("\ud800\ud800")"), "surrogate"));
  CHECK(verdict("\xef\xbb\xbf{}") != "ok");
}

TEST_CASE("depth and number of values are bounded") {
  CHECK(verdict(repeated("[", 16) + repeated("]", 16)) == "ok");
  CHECK(mentions(verdict(repeated("[", 17) + repeated("]", 17)), "deeper than 16"));
  CHECK(verdict(repeated("{\"a\":", 15) + "{}" + repeated("}", 15)) == "ok");
  CHECK(mentions(verdict(repeated("{\"a\":", 16) + "{}" + repeated("}", 16)), "deeper than 16"));
  CHECK(verdict("[" + repeated("1,", 9'998) + "1]") == "ok");
  CHECK(mentions(verdict("[" + repeated("1,", 9'999) + "1]"), "more than 10000 values"));
}

TEST_CASE("bombs end at once") {
  std::string keys = "{";
  for (int i = 0; i < 9'000; ++i) keys += fmt::format("\"{}{}\":0,", std::string(50, 'a'), i);
  keys.back() = '}';
  std::string digits = "[" + std::string(1'000'000, '9') + "]";
  const std::string bombs[] = {repeated("[", 100'000),
                               repeated("{\"a\":", 50'000),
                               repeated("[[],", 20'000),
                               "\"" + std::string(1 << 20, 'x') + "\"",
                               "\"" + repeated("\\u0000", 170'000) + "\"",
                               "{\"" + std::string(1 << 20, 'k') + "\":1,\"" + std::string(1 << 20, 'k') + "\":1}",
                               repeated("1,", 500'000),
                               "[" + repeated("\"\",", 30'000) + "\"\"]",
                               keys,
                               digits,
                               "1e" + std::string(60'000, '9'),
                               "0." + std::string(60'000, '0') + "1"};
  for (const std::string& bomb : bombs) {
    const auto parsed = parse_strict_json(bomb);
    // Whatever it is, its refusal is short.
    if (!parsed) CHECK(parsed.error().detail.size() < 500);
  }
  CHECK(verdict(keys) == "ok");
}

TEST_CASE("fields are read one by one, and the first mistake is told") {
  const Request request = request_with(R"({"dry_run":true,"band":0.25,"reason":"why","weights":{"SPY":1}})");
  BodyFields fields(request);
  CHECK(fields.boolean("dry_run") == true);
  CHECK(fields.number("band", 0, 1) == 0.25);
  CHECK(fields.text("reason") == "why");
  REQUIRE(fields.object("weights") != nullptr);
  CHECK(fields.object("weights")->size() == 1);
  CHECK(!fields.boolean("absent"));
  CHECK(!fields.problem());
}

struct Told {
  int status = 0;
  json::object json;
  [[nodiscard]] std::string text(const char* key) const {
    const auto* value = json.if_contains(key);
    return value == nullptr ? "" : value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  }
};
template <class Read>
Told told(std::string body, Read read) {
  const Request request = request_with(std::move(body));
  BodyFields fields(request);
  read(fields);
  const auto problem = fields.problem();
  REQUIRE(problem.has_value());
  return {problem->status, json::parse(std::string(problem->text())).as_object()};
}
const auto read_all = [](BodyFields& fields) {
  static_cast<void>(fields.boolean("dry_run"));
  static_cast<void>(fields.number("band", 0, 0.5));
  static_cast<void>(fields.text("reason", 5));
  static_cast<void>(fields.object("weights"));
};

TEST_CASE("every way a field can be wrong is a 400 with its name") {
  const std::pair<const char*, const char*> rows[] = {{R"({"dry_run":"yes"})", "dry_run"},
                                                      {R"({"dry_run":1})", "dry_run"},
                                                      {R"({"band":0.51})", "band"},
                                                      {R"({"band":-1})", "band"},
                                                      {R"({"band":"1"})", "band"},
                                                      {R"({"band":null})", "band"},
                                                      {R"({"reason":"too long"})", "reason"},
                                                      {R"({"reason":5})", "reason"},
                                                      {R"({"weights":[]})", "weights"},
                                                      {R"({"dry_rum":true})", "dry_rum"}};
  for (const auto& [body, field] : rows) {
    CAPTURE(body);
    const Told problem = told(body, read_all);
    CHECK(problem.status == 400);
    CHECK(problem.text("field") == field);
  }
  CHECK(told(R"({"band":0.51})", read_all).text("detail") == "band is 0.51, must be from 0 to 0.5");
  CHECK(told(R"({"dry_rum":true})", read_all).text("detail") == "unknown key \"dry_rum\", did you mean \"dry_run\"?");
  CHECK(told(R"({"zzz":1})", read_all).text("detail") == "unknown key \"zzz\"");
}

TEST_CASE("what is no object is told as such, and an empty body is an empty object") {
  CHECK(told("[1]", read_all).text("detail") == "the body must be a JSON object");
  CHECK(told("{\n\"band\":0.1,\n\"band\":0.2}", read_all).text("line") == "3");
  CHECK(told("{", read_all).text("code") == "invalid_json");
  const Request empty = request_with("");
  BodyFields fields(empty);
  read_all(fields);
  CHECK(!fields.problem());
}

TEST_CASE("a rule of the caller's own counts, the first of all") {
  CHECK(told(R"({"dry_run":true})", [](BodyFields& fields) {
          static_cast<void>(fields.boolean("dry_run"));
          fields.complain("dry_run", "not today");
          fields.complain("dry_run", "nor tomorrow");
        }).text("detail") == "not today");
}

TEST_CASE("a key as long as a body does not come back whole") {
  const Told problem = told("{\"" + std::string(60'000, 'k') + "\":1}", read_all);
  CHECK(json::serialize(problem.json).size() < 500);
}

}  // namespace
}  // namespace rebalancer::http
