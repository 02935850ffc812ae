// The scheduler's memory that forgets at the end of the test; otherwise as strict as the real one.
#pragma once
#include <map>
#include <utility>

#include "core/ports/turn_store.hpp"

namespace rebalancer::test {

class MemoryTurnStore final : public TurnStore {
 public:
  Result<void> begin_turn(const Turn& turn) override {
    if (auto good = may_write(turn); !good) return good;
    const auto [place, is_new] = turns_.try_emplace({turn.portfolio, turn.session}, turn);
    if (!is_new) {
      return fail(ErrorCode::conflict, "session {} of {} has a turn already", turn.session.to_string(), turn.portfolio);
    }
    ++writes;
    return {};
  }
  Result<void> update_turn(const Turn& turn) override {
    if (auto good = may_write(turn); !good) return good;
    const auto found = turns_.find({turn.portfolio, turn.session});
    if (found == turns_.end()) {
      return fail(ErrorCode::not_found, "session {} of {} has no turn", turn.session.to_string(), turn.portfolio);
    }
    found->second = turn;
    ++writes;
    return {};
  }
  Result<std::optional<Turn>> turn(std::string_view portfolio, Date session) override {
    if (auto good = may_read(); !good) return fail(good.error());
    const auto found = turns_.find({std::string(portfolio), session});
    return found == turns_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<Turn>> open_turns(std::string_view portfolio) override {
    if (auto good = may_read(); !good) return fail(good.error());
    std::vector<Turn> open;
    for (const auto& [name, turn] : turns_) {
      const bool is_open = turn.state == TurnState::running || turn.state == TurnState::waiting;
      if (turn.portfolio == portfolio && is_open) open.push_back(turn);
    }
    return open;
  }
  Result<std::vector<Turn>> turns(std::string_view portfolio, int count_max) override {
    if (auto good = may_read(); !good) return fail(good.error());
    std::vector<Turn> newest;
    for (auto place = turns_.rbegin(); place != turns_.rend(); ++place) {
      if (static_cast<int>(newest.size()) >= count_max) break;
      if (place->second.portfolio == portfolio) newest.push_back(place->second);
    }
    return newest;
  }
  Result<std::optional<Turn>> last_turn(std::string_view portfolio, Date until) override {
    if (auto good = may_read(); !good) return fail(good.error());
    auto place = turns_.upper_bound({std::string(portfolio), until});
    if (place == turns_.begin() || (--place)->second.portfolio != portfolio) return std::nullopt;
    return place->second;
  }
  Result<std::optional<Instant>> owed_since(std::string_view portfolio) override {
    if (auto good = may_read(); !good) return fail(good.error());
    const auto found = owed_since_.find(std::string(portfolio));
    return found == owed_since_.end() ? std::nullopt : std::optional(found->second);
  }
  Result<void> set_owed_since(std::string_view portfolio, std::optional<Instant> since) override {
    if (failure) return fail(*failure);
    ++writes;
    owed_since_.erase(std::string(portfolio));
    if (since) owed_since_.emplace(portfolio, *since);
    return {};
  }

  std::optional<Error> failure;  // what every call answers while it is set
  std::size_t writes = 0;
  std::size_t reads = 0;

 private:
  Result<void> may_read() {
    if (failure) return fail(*failure);
    ++reads;
    return {};
  }
  [[nodiscard]] Result<void> may_write(const Turn& turn) const {
    if (failure) return fail(*failure);
    if (turn.portfolio.empty()) return fail(ErrorCode::invalid, "a turn is of no portfolio");
    if (turn.next_attempt_at.has_value() != (turn.state == TurnState::waiting)) {
      return fail(ErrorCode::invalid, "a turn that is {} has a time of a next attempt or lacks it",
                  name_of(turn.state));
    }
    return {};
  }

  std::map<std::pair<std::string, Date>, Turn> turns_;
  std::map<std::string, Instant> owed_since_;
};

}  // namespace rebalancer::test
