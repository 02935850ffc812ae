// What outlives a killed process: the broker's books, the time, and what the lives of a trial left behind. Plain values
// in memory that parent and children share; no pointers.
#pragma once
#include <array>
#include <cstdint>

#include "core/base/random.hpp"
#include "core/portfolio/order.hpp"
#include "core/ports/broker_capabilities.hpp"

namespace rebalancer::crash {

constexpr std::size_t symbols_max = 8;
constexpr std::size_t orders_max = 64;
constexpr std::size_t parts_max = 4;

using Word = std::array<char, 96>;  // zero-terminated
void put(Word& word, std::string_view text);

// A part of an order that fills at a time fixed when the order was accepted.
struct HeldPart {
  std::int64_t quantity = 0;
  std::int64_t fee = 0;
  std::int64_t at = 0;
  bool done = false;
};

struct HeldOrder {
  Word client_id{};
  std::size_t symbol = 0;
  Side side = Side::buy;
  std::int64_t quantity = 0;
  OrderState state = OrderState::acknowledged;
  std::int64_t filled = 0;
  std::int64_t fee = 0;
  std::int64_t accepted_at = 0;
  std::int64_t visible_at = 0;  // no look-up finds it before
  std::int64_t cancelled_at = 0;
  std::size_t parts = 0;
  std::array<HeldPart, parts_max> part{};
};

struct BrokerBooks {
  std::size_t symbols = 0;
  std::array<Word, symbols_max> symbol{};
  std::array<std::int64_t, symbols_max> mark{};  // billionths
  std::array<std::int64_t, symbols_max> shares{};
  std::int64_t cash = 0;
  std::int64_t lowest_cash = 0;
  std::size_t orders = 0;
  std::array<HeldOrder, orders_max> order{};
};

// How a life ended, as far as it could still say so.
struct LifeEnd {
  bool ended = false;           // false: killed
  bool opened = false;          // the journal, the decisions and the switch could be opened
  bool journal_failed = false;  // before the run said how it ended
  bool traded = false;
  bool hold = false;
  bool ambiguous = false;
  bool left_undone = false;
  std::array<char, 400> reason{};
  std::uint64_t steps = 0;
  std::uint64_t file_steps = 0;
};

struct World {
  bool tell = false;                // on stderr what happens
  std::int64_t now = 0;             // nanoseconds; moves only when somebody waits or asks the broker
  Random random{0};                 // of the broker and its faults
  int fault_percent = 0;            // of the requests that go wrong now
  bool refuses_duplicates = false;  // or answers them with what became of the first
  BrokerBooks books;
  std::array<std::int64_t, symbols_max> shares_before{};  // before the first life
  LifeEnd life;
  bool journal_failed = false;  // a write of the journal's failed in this life
  int sent_after_failure = 0;
  int submits_failed = 0;  // without a clean answer
  int requests_failed = 0;
};

}  // namespace rebalancer::crash
