#include "core/market/calendar.hpp"

#include "core/market/nyse.hpp"
#include "core/market/time_zone.hpp"

namespace rebalancer {
namespace {

class NyseCalendar final : public Calendar {
 public:
  explicit NyseCalendar(TimeZone zone) : zone_(zone) {}
  [[nodiscard]] std::string_view name() const override { return "XNYS"; }
  [[nodiscard]] std::string_view time_zone() const override { return "America/New_York"; }
  [[nodiscard]] bool is_session(Date date) const override { return nyse::is_session(date); }
  [[nodiscard]] bool is_early_close(Date date) const override {
    return nyse::is_session(date) && nyse::close_minute_of_day(date) != nyse::regular_close_minute_of_day;
  }
  [[nodiscard]] Instant open(Date date) const override { return zone_.instant_of(date, nyse::open_minute_of_day); }
  [[nodiscard]] Instant close(Date date) const override {
    return zone_.instant_of(date, nyse::close_minute_of_day(date));
  }

 private:
  TimeZone zone_;
};

class AlwaysOpenCalendar final : public Calendar {
 public:
  [[nodiscard]] std::string_view name() const override { return "24x7"; }
  [[nodiscard]] std::string_view time_zone() const override { return "UTC"; }
  [[nodiscard]] bool is_session(Date) const override { return true; }
  [[nodiscard]] bool is_early_close(Date) const override { return false; }
  [[nodiscard]] Instant open(Date date) const override {
    return Instant::from_seconds(static_cast<std::int64_t>(date.days()) * 86'400);
  }
  [[nodiscard]] Instant close(Date date) const override { return open(date.plus_days(1)); }
};

}  // namespace

Date Calendar::previous_session(Date date) const { return session_on_or_before(date.plus_days(-1)); }

Date Calendar::next_session(Date date) const {
  do date = date.plus_days(1);
  while (!is_session(date));
  return date;
}

Date Calendar::session_on_or_before(Date date) const {
  while (!is_session(date)) date = date.plus_days(-1);
  return date;
}

Date Calendar::last_completed_session(Instant now) const {
  // East of Greenwich the exchange's day is ahead of the one in UTC.
  Date session = session_on_or_before(now.utc_date().plus_days(1));
  while (close(session) > now) session = previous_session(session);
  return session;
}

std::vector<Date> Calendar::sessions(Date from, Date to) const {
  std::vector<Date> dates;
  for (Date date = from; date <= to; date = date.plus_days(1)) {
    if (is_session(date)) dates.push_back(date);
  }
  return dates;
}

int Calendar::session_count(Date after, Date until) const {
  int count = 0;
  for (Date date = after.plus_days(1); date <= until; date = date.plus_days(1)) count += is_session(date) ? 1 : 0;
  return count;
}

Result<std::shared_ptr<const Calendar>> calendar_named(std::string_view name) {
  if (name == "24x7") return std::make_shared<const AlwaysOpenCalendar>();
  if (name != "XNYS") return fail(ErrorCode::not_found, "calendar \"{}\" is not known, must be XNYS or 24x7", name);
  const auto zone = TimeZone::named("America/New_York");
  if (!zone) return fail(zone.error());
  return std::make_shared<const NyseCalendar>(*zone);
}

}  // namespace rebalancer
