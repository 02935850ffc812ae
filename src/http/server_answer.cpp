#include "http/server_answer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "http/problem.hpp"

namespace rebalancer::http {
namespace {

// Nothing of ours is kept, framed, sniffed or shown elsewhere unless a surface says so.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> always{{
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; });
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string http_date(Instant now) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t day = 86'400 * second;
  const Date date = now.utc_date();
  const std::int64_t of_day = (now.nanoseconds() - date.days() * day) / second;
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days.at(static_cast<std::size_t>(date.weekday())),
                     date.day(), months.at(date.month() - 1), date.year(), of_day / 3600, of_day / 60 % 60,
                     of_day % 60);
}

bool has_body(const Response& response, const AnswerForm& form) {
  return !form.head_only && response.status != 204 && response.status != 304;
}

void write_head(std::string& out, const Response& response, const AnswerForm& form, std::string_view date) {
  out.clear();
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, phrase_of(response.status));
  add(out, "Date", date);
  if (response.status != 204 && response.status != 304) {
    const std::string_view type = response.content_type;
    if (!type.empty() && is_clean(type)) add(out, "Content-Type", type);
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", response.text().size());
  }
  if (form.close) {
    add(out, "Connection", "close");
  } else if (form.version == 10) {
    add(out, "Connection", "keep-alive");
  }
  for (const auto& [name, value] : always) {
    const auto is_it = [&name = name](const auto& header) { return same(header.first, name); };
    if (std::ranges::none_of(response.headers, is_it)) add(out, name, value);
  }
  for (const auto& [name, value] : response.headers) {
    if (is_clean(name) && is_clean(value)) add(out, name, value);
  }
  out.append("\r\n");
}

}  // namespace rebalancer::http
