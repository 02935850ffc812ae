#include <charconv>
#include <cmath>
#include <iterator>
#include <map>

#include "core/market/csv_lines.hpp"
#include "fact_file.hpp"

using namespace rebalancer;

namespace {

constexpr std::string_view header = "known_at,date,open,high,low,close,volume,dividend,split,basis,source";
constexpr std::size_t column_count = 11;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t day = 86'400 * second;

// RFC 3339 with nanoseconds; Instant's own text stops at milliseconds.
std::string precise(Instant instant) {
  const Date date = instant.utc_date();
  const std::int64_t rest = instant.nanoseconds() - date.days() * day;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:09}Z", date.to_string(), rest / second / 3600, rest / second / 60 % 60,
                     rest / second % 60, rest % second);
}

bool digits(std::string_view text, std::int64_t& value) {
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc();
}

// Reads exactly what precise() writes; false otherwise.
bool read_precise(std::string_view text, Instant& instant) {
  constexpr std::string_view shape = "2026-11-20T21:05:00.000000000Z";
  if (text.size() != shape.size() || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != '.' ||
      text[29] != 'Z') {
    return false;
  }
  const auto date = Date::parse(text.substr(0, 10));
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  if (!date || !digits(text.substr(11, 2), hours) || !digits(text.substr(14, 2), minutes) ||
      !digits(text.substr(17, 2), seconds) || !digits(text.substr(20, 9), nanoseconds)) {
    return false;
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return false;
  instant =
      Instant::from_nanoseconds(date->days() * day + (hours * 3600 + minutes * 60 + seconds) * second + nanoseconds);
  return true;
}

// NaN for an empty cell.
Result<double> number(const CsvLines& lines, std::string_view cell, std::string_view column) {
  if (cell.empty()) return no_value;
  double value = 0;
  const auto [end, why] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (why != std::errc() || end != cell.data() + cell.size() || std::isnan(value)) {
    return lines.fail_here("{} is \"{}\", must be a number or empty", column, shown(cell));
  }
  return value;
}

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\" \t\r\n") == std::string_view::npos) return std::string(text);
  std::string result = "\"";
  for (const char c : text) {
    // A line is a fact: whatever a source is called, it may not break one.
    if (c == '\n' || c == '\r') continue;
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

Result<Fact> fact_of(const CsvLines& lines, const std::vector<std::string_view>& cells) {
  Fact fact;
  if (!read_precise(cells[0], fact.known_at)) {
    return lines.fail_here("known_at is \"{}\", must be of the form 2026-11-20T21:05:00.000000000Z", shown(cells[0]));
  }
  const auto date = Date::parse(cells[1]);
  if (!date) return lines.fail_here("date is \"{}\", must be a day of the form 2026-11-23", shown(cells[1]));
  fact.bar.date = *date;
  const std::pair<std::string_view, double*> numbers[] = {
      {"open", &fact.bar.open},        {"high", &fact.bar.high},     {"low", &fact.bar.low},
      {"close", &fact.bar.close},      {"volume", &fact.bar.volume}, {"dividend", &fact.bar.dividend},
      {"split", &fact.bar.split_ratio}};
  std::size_t at = 2;
  for (const auto& [name, value] : numbers) {
    const auto read = number(lines, cells[at++], name);
    if (!read) return fail(read.error());
    *value = *read;
  }
  if (!(fact.bar.dividend >= 0)) return lines.fail_here("dividend is \"{}\", must not be negative", shown(cells[7]));
  if (!(fact.bar.split_ratio > 0)) return lines.fail_here("split is \"{}\", must be positive", shown(cells[8]));
  if (cells[9] != "raw" && cells[9] != "adjusted") {
    return lines.fail_here("basis is \"{}\", must be raw or adjusted", shown(cells[9]));
  }
  fact.basis = cells[9] == "raw" ? PriceBasis::raw : PriceBasis::adjusted;
  fact.source = std::string(cells[10]);
  return fact;
}

}  // namespace

Result<std::vector<Fact>> parse_facts(std::string_view text, std::string_view name) {
  if (!text.ends_with('\n')) return fail(ErrorCode::invalid, "{}: the last line has no end, the file is cut", name);
  CsvLines lines(text, name);
  std::vector<std::string_view> cells;
  auto more = lines.next(cells);
  if (!more) return fail(more.error());
  if (fmt::format("{}", fmt::join(cells, ",")) != header) return lines.fail_here("the header must be {}", header);
  std::vector<Fact> facts;
  std::map<Date, Instant> latest;
  while (true) {
    more = lines.next(cells);
    if (!more) return fail(more.error());
    if (!*more) return facts;
    if (cells.size() != column_count) return lines.fail_here("{} cells, must be {}", cells.size(), column_count);
    auto fact = fact_of(lines, cells);
    if (!fact) return fail(fact.error());
    const auto [before, is_first] = latest.emplace(fact->bar.date, fact->known_at);
    if (!is_first && fact->known_at <= before->second) {
      return lines.fail_here("{} is known since {}, must be later than on the line of that day before",
                             fact->bar.date.to_string(), precise(fact->known_at));
    }
    before->second = fact->known_at;
    facts.push_back(*std::move(fact));
  }
}

std::string facts_text(std::span<const Fact> facts, bool with_header) {
  fmt::memory_buffer out;
  if (with_header) fmt::format_to(std::back_inserter(out), "{}\n", header);
  for (const Fact& fact : facts) {
    const Bar& bar = fact.bar;
    fmt::format_to(std::back_inserter(out), "{},{}", precise(fact.known_at), bar.date.to_string());
    for (const double value : {bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio}) {
      if (std::isnan(value)) {
        out.push_back(',');
      } else {
        fmt::format_to(std::back_inserter(out), ",{}", value);
      }
    }
    fmt::format_to(std::back_inserter(out), ",{},{}\n", fact.basis == PriceBasis::raw ? "raw" : "adjusted",
                   quoted(fact.source));
  }
  return fmt::to_string(out);
}
