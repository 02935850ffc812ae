// Conditions and preferences of requests, as their standards read them.
#include "http/router_answer.hpp"

#include <doctest/doctest.h>

#include "support/sha256.hpp"

using namespace std::chrono_literals;

namespace rebalancer::http {
namespace {

TEST_CASE("If-None-Match is a list of tags compared weakly, or a star") {
  const std::string tag = entity_tag("body", &test::sha256);
  CHECK(tag.size() == 18);
  for (const std::string& sent : {tag, "W/" + tag, " " + tag + " ", "\"a\"," + tag, "\"a\" , W/\"b\" ," + tag,
                                  ",," + tag, "\"a,b\", " + tag, std::string("*")}) {
    CAPTURE(sent);
    CHECK(none_match_fails(sent, tag));
  }
  for (const std::string& sent :
       {std::string(), std::string("\"a\""), tag.substr(1, 16), "\"x" + tag.substr(1), "w/" + tag, "\"a\" " + tag,
        std::string("\"*\""), std::string("\""), "\"," + tag.substr(1, 16) + ",\"", std::string("W/")}) {
    CAPTURE(sent);
    CHECK(!none_match_fails(sent, tag));
  }
}

TEST_CASE("only what went well has a tag, and one of its own stays") {
  CHECK(tagged(json_response(404, "{}"), &test::sha256).headers.empty());
  Response own = json_response(200, "{}");
  own.headers.emplace_back("etag", "\"own\"");
  own = tagged(std::move(own), &test::sha256);
  REQUIRE(own.headers.size() == 1);
  CHECK(unless_known(own, "\"own\"").status == 304);
  CHECK(unless_known(own, "\"own\"").body == nullptr);
  CHECK(unless_known(own, std::nullopt).status == 200);
}

TEST_CASE("how long somebody waits") {
  const auto wait = [](std::vector<std::string> values) {
    Headers headers{{"accept", "wait=5"}};
    for (std::string& value : values) headers.emplace_back("prefer", std::move(value));
    return preferred_wait(headers, 10s);
  };
  CHECK(wait({}) == 10s);
  CHECK(wait({"respond-async"}) == 0s);
  CHECK(wait({"Respond-Async"}) == 0s);
  CHECK(wait({"wait=3"}) == 3s);
  CHECK(wait({"wait = \"3\""}) == 3s);
  CHECK(wait({"wait=0"}) == 0s);
  CHECK(wait({"wait=60"}) == 60s);
  CHECK(wait({"wait=61"}) == 60s);
  CHECK(wait({"wait=99999999999999999999"}) == 60s);
  CHECK(wait({"respond-async, wait=4"}) == 4s);
  CHECK(wait({"return=minimal", "wait=4;x=1 , respond-async", "wait=5"}) == 4s);
  for (const char* none :
       {"wait", "wait=", "wait=-1", "wait=1.5", "wait=x", "waits=1", "", ",", ";", "handling=lenient"}) {
    CAPTURE(none);
    CHECK(wait({none}) == 10s);
  }
}

TEST_CASE("only the first answer goes, and one that nobody gave says that the service closes") {
  std::vector<int> statuses;
  const Reply reply{[&](Response response, std::string_view) { statuses.push_back(response.status); }};
  {
    Answerer answer(reply, "/a", std::nullopt, nullptr);
    answer.send(json_response(200, "{}"));
    answer.send(json_response(500, "{}"));
  }
  { const Answerer answer(reply, "/a", std::nullopt, nullptr); }
  CHECK(statuses == std::vector<int>{200, 503});
}

}  // namespace
}  // namespace rebalancer::http
