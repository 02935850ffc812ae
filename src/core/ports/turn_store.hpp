// The scheduler's memory: each session date has one turn, durable before anything is started for it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace rebalancer {

enum class TurnState {
  running,  // an attempt is under way, or the process died during one
  waiting,  // an attempt failed, another one follows
  done,     // a run ended as it should: traded, in band, or held for a reason that another attempt cannot change
  failed,   // every attempt failed
  missed,   // nobody was there in time
};
[[nodiscard]] constexpr std::string_view name_of(TurnState state) {
  switch (state) {
    case TurnState::running:
      return "running";
    case TurnState::waiting:
      return "waiting";
    case TurnState::done:
      return "done";
    case TurnState::failed:
      return "failed";
    case TurnState::missed:
      return "missed";
  }
  return "";
}

struct Turn {
  std::string portfolio;
  Date session;  // the trading day it belongs to
  Instant due_at;
  TurnState state = TurnState::running;
  int attempts = 0;                        // begun so far
  std::optional<Instant> next_attempt_at;  // waiting only
  std::optional<Instant> started_at;       // of the last attempt
  std::optional<Instant> finished_at;      // of the last attempt
  std::string run_id;                      // of the last attempt, once known
  std::string outcome;                     // "traded", "held", "in_band"; empty while running
  std::string reason;

  friend bool operator==(const Turn&, const Turn&) = default;
};

// Errors of all: unavailable, exhausted; invalid for a turn that has a time of a next attempt and is not waiting, or
// the other way round.
class TurnStore {
 public:
  virtual ~TurnStore() = default;
  // Durable when it returns. Errors: conflict when the session has a turn already.
  [[nodiscard]] virtual Result<void> begin_turn(const Turn& turn) = 0;
  // Errors: not_found.
  [[nodiscard]] virtual Result<void> update_turn(const Turn& turn) = 0;
  [[nodiscard]] virtual Result<std::optional<Turn>> turn(std::string_view portfolio, Date session) = 0;
  // Running or waiting, oldest first.
  [[nodiscard]] virtual Result<std::vector<Turn>> open_turns(std::string_view portfolio) = 0;
  [[nodiscard]] virtual Result<std::vector<Turn>> turns(std::string_view portfolio, int count_max) = 0;  // newest first
  // The latest session up to `until` that has a turn.
  [[nodiscard]] virtual Result<std::optional<Turn>> last_turn(std::string_view portfolio, Date until) = 0;
  // Turns that are due after this moment are owed: not taken, they were missed. None: nothing is owed (the schedule is
  // off, or nobody ever started it).
  [[nodiscard]] virtual Result<std::optional<Instant>> owed_since(std::string_view portfolio) = 0;
  [[nodiscard]] virtual Result<void> set_owed_since(std::string_view portfolio, std::optional<Instant> since) = 0;
};

}  // namespace rebalancer
