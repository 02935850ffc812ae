#include "core/market/nyse.hpp"

#include <algorithm>
#include <array>

#include <date/date.h>

namespace rebalancer::nyse {
namespace {

enum Weekday { sunday, monday, tuesday, wednesday, thursday, friday, saturday };

constexpr int packed(int year, unsigned month, unsigned day) {
  return year * 10000 + static_cast<int>(month * 100 + day);
}

// Days of mourning, attacks and storms. Sorted.
constexpr std::array unscheduled_closures{
    19940427,                                // Nixon's funeral
    20010911, 20010912, 20010913, 20010914,  // the attacks
    20040611,                                // Reagan's funeral
    20070102,                                // Ford's funeral
    20121029, 20121030,                      // hurricane Sandy
    20181205,                                // Bush's funeral
    20250109,                                // Carter's funeral
};

// Single decisions that no rule explains. Sorted.
constexpr std::array unscheduled_early_closes{19971226, 19991231, 20031226};

// Gauss's computus in its anonymous Gregorian form; Good Friday is two days before.
bool is_good_friday(Date date, int year) {
  const int a = year % 19;
  const int b = year / 100;
  const int c = year % 100;
  const int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
  const int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
  const int m = (a + 11 * h + 22 * l) / 451;
  const int month = (h + l - 7 * m + 114) / 31;
  const int day = (h + l - 7 * m + 114) % 31 + 1;
  const date::sys_days easter = date::year(year) / month / day;
  return easter.time_since_epoch().count() - 2 == date.days();
}

// A holiday on Saturday is kept on Friday, one on Sunday on Monday.
bool is_kept(int weekday, unsigned day, unsigned holiday) {
  return day == holiday || (weekday == monday && day == holiday + 1) || (weekday == friday && day + 1 == holiday);
}

bool is_holiday(Date date, int year, unsigned month, unsigned day, int weekday) {
  const auto is_third_monday = [&] { return weekday == monday && day >= 15 && day <= 21; };
  switch (month) {
    case 1:  // a New Year on Saturday is not kept on the Friday, which is the last day of the old year
      return day == 1 || (weekday == monday && day == 2) || (year >= 1998 && is_third_monday());
    case 2:
      return is_third_monday();
    case 3:
    case 4:
      return weekday == friday && is_good_friday(date, year);
    case 5:
      return weekday == monday && day >= 25;
    case 6:
      return year >= 2022 && is_kept(weekday, day, 19);
    case 7:
      return is_kept(weekday, day, 4);
    case 9:
      return weekday == monday && day <= 7;
    case 11:
      return weekday == thursday && day >= 22 && day <= 28;
    case 12:
      return is_kept(weekday, day, 25);
    default:
      return false;
  }
}

bool closes_early(int year, unsigned month, unsigned day, int weekday) {
  switch (month) {
    case 7:
      if (year < 1995) return false;
      // Until 2012 a Thursday holiday gave a short Friday after it instead of a short Wednesday before it.
      if (year < 2013 && day == 5) return weekday == friday;
      return day == 3 && weekday != friday && (year >= 2013 || weekday != wednesday);
    case 11:  // the day after Thanksgiving
      return year >= 1992 && weekday == friday && day >= 23 && day <= 29;
    case 12:
      return day == 24 && weekday != friday;
    default:
      return false;
  }
}

}  // namespace

bool is_session(Date date) {
  const int weekday = date.weekday();
  if (weekday == saturday || weekday == sunday) return false;
  const date::year_month_day civil{date::sys_days(date::days(date.days()))};
  const int year = static_cast<int>(civil.year());
  const auto month = static_cast<unsigned>(civil.month());
  const auto day = static_cast<unsigned>(civil.day());
  return !is_holiday(date, year, month, day, weekday) &&
         !std::binary_search(unscheduled_closures.begin(), unscheduled_closures.end(), packed(year, month, day));
}

int close_minute_of_day(Date date) {
  const int year = date.year();
  const unsigned month = date.month();
  const unsigned day = date.day();
  const bool early =
      closes_early(year, month, day, date.weekday()) ||
      std::binary_search(unscheduled_early_closes.begin(), unscheduled_early_closes.end(), packed(year, month, day));
  if (!early) return regular_close_minute_of_day;
  return year <= 1992 ? 14 * 60 : 13 * 60;
}

}  // namespace rebalancer::nyse
