#include "core/market/day_time.hpp"

#include <algorithm>
#include <charconv>

namespace rebalancer {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n\r") + 1 - first);
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Minutes in "20m", "2h"; -1 when it is neither.
int minutes_of(std::string_view text) {
  if (text.empty() || (text.back() != 'm' && text.back() != 'h')) return -1;
  const int factor = text.back() == 'h' ? 60 : 1;
  const std::string_view digits = trimmed(text.substr(0, text.size() - 1));
  if (digits.empty() || digits.size() > 4 || !std::all_of(digits.begin(), digits.end(), is_digit)) return -1;
  int count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count * factor;
}

// Minutes after midnight in "16:30"; -1 when it is no time of day.
int minute_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return -1;
  if (!is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[3]) || !is_digit(text[4])) return -1;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  return hour > 23 || minute > 59 ? -1 : hour * 60 + minute;
}

}  // namespace

Result<DayTime> parse_day_time(std::string_view text) {
  const auto rule = [] {
    return fail(ErrorCode::invalid, "must be a time of day such as 16:30, or close-20m, close, open+15m");
  };
  const std::string word = lower_case(trimmed(text));
  if (const int minute = minute_of_day(word); minute >= 0) return DayTime{DayTime::Anchor::midnight, minute};
  DayTime time;
  std::string_view rest = word;
  if (rest.starts_with("close")) {
    time.anchor = DayTime::Anchor::close;
    rest.remove_prefix(5);
  } else if (rest.starts_with("open")) {
    time.anchor = DayTime::Anchor::open;
    rest.remove_prefix(4);
  } else {
    return rule();
  }
  if (rest.empty()) return time;
  const int minutes = rest.front() == '+' || rest.front() == '-' ? minutes_of(rest.substr(1)) : -1;
  if (minutes < 0 || minutes > 12 * 60) return rule();
  time.minutes = rest.front() == '-' ? -minutes : minutes;
  return time;
}

std::string to_string(const DayTime& time) {
  if (time.anchor == DayTime::Anchor::midnight) return fmt::format("{:02}:{:02}", time.minutes / 60, time.minutes % 60);
  const char* anchor = time.anchor == DayTime::Anchor::open ? "open" : "close";
  if (time.minutes == 0) return anchor;
  return fmt::format("{}{:+}m", anchor, time.minutes);
}

}  // namespace rebalancer
