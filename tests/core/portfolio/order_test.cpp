#include "core/portfolio/order.hpp"

#include <set>

#include <doctest/doctest.h>

namespace rebalancer {
namespace {

Symbol symbol(const char* text) { return Symbol::parse(text).value(); }

constexpr int state_count = 9;

TEST_CASE("order states move as in the table") {
  // Rows: from; columns: to, in the order of the enum: intent sending acknowledged unknown partial filled cancelled
  // rejected parked.
  const char* table[state_count] = {
      "xx....x..",  // intent: sent, or dropped before anything was
      ".xxxxxxxx",  // sending: anything may come back, but it is never unsent
      "..xxxxxxx",  // acknowledged
      "..xxxxxxx",  // unknown: left by an answer of the broker, or by a human
      "...xxxx.x",  // partial: what is filled in part was not rejected
      ".....x...",  // filled
      "......x..",  // cancelled
      ".......x.",  // rejected
      "..x.xxxxx",  // parked: a human looked
  };
  for (int from = 0; from < state_count; ++from) {
    for (int to = 0; to < state_count; ++to) {
      CAPTURE(from);
      CAPTURE(to);
      CHECK(is_legal(static_cast<OrderState>(from), static_cast<OrderState>(to)) == (table[from][to] == 'x'));
    }
  }
}

TEST_CASE("a terminal state is left for no other, and only filled, cancelled and rejected are terminal") {
  for (int from = 0; from < state_count; ++from) {
    const auto state = static_cast<OrderState>(from);
    bool leaves = false;
    for (int to = 0; to < state_count; ++to)
      leaves = leaves || (to != from && is_legal(state, static_cast<OrderState>(to)));
    CHECK(is_terminal(state) == !leaves);
  }
}

TEST_CASE("state names read back") {
  std::set<std::string_view> names;
  for (int i = 0; i < state_count; ++i) {
    const auto state = static_cast<OrderState>(i);
    names.insert(name_of(state));
    CHECK(order_state_named(name_of(state)).value() == state);
  }
  CHECK(names.size() == state_count);
  CHECK(name_of(OrderState::unknown) == "unknown");
  CHECK(order_state_named("lost").error().message == "\"lost\" is not an order state");
}

TEST_CASE("a client order id is a pure function of its inputs and differs when one of them does") {
  const std::string decision(40, 'f');
  CHECK(client_order_id("4f1c", symbol("VTI"), Side::buy, 1) == "rb-4f1c-VTI-b-1");
  CHECK(client_order_id("4f1c", symbol("VTI"), Side::buy, 1) == client_order_id("4f1c", symbol("VTI"), Side::buy, 1));
  std::set<std::string> ids;
  for (const char* run : {"4f1c", "4f1d"}) {
    for (const char* name : {"VTI", "VT", "VT-B", "BRK.B", "^GSPC"}) {
      for (const Side side : {Side::buy, Side::sell}) {
        for (const int attempt : {1, 2, 12}) ids.insert(client_order_id(run, symbol(name), side, attempt));
      }
    }
  }
  CHECK(ids.size() == 2 * 5 * 2 * 3);
}

TEST_CASE("a client order id never has more than 64 characters") {
  const std::string decision(100, 'f');
  const std::string longest = client_order_id(decision, symbol("ABCDEFGHIJKLMNOP"), Side::sell, 999'999'999);
  CHECK(longest.size() <= 64);
  CHECK(longest == "rb-" + std::string(32, 'f') + "-ABCDEFGHIJKLMNOP-s-999999999");
}

TEST_CASE("an order has a client id and a positive quantity") {
  const Quantity one(Decimal::whole(1));
  CHECK(Order::make("id", symbol("VTI"), Side::buy, one, std::nullopt));
  CHECK(Order::make("", symbol("VTI"), Side::buy, one, std::nullopt).error().message ==
        "an order for VTI has no client id");
  CHECK(Order::make("id", symbol("VTI"), Side::buy, Quantity(), std::nullopt).error().message ==
        "quantity of an order for VTI is 0, must be positive");
  CHECK_FALSE(Order::make("id", symbol("VTI"), Side::sell, Quantity(Decimal::whole(-1)), std::nullopt));
}

}  // namespace
}  // namespace rebalancer
