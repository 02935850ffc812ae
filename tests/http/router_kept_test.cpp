// While a revision stays, one answer serves all; when it changes, nobody gets an answer older than his question.
#include <atomic>

#include <doctest/doctest.h>

#include "router_scene.hpp"

namespace rebalancer::http {
namespace {

using test::Answered;
using test::ask_for;
using test::Barrier;
using test::RouterScene;
using test::said;

struct Source {
  std::atomic<std::uint64_t> revision = 1;
  std::atomic<int> made = 0;
  std::atomic<int> status = 200;
  std::atomic<Barrier*> barrier = nullptr;

  std::vector<Route> table() {
    Route kept = test::route("GET", "/kept", [this](const Request& request, const Call&) {
      const std::uint64_t seen = revision;
      ++made;
      if (Barrier* closed = barrier.exchange(nullptr)) closed->pass();
      if (status == 0) throw std::runtime_error("cannot");
      Response response = said(std::to_string(seen) + (request.query.empty() ? "" : "?"));
      response.status = status;
      return response;
    });
    kept.parameters = {{.name = "limit", .description = "how many", .schema = R"({"type":"integer"})"}};
    kept.revision = [this] { return revision.load(); };
    return {kept, test::route("GET", "/other", [](const Request&, const Call&) { return said("other"); })};
  }
};

TEST_CASE("it is made once, and given until the revision changes") {
  Source source;
  RouterScene scene(source.table());
  const Answered first = scene.get("/kept");
  CHECK(first.member("said") == "1");
  CHECK(first.route == "/kept");
  for (int i = 0; i < 20; ++i) {
    const Answered again = scene.get("/kept");
    CHECK(again.response.body == first.response.body);  // the same bytes in memory
    CHECK(again.header("etag") == first.header("etag"));
  }
  CHECK(source.made == 1);
  ++source.revision;
  CHECK(scene.get("/kept").member("said") == "2");
  CHECK(source.made == 2);
}

TEST_CASE("304 from the loop, and while it is made") {
  Source source;
  RouterScene scene(source.table());
  const std::string tag = scene.get("/kept").header("etag");
  CHECK(scene.get("/kept", {}, {{"if-none-match", tag}}).status() == 304);
  CHECK(source.made == 1);
  ++source.revision;
  CHECK(scene.get("/kept", {}, {{"if-none-match", tag}}).status() == 200);
  const std::string next = scene.get("/kept").header("etag");
  CHECK(next != tag);
  source.revision = 1;
  CHECK(scene.get("/kept", {}, {{"if-none-match", tag}}).status() == 304);
  CHECK(source.made == 3);
}

TEST_CASE("those that come meanwhile wait for the one that is made") {
  Source source;
  Barrier barrier;
  source.barrier = &barrier;
  RouterScene scene(source.table());
  std::vector<std::future<Answered>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(scene.send(ask_for(i % 2 == 0 ? "GET" : "HEAD", "/kept")));
  barrier.await();
  barrier.open();
  for (auto& future : futures) CHECK(RouterScene::answer(std::move(future)).member("said") == "1");
  CHECK(source.made == 1);
}

TEST_CASE("who asks after a change gets an answer made after it") {
  Source source;
  Barrier barrier;
  source.barrier = &barrier;
  RouterScene scene(source.table());
  auto before = scene.send(ask_for("GET", "/kept"));
  barrier.await();
  source.revision = 2;
  auto after = scene.send(ask_for("GET", "/kept"));
  auto after_too = scene.send(ask_for("GET", "/kept"));
  scene.on_loop([] {});
  barrier.open();
  CHECK(RouterScene::answer(std::move(before)).member("said") == "1");
  CHECK(RouterScene::answer(std::move(after)).member("said") == "2");
  CHECK(RouterScene::answer(std::move(after_too)).member("said") == "2");
  CHECK(source.made == 2);
  CHECK(scene.get("/kept").member("said") == "2");
  CHECK(source.made == 2);
}

TEST_CASE("an answer made before a change is not kept for after it") {
  Source source;
  Barrier barrier;
  source.barrier = &barrier;
  RouterScene scene(source.table());
  auto before = scene.send(ask_for("GET", "/kept"));
  barrier.await();
  source.revision = 2;
  barrier.open();
  CHECK(RouterScene::answer(std::move(before)).member("said") == "1");
  CHECK(scene.get("/kept").member("said") == "2");
}

TEST_CASE("only what went well is kept") {
  Source source;
  source.status = 503;
  RouterScene scene(source.table());
  CHECK(scene.get("/kept").status() == 503);
  CHECK(scene.get("/kept").status() == 503);
  CHECK(source.made == 2);
  source.status = 0;
  CHECK(scene.get("/kept").status() == 500);
  scene.settle_pool();
  CHECK(scene.notes() == std::vector<std::string>{"cannot"});
  source.status = 200;
  CHECK(scene.get("/kept").status() == 200);
}

TEST_CASE("with parameters it is made anew") {
  Source source;
  RouterScene scene(source.table());
  CHECK(scene.get("/kept", {{"limit", "1"}}).member("said") == "1?");
  CHECK(scene.get("/kept").member("said") == "1");
  CHECK(scene.get("/kept", {{"limit", "1"}}).member("said") == "1?");
  CHECK(source.made == 3);
  CHECK(scene.get("/kept", {{"nothing", "1"}}).status() == 400);
}

TEST_CASE("when the pool takes no more, all who wait are told; and the next one tries again") {
  Source source;
  Barrier barrier;
  source.barrier = &barrier;
  RouterScene scene(source.table(), {.pool_queue = 1});
  auto first = scene.send(ask_for("GET", "/kept"));
  barrier.await();
  auto filler = scene.send(ask_for("GET", "/other"));
  source.revision = 2;
  auto second = scene.send(ask_for("GET", "/kept"));
  scene.on_loop([] {});
  CHECK(scene.get("/other").status() == 503);
  barrier.open();
  CHECK(RouterScene::answer(std::move(first)).status() == 200);
  CHECK(RouterScene::answer(std::move(filler)).status() == 200);
  const int status = RouterScene::answer(std::move(second)).status();
  CHECK((status == 200 || status == 503));  // by whether the filler had begun
  CHECK(scene.get("/kept").member("said") == "2");
}

TEST_CASE("when the service closes, those who wait are told so") {
  Source source;
  Barrier barrier;
  RouterScene scene(source.table());
  Barrier* closed = &barrier;
  REQUIRE(scene.pool.post([closed](std::stop_token) { closed->pass(); }));
  barrier.await();
  auto waiting = scene.send(ask_for("GET", "/kept"));
  auto another = scene.send(ask_for("GET", "/kept"));
  scene.on_loop([] {});
  scene.pool.request_stop();
  CHECK(RouterScene::answer(std::move(waiting)).member("code") == "closing");
  CHECK(RouterScene::answer(std::move(another)).member("code") == "closing");
  CHECK(scene.get("/kept").status() == 503);
  barrier.open();
}

TEST_CASE("under constant change everybody is answered, with nothing older than his question") {
  Source source;
  RouterScene scene(source.table());
  for (int i = 0; i < 200; ++i) {
    source.revision = static_cast<std::uint64_t>(i + 2);
    std::vector<std::future<Answered>> futures;
    for (int j = 0; j < 3; ++j) futures.push_back(scene.send(ask_for("GET", "/kept")));
    for (auto& future : futures) {
      CHECK(RouterScene::answer(std::move(future)).member("said") == std::to_string(i + 2));
    }
  }
}

}  // namespace
}  // namespace rebalancer::http
