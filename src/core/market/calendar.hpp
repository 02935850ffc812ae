// On which days, and from when to when, an exchange trades: rules in code, no table to run out.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"

namespace rebalancer {

class Calendar {
 public:
  virtual ~Calendar() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;       // "XNYS"
  [[nodiscard]] virtual std::string_view time_zone() const = 0;  // "America/New_York"
  [[nodiscard]] virtual bool is_session(Date date) const = 0;
  [[nodiscard]] virtual bool is_early_close(Date date) const = 0;
  // The moment trading starts and ends; `date` must be a session.
  [[nodiscard]] virtual Instant open(Date date) const = 0;
  [[nodiscard]] virtual Instant close(Date date) const = 0;

  // The latest session before `date`, the earliest after it, and the latest that is not after it.
  [[nodiscard]] Date previous_session(Date date) const;
  [[nodiscard]] Date next_session(Date date) const;
  [[nodiscard]] Date session_on_or_before(Date date) const;
  // The latest session whose close is not after `now`.
  [[nodiscard]] Date last_completed_session(Instant now) const;
  // Sessions in [from, to], ascending.
  [[nodiscard]] std::vector<Date> sessions(Date from, Date to) const;
  // Number of sessions in (after, until]; 0 when until <= after.
  [[nodiscard]] int session_count(Date after, Date until) const;
};

// "XNYS", and "24x7" (every day a session, UTC days) for assets that never close. Errors: not_found, naming those
// known.
[[nodiscard]] Result<std::shared_ptr<const Calendar>> calendar_named(std::string_view name);

}  // namespace rebalancer
