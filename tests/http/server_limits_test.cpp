// More connections than places: who makes room, and who is told to come back.
#include <doctest/doctest.h>

#include "http/server.hpp"
#include "http/server_scene.hpp"

using namespace rebalancer;
using namespace std::chrono_literals;
using test::get;
using test::RawAnswer;
using test::RawClient;
using test::ServerScene;

namespace {

http::ServerSettings limited(std::size_t connections_max) {
  http::ServerSettings settings;
  settings.limits.connections_max = connections_max;
  return settings;
}

}  // namespace

TEST_CASE("beyond the limit, the one longest without a whole request makes room") {
  ServerScene scene(limited(4));
  RawClient working(scene.port());
  working.send(get("/hold"));
  CHECK(scene.becomes_true([&] { return scene.held() == 1; }));
  RawClient oldest(scene.port());
  oldest.send("GET / HT");
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 2; }));
  scene.advance(1s);
  RawClient kept(scene.port());
  CHECK(kept.ask(get("/")).status == 200);
  scene.advance(1s);
  RawClient another(scene.port());
  CHECK(another.ask(get("/")).status == 200);
  scene.advance(1s);
  RawClient one_more(scene.port());
  CHECK(one_more.ask(get("/")).status == 200);
  CHECK(oldest.closed());
  CHECK(kept.ask(get("/")).status == 200);
  CHECK(scene.counts().connections == 4);
  CHECK(scene.counts().connections_evicted == 1);
  scene.release();
  CHECK(working.answer().status == 200);
}

TEST_CASE("a burst of strangers does not end the connection of a client that pauses") {
  ServerScene scene(limited(4));
  RawClient kept(scene.port());
  CHECK(kept.ask(get("/")).status == 200);
  std::vector<std::unique_ptr<RawClient>> strangers;
  for (int i = 0; i < 40; ++i) {
    scene.advance(1ms);
    strangers.push_back(std::make_unique<RawClient>(scene.port()));
    CHECK(scene.becomes_true([&] { return scene.counts().connections_accepted == 2U + static_cast<unsigned>(i); }));
  }
  CHECK(kept.ask(get("/")).status == 200);
  CHECK(scene.counts().connections_evicted == 37);
}

TEST_CASE("nor does it when nearly all places are at work") {
  ServerScene scene(limited(6));
  std::vector<std::unique_ptr<RawClient>> working;
  for (std::size_t i = 0; i < 4; ++i) {
    working.push_back(std::make_unique<RawClient>(scene.port()));
    working.back()->send(get("/hold"));
    CHECK(scene.becomes_true([&] { return scene.held() == i + 1; }));
  }
  RawClient kept(scene.port());
  CHECK(kept.ask(get("/")).status == 200);
  std::vector<std::unique_ptr<RawClient>> strangers;
  for (int i = 0; i < 20; ++i) {
    scene.advance(1ms);
    strangers.push_back(std::make_unique<RawClient>(scene.port()));
    CHECK(scene.becomes_true([&] { return scene.counts().connections_accepted == 6U + static_cast<unsigned>(i); }));
  }
  CHECK(kept.ask(get("/")).status == 200);
  CHECK(strangers.back()->ask(get("/")).status == 200);
  scene.release();
}

TEST_CASE("clients that have asked before hold no more than half of the waiting places") {
  ServerScene scene(limited(4));
  std::vector<std::unique_ptr<RawClient>> known;
  for (int i = 0; i < 4; ++i) {
    scene.advance(1ms);
    known.push_back(std::make_unique<RawClient>(scene.port()));
    CHECK(known.back()->ask(get("/")).status == 200);
  }
  std::vector<std::unique_ptr<RawClient>> newcomers;
  for (int i = 0; i < 8; ++i) {
    scene.advance(1ms);
    newcomers.push_back(std::make_unique<RawClient>(scene.port()));
    CHECK(scene.becomes_true([&] { return scene.counts().connections_accepted == 5U + static_cast<unsigned>(i); }));
  }
  CHECK(known[0]->closed());
  CHECK(known[1]->closed());
  CHECK(known[2]->ask(get("/")).status == 200);
  CHECK(known[3]->ask(get("/")).status == 200);
  CHECK(newcomers.back()->ask(get("/")).status == 200);
}

TEST_CASE("a thousand slow connections leave the next one its answer") {
  ServerScene scene(limited(32));
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 1000; ++i) {
    slow.push_back(std::make_unique<RawClient>(scene.port()));
    slow.back()->send("GET / HTTP/1.1\r\nX: a\r\n");
    if (i >= 200) slow[static_cast<std::size_t>(i) - 200].reset();
    if (i % 100 == 99) CHECK(RawClient(scene.port()).ask(get("/health")).status == 200);
  }
  CHECK(scene.counts().connections <= 32);
  CHECK(scene.counts().connections_evicted > 500);
}

TEST_CASE("when all are at work the next is told so, and served when one has ended") {
  ServerScene scene(limited(2));
  std::vector<std::unique_ptr<RawClient>> working;
  for (int i = 0; i < 2; ++i) {
    working.push_back(std::make_unique<RawClient>(scene.port()));
    working.back()->send(get("/hold"));
  }
  CHECK(scene.becomes_true([&] { return scene.held() == 2; }));
  RawClient third(scene.port());
  third.send(get("/"));
  const RawAnswer busy = third.answer();
  CHECK(busy.status == 503);
  CHECK(busy.headers.at("retry-after") == "1");
  CHECK(third.closed());
  // Far more of them than are told: none is kept, none hurts.
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<RawClient>(scene.port()));
  CHECK(scene.becomes_true([&] { return scene.counts().connections_accepted == 103; }));
  CHECK(scene.counts().connections <= 2 + 16);
  CHECK(scene.counts().requests_at_work >= 2);
  scene.release();
  for (const auto& client : working) CHECK(client->answer().status == 200);
  crowd.clear();
  CHECK(scene.becomes_true([&] { return RawClient(scene.port()).ask(get("/")).status == 200; }));
}
