#include "adapters/https/retry_policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace rebalancer {
namespace {

using std::chrono::milliseconds;

template <class Number = int>
std::optional<Number> digits(std::string_view text) {
  Number value = 0;
  if (text.empty() || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  return value;
}

// Exactly "Sun, 06 Nov 1994 08:49:37 GMT"; the two obsolete forms are not seen in Retry-After any more.
std::optional<Instant> http_date(std::string_view text) {
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto month = std::ranges::find(months, text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const auto date = Date::make(*year, static_cast<unsigned>(month - months.begin() + 1), static_cast<unsigned>(*day));
  if (!date || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Instant::from_seconds(date->days() * 86'400LL + *hour * 3600 + *minute * 60 + *second);
}

bool may_repeat(const RetryPolicy::Outcome& outcome) {
  if (!outcome) return outcome.error().transient;
  const int status = outcome->status;
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// The value of the first header of that name.
std::optional<std::string_view> header_of(const HttpResponse& response, std::string_view name) {
  const auto found =
      std::ranges::find_if(response.headers, [name](const auto& header) { return same_name(header.first, name); });
  if (found == response.headers.end()) return std::nullopt;
  return found->second;
}

// The longest wait that the server asks for; nothing when it asks for none.
std::optional<milliseconds> wait_asked(const HttpResponse& response, Instant now) {
  std::optional<milliseconds> asked;
  if (const auto value = header_of(response, "Retry-After")) asked = retry_after(*value, now);
  // The header is on every answer; only this status says that the limit is reached.
  if (response.status != 429) return asked;
  const auto value = header_of(response, "X-RateLimit-Reset");
  if (!value) return asked;
  const auto told = http_date(header_of(response, "Date").value_or(""));
  const auto limited = rate_limit_reset(*value, told.value_or(now));
  if (!limited) return asked;
  return std::max(asked.value_or(milliseconds(0)), *limited);
}

}  // namespace

std::optional<milliseconds> rate_limit_reset(std::string_view value, Instant server_now) {
  constexpr std::int64_t window_max_s = 3600;
  const auto at_s = digits<std::int64_t>(value);
  const std::int64_t server_now_ms = server_now.nanoseconds() / 1'000'000;
  if (!at_s || *at_s > server_now_ms / 1000 + window_max_s) return std::nullopt;
  const std::int64_t wait_ms = *at_s * 1000 - server_now_ms;
  if (wait_ms <= 0) return std::nullopt;
  return milliseconds(wait_ms);
}

std::optional<milliseconds> retry_after(std::string_view value, Instant now) {
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);
  const bool number = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (number) return milliseconds(digits(value).value_or(1'000'000'000) * 1000LL);  // too long to read: for ever
  const auto date = http_date(value);
  if (!date) return std::nullopt;
  return milliseconds(std::max<std::int64_t>(0, (date->nanoseconds() - now.nanoseconds() + 999'999) / 1'000'000));
}

std::optional<milliseconds> RetryPolicy::wait_before_next(std::string_view method, int attempt, const Outcome& outcome,
                                                          Instant now) {
  if (method != "GET" && method != "HEAD") return std::nullopt;
  if (attempt >= settings_.attempts_max || !may_repeat(outcome)) return std::nullopt;

  milliseconds backoff = settings_.backoff_first;
  for (int doubled = 1; doubled < attempt && backoff < settings_.backoff_max; ++doubled) backoff *= 2;
  backoff = std::min(backoff, settings_.backoff_max);
  // Half fixed, half chance: many clients that failed together do not come back together.
  milliseconds wait(static_cast<std::int64_t>(static_cast<double>(backoff.count()) * (0.5 + 0.5 * random_.uniform())));

  if (outcome) {
    const auto asked = wait_asked(*outcome, now);
    if (asked && *asked > settings_.retry_after_max) return std::nullopt;
    if (asked) wait = std::max(wait, *asked);
  }
  return wait;
}

}  // namespace rebalancer
