// What no server may take, over real sockets: one answer, the right one, and the end.
#include <doctest/doctest.h>

#include "http/malformed_corpus.hpp"
#include "http/server_scene.hpp"

using namespace rebalancer;
using test::RawClient;
using test::ServerScene;

TEST_CASE("every malformed request gets the right status, once, and its connection ends") {
  const auto corpus = test::malformed_corpus();
  CHECK(corpus.size() >= 60);
  ServerScene scene;
  std::size_t asked = 0;
  for (const auto& [name, bytes, status] : corpus) {
    CAPTURE(name);
    RawClient client(scene.port());
    // What follows would be answered by a server that took the end of the message to be elsewhere.
    client.send(bytes + test::get("/smuggled"));
    const auto all = client.rest();
    REQUIRE(all);
    std::string text = *all;
    const auto answer = test::take_answer(text);
    REQUIRE(answer);
    CHECK(answer->status == status);
    CHECK(answer->headers.at("content-type") == "application/problem+json");
    CHECK(answer->headers.at("connection") == "close");
    CHECK(answer->body.find("\"status\":" + std::to_string(status)) != std::string::npos);
    CHECK(text.empty());
    const auto exchanges = scene.exchanges();
    REQUIRE(exchanges.size() == ++asked);
    CHECK(exchanges.back().status == status);
    CHECK(exchanges.back().route == "none");
  }
  CHECK(scene.dispatched().empty());
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 0; }));
}

TEST_CASE("a malformed request behind a good one: the good one is answered, and nothing behind the bad one") {
  ServerScene scene;
  for (const auto& [name, bytes, status] : test::malformed_corpus()) {
    CAPTURE(name);
    RawClient client(scene.port());
    client.send(test::get("/good") + bytes + test::get("/smuggled"));
    const auto all = client.rest();
    REQUIRE(all);
    std::string text = *all;
    const auto good = test::take_answer(text);
    REQUIRE(good);
    CHECK(good->status == 200);
    const auto bad = test::take_answer(text);
    REQUIRE(bad);
    CHECK(bad->status == status);
    CHECK(text.empty());
  }
  for (const std::string& path : scene.dispatched()) CHECK(path == "GET /good");
}
