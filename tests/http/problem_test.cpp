// Errors as RFC 9457 wants them.
#include "http/problem.hpp"

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

namespace rebalancer::http {
namespace {

TEST_CASE("a problem says what, why and where") {
  const Response response = problem(400, {"invalid", "limit is 0, must be at least 1", "limit", 3});
  CHECK(response.status == 400);
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.text() == R"({"type":"about:blank","title":"Bad Request","status":400,"code":"invalid",)"
                           R"("detail":"limit is 0, must be at least 1","field":"limit","line":3})");
}

TEST_CASE("what there is not is left out, and what a client wrote stays JSON") {
  const Response response = problem(404, {"not_found", "no \"such\"\n\xff thing"});
  const auto json = boost::json::parse(std::string(response.text())).as_object();
  CHECK(!json.contains("field"));
  CHECK(!json.contains("line"));
  CHECK(json.at("detail").as_string() == "no \"such\"\n\xEF\xBF\xBD thing");
}

TEST_CASE("every error code has its status and its name") {
  const std::pair<ErrorCode, int> rows[] = {{ErrorCode::invalid, 400},   {ErrorCode::not_found, 404},
                                            {ErrorCode::conflict, 409},  {ErrorCode::rejected, 422},
                                            {ErrorCode::exhausted, 429}, {ErrorCode::internal, 500},
                                            {ErrorCode::timeout, 504},   {ErrorCode::unavailable, 503}};
  for (const auto& [code, status] : rows) {
    const Response response = problem(Error{code, "why"});
    CHECK(response.status == status);
    const auto json = boost::json::parse(std::string(response.text())).as_object();
    CHECK(std::string_view(json.at("code").as_string()) == name_of(code));
    CHECK(std::string_view(json.at("title").as_string()) == phrase_of(status));
    CHECK(json.at("detail").as_string() == "why");
  }
}

TEST_CASE("phrases are those of the registry") {
  CHECK(phrase_of(100) == "Continue");
  CHECK(phrase_of(200) == "OK");
  CHECK(phrase_of(304) == "Not Modified");
  CHECK(phrase_of(421) == "Misdirected Request");
  CHECK(phrase_of(422) == "Unprocessable Content");
  CHECK(phrase_of(505) == "HTTP Version Not Supported");
  CHECK(phrase_of(418) == "Unknown");
  CHECK(phrase_of(999) == "Unknown");
}

}  // namespace
}  // namespace rebalancer::http
