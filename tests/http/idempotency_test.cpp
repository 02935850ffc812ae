// A key is done once: what the store and this process know of it decides what is said.
#include "http/idempotency.hpp"

#include <set>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/memory_request_store.hpp"
#include "support/sha256.hpp"

namespace rebalancer::http {
namespace {

struct Scene {
  test::MemoryRequestStore store;
  test::FakeClock clock{Instant::from_seconds(1'700'000'000)};
  std::vector<std::string> warnings;
  KeyedRequests keyed{store, clock, [this](const std::string& what) { warnings.push_back(what); }};

  // "ours", or status and code.
  std::string begin(const std::string& key, const std::string& fingerprint) {
    const auto answer = keyed.begin(key, fingerprint);
    if (!answer) return "ours";
    const std::string_view text = answer->text();
    const std::size_t at = text.find("\"code\":\"");
    if (at == std::string_view::npos) return std::to_string(answer->status);
    return std::to_string(answer->status) + " " + std::string(text.substr(at + 8, text.find('"', at + 8) - at - 8));
  }
};

std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST_CASE("the first is ours, the second gets its answer") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  Response response = json_response(201, R"({"a":1})");
  response.content_type = "application/thing+json";
  scene.keyed.finish("k", response);
  const auto again = scene.keyed.begin("k", "f");
  REQUIRE(again.has_value());
  CHECK(again->status == 201);
  CHECK(again->text() == R"({"a":1})");
  CHECK(again->content_type == "application/thing+json");
  CHECK(header_of(*again, "Idempotency-Replayed") == "true");
  CHECK(scene.warnings.empty());
}

TEST_CASE("another request with the same key is refused, at any time") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  CHECK(scene.begin("k", "g") == "422 idempotency_key_reused");
  scene.keyed.finish("k", json_response(200, "{}"));
  CHECK(scene.begin("k", "g") == "422 idempotency_key_reused");
  scene.store.reopen();
  CHECK(scene.begin("k", "g") == "422 idempotency_key_reused");
}

TEST_CASE("while it is at work it is said so, with its job once there is one") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  CHECK(scene.begin("k", "f") == "409 request_in_progress");
  CHECK(header_of(*scene.keyed.begin("k", "f"), "Location").empty());
  scene.keyed.at_job("k", "job-1");
  CHECK(header_of(*scene.keyed.begin("k", "f"), "Location") == "/jobs/job-1");
  scene.keyed.finish("k", json_response(200, "{}"));
  scene.keyed.at_job("k", "job-1");  // too late, and no harm
  CHECK(scene.begin("k", "f") == "200");
}

TEST_CASE("begun by an earlier process: nobody knows") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  scene.store.reopen();
  std::vector<std::string> warnings;
  KeyedRequests next(scene.store, scene.clock, {});
  const auto answer = next.begin("k", "f");
  REQUIRE(answer.has_value());
  CHECK(answer->status == 409);
  CHECK(answer->text().find("\"code\":\"outcome_unknown\"") != std::string_view::npos);
  CHECK(answer->text().find("GET /history") != std::string_view::npos);
}

TEST_CASE("what did nothing is forgotten, and may come again") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  scene.keyed.forget("k");
  CHECK(scene.begin("k", "other") == "ours");
}

TEST_CASE("after a day a key is new") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  scene.keyed.finish("k", json_response(200, "{}"));
  scene.clock.advance(std::chrono::hours(24));
  CHECK(scene.begin("k", "f") == "200");
  scene.clock.advance(std::chrono::seconds(1));
  CHECK(scene.begin("k", "f") == "ours");
}

TEST_CASE("when the store cannot begin, nothing is begun") {
  Scene scene;
  scene.store.failure = Error{ErrorCode::unavailable, "the disk is full"};
  CHECK(scene.begin("k", "f") == "503 unavailable");
  scene.store.failure.reset();
  CHECK(scene.begin("k", "f") == "ours");
}

TEST_CASE("an answer that could not be kept leaves the outcome unknown, and is told") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  scene.store.failure = Error{ErrorCode::unavailable, "the disk is full"};
  scene.keyed.finish("k", json_response(200, "{}"));
  REQUIRE(scene.warnings.size() == 1);
  CHECK(scene.warnings.front().find("the disk is full") != std::string::npos);
  scene.store.failure.reset();
  CHECK(scene.begin("k", "f") == "409 outcome_unknown");
}

TEST_CASE("an answer too long to keep is not done again") {
  Scene scene;
  CHECK(scene.begin("k", "f") == "ours");
  scene.keyed.finish("k", json_response(200, std::string(RequestStore::answer_size_max + 1, 'x')));
  CHECK(scene.warnings.empty());
  CHECK(scene.begin("k", "f") == "409 answer_not_kept");
}

TEST_CASE("keys are 1 to 200 visible characters") {
  CHECK(is_idempotency_key("a"));
  CHECK(is_idempotency_key("\"quoted\"~!"));
  CHECK(is_idempotency_key(std::string(200, 'k')));
  for (const std::string& key : {std::string(), std::string(201, 'k'), std::string("a b"), std::string("a\tb"),
                                 std::string("\x7f"), std::string("\xc3\xa4"), std::string(1, '\0')}) {
    CHECK(!is_idempotency_key(key));
  }
}

TEST_CASE("whatever differs between two requests makes another fingerprint") {
  const auto print = [](std::string_view surface, std::string method, std::string path,
                        std::vector<std::pair<std::string, std::string>> query, std::string body) {
    Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    return fingerprint_of(surface, request, &test::sha256);
  };
  const std::set<std::string> prints{print("s", "POST", "/a", {}, ""),
                                     print("t", "POST", "/a", {}, ""),
                                     print("s", "PUT", "/a", {}, ""),
                                     print("s", "POST", "/b", {}, ""),
                                     print("s", "POST", "/a", {{"x", "1"}}, ""),
                                     print("s", "POST", "/a", {{"x1", ""}}, ""),
                                     print("s", "POST", "/a", {}, "x1"),
                                     print("s", "POST", "/a", {{"x", ""}, {"1", ""}}, ""),
                                     print("s", "POST", "/", {}, "a"),
                                     print("sP", "OST", "/a", {}, ""),
                                     print("s", "POST", "/a", {{"1:x", ""}}, "")};
  CHECK(prints.size() == 11);
  CHECK(print("s", "POST", "/a", {{"x", "1"}}, "b") == print("s", "POST", "/a", {{"x", "1"}}, "b"));
}

}  // namespace
}  // namespace rebalancer::http
