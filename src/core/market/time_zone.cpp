#include "core/market/time_zone.hpp"

#include <chrono>

#include <date/tz.h>

namespace rebalancer {
namespace {

date::local_seconds local_of(const date::time_zone* zone, Instant instant) {
  const auto moment = date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(instant.nanoseconds()));
  return zone->to_local(date::floor<std::chrono::seconds>(moment));
}

}  // namespace

Result<TimeZone> TimeZone::named(std::string_view name) {
  try {
    return TimeZone(date::locate_zone(name));
  } catch (const std::exception&) {
    // Told apart by a zone that every database has.
  }
  try {
    (void)date::locate_zone("Europe/London");
  } catch (const std::exception& error) {
    return fail(ErrorCode::unavailable, "the system's time zones cannot be read ({}), install tzdata", error.what());
  }
  return fail(ErrorCode::not_found, "\"{}\" is not a time zone, must be a name such as America/New_York", name);
}

Instant TimeZone::instant_of(Date date, int minute_of_day) const {
  const auto local = date::local_days(date::days(date.days())) + std::chrono::minutes(minute_of_day);
  return Instant::from_seconds(
      zone_->to_sys(date::local_seconds(local), date::choose::earliest).time_since_epoch().count());
}

Date TimeZone::date_of(Instant instant) const {
  return Date::from_days(
      static_cast<std::int32_t>(date::floor<date::days>(local_of(zone_, instant)).time_since_epoch().count()));
}

int TimeZone::minute_of_day(Instant instant) const {
  const auto local = local_of(zone_, instant);
  return static_cast<int>((local - date::floor<date::days>(local)).count() / 60);
}

const std::string& TimeZone::name() const { return zone_->name(); }

}  // namespace rebalancer
