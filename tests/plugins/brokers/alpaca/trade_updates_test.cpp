#include "alpaca/trade_updates.hpp"

#include <doctest/doctest.h>

namespace alpaca {
namespace {

using Kind = StreamMessage::Kind;

Instant at(std::int64_t seconds) { return Instant::from_seconds(1'772'463'600 + seconds); }

WireOrder order(std::string_view status) {
  WireOrder made;
  made.client_id = "a";
  made.status = std::string(status);
  return made;
}

// Listening since 0, order "a" seen open at 0.
struct Scene {
  Scene() {
    hints.listening();
    hints.seen("a", order("new"), hints.look(at(0)));
  }
  [[nodiscard]] bool spares(std::int64_t seconds) const { return hints.snapshot("a", at(seconds)).has_value(); }
  OrderHints hints;
};

TEST_CASE("messages of the stream") {
  const auto kind = [](std::string_view text) { return stream_message_from(text).value().kind; };
  CHECK(kind(R"({"stream":"authorization","data":{"status":"authorized","action":"authenticate"}})") ==
        Kind::authorized);
  const auto refused = stream_message_from(
      R"({"stream":"authorization","data":{"status":"unauthorized","message":"access key verification failed"}})");
  CHECK(refused.value().kind == Kind::refused);
  CHECK(refused.value().why == "access key verification failed");
  CHECK(kind(R"({"stream":"listening","data":{"streams":["trade_updates"]}})") == Kind::listening);
  CHECK(kind(R"({"stream":"listening","data":{"streams":[]}})") == Kind::refused);
  CHECK(kind(R"({"stream":"listening","data":{"error":"no"}})") == Kind::refused);
  CHECK(kind(R"({"stream":"account_updates","data":{}})") == Kind::other);
  const auto update = stream_message_from(
      R"({"stream":"trade_updates","data":{"event":"fill","qty":"1","order":{"id":"1","client_order_id":"a"}}})");
  CHECK(update.value().kind == Kind::update);
  CHECK(update.value().client_id == "a");
}

TEST_CASE("what is no message of the stream is an error") {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "\0\xff\x82"sv, "[]"sv, "{}"sv, "<html>"sv, R"({"stream":7})"sv, R"({"stream":"authorization"})"sv,
        R"({"stream":"trade_updates","data":{"order":[]}})"sv,
        R"({"stream":"trade_updates","data":{"order":{"client_order_id":null}}})"sv,
        R"({"stream":"listening","stream":"listening","data":{"streams":["trade_updates"]}})"sv}) {
    CAPTURE(text);
    CHECK_FALSE(stream_message_from(text));
  }
  const std::string blanks(stream_message_bytes_max, ' ');
  CHECK_FALSE(stream_message_from(R"({"stream":"x"})" + blanks));
}

TEST_CASE("a look is spared while nothing is heard of the order, and never beyond the bound") {
  const Scene scene;
  CHECK(scene.spares(15));
  CHECK_FALSE(scene.spares(16));  // its update may have been lost
  CHECK_FALSE(scene.spares(-1));  // the clock was set back
  CHECK_FALSE(scene.hints.snapshot("never seen", at(1)));
}

TEST_CASE("a clock that stands still or was set back a little makes nothing younger than the stream's beats do") {
  Scene scene;
  for (std::uint64_t beat = 1; beat < OrderHints::snapshot_beats_max; ++beat) {
    scene.hints.beat();
    CHECK(scene.spares(1));
  }
  scene.hints.beat();
  CHECK_FALSE(scene.spares(1));
  scene.hints.seen("a", order("new"), scene.hints.look(at(1)));
  CHECK(scene.spares(1));
}

TEST_CASE("news of an order asks for a look, also when it comes while the answer is on its way") {
  Scene scene;
  scene.hints.seen("b", order("new"), scene.hints.look(at(0)));
  const auto look = scene.hints.look(at(1));
  scene.hints.news("a");
  CHECK_FALSE(scene.spares(1));
  CHECK(scene.hints.snapshot("b", at(1)));
  scene.hints.seen("a", order("new"), look);
  CHECK_FALSE(scene.spares(1));
  scene.hints.seen("a", order("new"), scene.hints.look(at(1)));
  CHECK(scene.spares(1));
  scene.hints.news("what took its place");
  CHECK_FALSE(scene.spares(2));
  CHECK_FALSE(scene.hints.snapshot("b", at(2)));
}

TEST_CASE("news of an order that is being sent, or has ended, is no news of the others") {
  Scene scene;
  const auto look = scene.hints.look(at(1));
  scene.hints.expect("b");
  scene.hints.news("b");
  scene.hints.seen("b", order("new"), look);
  CHECK_FALSE(scene.hints.snapshot("b", at(1)));
  CHECK(scene.spares(1));
  scene.hints.seen("b", order("filled"), scene.hints.look(at(1)));
  scene.hints.news("b");
  CHECK(scene.spares(1));
}

TEST_CASE("what was seen before the stream was there or was lost says nothing") {
  OrderHints early;
  early.seen("a", order("new"), early.look(at(0)));
  early.beat();
  CHECK_FALSE(early.snapshot("a", at(0)));
  early.listening();
  CHECK_FALSE(early.snapshot("a", at(1)));

  Scene lost;
  lost.hints.lost();
  CHECK_FALSE(lost.spares(1));
  lost.hints.listening();
  CHECK_FALSE(lost.spares(2));

  Scene compared;
  compared.hints.news_of_all();
  CHECK_FALSE(compared.spares(1));
}

TEST_CASE("orders that ended, are about to or have an unknown status are asked for each time") {
  for (const std::string_view status : {"filled", "canceled", "rejected", "expired", "replaced", "pending_cancel",
                                        "pending_replace", "never documented"}) {
    CAPTURE(status);
    Scene scene;
    scene.hints.seen("a", order(status), scene.hints.look(at(0)));
    CHECK_FALSE(scene.spares(0));
  }
}

TEST_CASE("no more orders are kept than the bound, and those that ended make room") {
  Scene scene;
  for (std::size_t i = 1; i <= OrderHints::orders_max; ++i) {
    scene.hints.seen(std::to_string(i), order("new"), scene.hints.look(at(0)));
  }
  CHECK(scene.hints.snapshot(std::to_string(OrderHints::orders_max - 1), at(0)));
  CHECK_FALSE(scene.hints.snapshot(std::to_string(OrderHints::orders_max), at(0)));
  scene.hints.expect("one too many");
  scene.hints.seen("1", order("filled"), scene.hints.look(at(0)));
  scene.hints.seen("new", order("new"), scene.hints.look(at(0)));
  CHECK(scene.hints.snapshot("new", at(0)));
}

}  // namespace
}  // namespace alpaca
