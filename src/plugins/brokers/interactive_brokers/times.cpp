#include "times.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace interactive_brokers {
namespace {

using rebalancer::ErrorCode;
using rebalancer::fail;

constexpr int minutes_per_day = 24 * 60;

// Names of Windows and of Java, and abbreviations that the tz database does not know or knows as something else.
constexpr std::array<std::pair<std::string_view, std::string_view>, 26> aliases{{
    {"EST", "America/New_York"},
    {"EDT", "America/New_York"},
    {"Eastern Standard Time", "America/New_York"},
    {"Eastern Daylight Time", "America/New_York"},
    {"CST", "America/Chicago"},
    {"CDT", "America/Chicago"},
    {"Central Standard Time", "America/Chicago"},
    {"Central Daylight Time", "America/Chicago"},
    {"MST", "America/Denver"},
    {"MDT", "America/Denver"},
    {"Mountain Standard Time", "America/Denver"},
    {"PST", "America/Los_Angeles"},
    {"PDT", "America/Los_Angeles"},
    {"Pacific Standard Time", "America/Los_Angeles"},
    {"BST", "Europe/London"},
    {"GMT Standard Time", "Europe/London"},
    {"Greenwich Mean Time", "Europe/London"},
    {"British Summer Time", "Europe/London"},
    {"CEST", "Europe/Berlin"},
    {"Central European Standard Time", "Europe/Berlin"},
    {"Central European Summer Time", "Europe/Berlin"},
    {"W. Europe Standard Time", "Europe/Berlin"},
    {"Romance Standard Time", "Europe/Paris"},
    {"Coordinated Universal Time", "UTC"},
    {"JST", "Asia/Tokyo"},
    {"HKT", "Asia/Hong_Kong"},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<int> number(std::string_view digits) {
  if (digits.empty() || digits.size() > 4 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

// "20260413"
std::optional<Date> day_from(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  const auto year = number(text.substr(0, 4)), month = number(text.substr(4, 2)), day = number(text.substr(6, 2));
  if (!year || !month || !day) return std::nullopt;
  const auto date = Date::make(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
  return date ? std::optional(*date) : std::nullopt;
}

// "0930"; "2400" is the day's end.
std::optional<int> minute_from(std::string_view text) {
  if (text.size() != 4) return std::nullopt;
  const auto hour = number(text.substr(0, 2)), minute = number(text.substr(2, 2));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > minutes_per_day) return std::nullopt;
  return *hour * 60 + *minute;
}

struct Stamp {
  Date date;
  int minute = 0, second = 0;
  bool utc = false;
  std::string_view zone;
};

std::optional<Stamp> parts_of(std::string_view text) {
  Stamp stamp;
  if (text.size() < 17) return std::nullopt;
  const auto date = day_from(text.substr(0, 8));
  if (!date) return std::nullopt;
  stamp.date = *date;
  stamp.utc = text[8] == '-';
  if (!stamp.utc && text[8] != ' ') return std::nullopt;
  text.remove_prefix(9);
  while (text.starts_with(' ')) text.remove_prefix(1);
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hour = number(text.substr(0, 2)), minute = number(text.substr(3, 2)), second = number(text.substr(6, 2));
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  stamp.minute = *hour * 60 + *minute;
  stamp.second = *second;
  text.remove_prefix(8);
  if (!text.empty() && text.front() != ' ') return std::nullopt;
  while (text.starts_with(' ')) text.remove_prefix(1);
  stamp.zone = text;
  return stamp;
}

struct Session {
  Instant open, close;
};

// The minute 24:00 is the next day's midnight.
Instant moment(const TimeZone& zone, Date date, int minute) {
  return minute == minutes_per_day ? zone.instant_of(date.plus_days(1), 0) : zone.instant_of(date, minute);
}

// "0930-20260406:1600", and "0930-1600" of older servers, after the day they begin on.
std::optional<Session> session_from(Date day, std::string_view text, const TimeZone& zone) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view opens = text.substr(0, dash), closes = text.substr(dash + 1);
  Date last = day;
  if (const std::size_t colon = opens.find(':'); colon != std::string_view::npos) {
    const auto own = day_from(opens.substr(0, colon));
    if (!own) return std::nullopt;
    day = last = *own;
    opens.remove_prefix(colon + 1);
  }
  if (const std::size_t colon = closes.find(':'); colon != std::string_view::npos) {
    const auto own = day_from(closes.substr(0, colon));
    if (!own) return std::nullopt;
    last = *own;
    closes.remove_prefix(colon + 1);
  }
  const auto open = minute_from(opens), close = minute_from(closes);
  if (!open || !close) return std::nullopt;
  const Session session{moment(zone, day, *open), moment(zone, last, *close)};
  return session.open < session.close ? std::optional(session) : std::nullopt;
}

// Calls `take` for each part between separators.
template <class Take>
bool each_part(std::string_view text, char separator, Take&& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0 && !take(text.substr(0, end))) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace

Result<TimeZone> zone_named(std::string_view name) {
  const auto alias_of = [](std::string_view text) {
    const auto found = std::ranges::find(aliases, text, [](const auto& alias) { return alias.first; });
    return found == aliases.end() ? text : found->second;
  };
  if (const std::size_t bracket = name.find(" ("); bracket != std::string_view::npos) name = name.substr(0, bracket);
  return TimeZone::named(alias_of(name));
}

std::string zone_name_in(std::string_view connected_at) {
  const auto stamp = parts_of(connected_at);
  return stamp ? std::string(stamp->zone) : std::string();
}

Result<Instant> instant_from(std::string_view text, std::string_view zone_name) {
  const auto stamp = parts_of(text);
  if (!stamp)
    return fail(ErrorCode::invalid, "\"{}\" is no time such as 20260413 15:27:04 US/Eastern", text.substr(0, 60));
  const std::string_view name = stamp->utc ? "UTC" : stamp->zone.empty() ? zone_name : stamp->zone;
  if (name.empty()) return fail(ErrorCode::not_found, "the time {} has no zone, and none is set", text.substr(0, 60));
  const auto zone = zone_named(name);
  if (!zone) return fail(zone.error());
  const Instant minute = zone->instant_of(stamp->date, stamp->minute);
  return Instant::from_nanoseconds(minute.nanoseconds() + std::int64_t{stamp->second} * 1'000'000'000);
}

Result<MarketHours> market_hours(std::string_view hours, const TimeZone& zone, Instant now) {
  MarketHours told;
  const Date today = zone.date_of(now);
  bool reaches = false, open = false;
  const bool read = each_part(hours, ';', [&](std::string_view part) {
    const auto day = part.size() > 9 && part[8] == ':' ? day_from(part.substr(0, 8)) : std::nullopt;
    if (!day) return false;
    reaches = reaches || *day >= today;
    const std::string_view rest = part.substr(9);
    if (rest == "CLOSED") return true;
    return each_part(rest, ',', [&](std::string_view text) {
      const auto session = session_from(*day, text, zone);
      if (!session) return false;
      open = open || (session->open <= now && now < session->close);
      if (session->open > now && (!told.next_open || session->open < *told.next_open)) told.next_open = session->open;
      reaches = reaches || session->close > now;
      return true;
    });
  });
  if (!read) return fail(ErrorCode::invalid, "\"{}\" are no market hours", hours.substr(0, 100));
  told.state = open ? MarketHours::State::open : reaches ? MarketHours::State::closed : MarketHours::State::not_told;
  return told;
}

}  // namespace interactive_brokers
