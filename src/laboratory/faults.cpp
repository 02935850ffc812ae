#include "laboratory/faults.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "core/base/nearest.hpp"
#include "core/base/random.hpp"

namespace rebalancer::laboratory {
namespace {

constexpr std::array<std::string_view, request_kind_count> kind_names{
    "submit", "find",  "list",        "cancel", "replace", "account", "positions",
    "fills",  "clock", "instruments", "other",  "stream",  "update"};

enum class Parameter { none, number, split, amount, signed_amount };

struct Row {
  FaultKind kind;
  std::string_view name;
  Parameter parameter;
  std::string_view placeholder;  // of the parameter
  std::int64_t by_default;
  std::int64_t minimum;
  std::int64_t maximum;
  std::string_view help;
  bool is_drawn;  // by random scripts: those a client can be right in spite of
};

constexpr std::array rows{
    Row{FaultKind::connection_lost, "connection-lost", Parameter::none, "", 0, 0, 0,
        "closed before anything was carried out", true},
    Row{FaultKind::half_open, "half-open", Parameter::none, "", 0, 0, 0, "never answered; nothing was carried out",
        false},
    Row{FaultKind::error_before, "error-before", Parameter::number, "STATUS", 503, 500, 599,
        "a 5xx; nothing was carried out", true},
    Row{FaultKind::html_before, "html-before", Parameter::number, "STATUS", 503, 200, 599,
        "an HTML page; nothing was carried out", true},
    Row{FaultKind::too_many, "too-many", Parameter::number, "SECONDS", 1, 0, 86'400,
        "429, with the moment from which requests are taken again", true},
    Row{FaultKind::unauthorized, "unauthorized", Parameter::none, "", 0, 0, 0, "401: the keys are not taken", true},
    Row{FaultKind::forbidden, "forbidden", Parameter::none, "", 0, 0, 0, "403: the keys may not do this", true},
    Row{FaultKind::reply_lost, "reply-lost", Parameter::none, "", 0, 0, 0, "carried out, closed without an answer",
        true},
    Row{FaultKind::silent_after, "silent-after", Parameter::none, "", 0, 0, 0, "carried out, never answered", false},
    Row{FaultKind::error_after, "error-after", Parameter::number, "STATUS", 504, 500, 599, "carried out, then a 5xx",
        true},
    Row{FaultKind::html_after, "html-after", Parameter::number, "STATUS", 502, 200, 599,
        "carried out, then an HTML page", true},
    Row{FaultKind::cut, "cut", Parameter::number, "BYTES", 20, 0, 1'000'000,
        "carried out, the connection ends after so many bytes of the body", true},
    Row{FaultKind::cut_body, "cut-body", Parameter::number, "BYTES", 20, 0, 1'000'000,
        "carried out, the JSON ends after so many bytes", true},
    Row{FaultKind::slow, "slow", Parameter::number, "BYTES", 64, 1, 1'000'000,
        "so many bytes of the answer every 20 ms", false},
    Row{FaultKind::hidden, "hidden", Parameter::number, "LOOKUPS", 2, 1, 1'000,
        "the order is accepted, and so many look-ups do not find it", true},
    Row{FaultKind::rejected_later, "rejected-later", Parameter::none, "", 0, 0, 0,
        "the order is accepted, then rejected", true},
    Row{FaultKind::spread_fill, "spread-fill", Parameter::number, "DAYS", 2, 1, 30,
        "the order fills bit by bit over so many days", false},
    Row{FaultKind::never_fill, "never-fill", Parameter::none, "", 0, 0, 0, "the order rests", false},
    Row{FaultKind::duplicate_fills, "duplicate-fills", Parameter::none, "", 0, 0, 0, "the list has every fill twice",
        true},
    Row{FaultKind::reordered_fills, "reordered-fills", Parameter::none, "", 0, 0, 0, "the list is in another order",
        true},
    Row{FaultKind::dropped_fill, "dropped-fill", Parameter::none, "", 0, 0, 0, "the list lacks the newest fill", true},
    Row{FaultKind::short_list, "short-list", Parameter::none, "", 0, 0, 0,
        "the list of orders or positions lacks its last row", false},
    Row{FaultKind::no_end, "no-end", Parameter::none, "", 0, 0, 0, "the list has no end marker (of TWS)", false},
    Row{FaultKind::lost_update, "lost-update", Parameter::none, "", 0, 0, 0, "the update is not told", false},
    Row{FaultKind::doubled_update, "doubled-update", Parameter::none, "", 0, 0, 0, "the update is told twice", false},
    Row{FaultKind::late_update, "late-update", Parameter::none, "", 0, 0, 0, "the update is told after the next one",
        false},
    Row{FaultKind::blocked, "blocked", Parameter::number, "1|0", 1, 0, 1, "the account is blocked, or no longer",
        false},
    Row{FaultKind::clock_jump, "clock-jump", Parameter::number, "SECONDS", 3'600, -86'400 * 366, 86'400 * 366,
        "the broker's clock shows another time from now on", true},
    Row{FaultKind::overnight, "overnight", Parameter::none, "", 0, 0, 0,
        "time passes to the next session; what was good for the day has expired", false},
    Row{FaultKind::split, "split", Parameter::split, "SYMBOL 2:1", 2, 1, 100, "a split of shares", false},
    Row{FaultKind::split_untold, "split-untold", Parameter::split, "SYMBOL 2:1", 2, 1, 100,
        "a split of shares that no list tells", false},
    Row{FaultKind::dividend, "dividend", Parameter::amount, "SYMBOL 1.25", 0, 0, 0, "a dividend per share", false},
    Row{FaultKind::outside_trade, "outside-trade", Parameter::signed_amount, "SYMBOL -5", 0, 0, 0,
        "somebody trades by hand in the account", false},
    Row{FaultKind::price, "price", Parameter::amount, "SYMBOL 99.5", 0, 0, 0, "the price moves there", false},
    Row{FaultKind::link_lost, "link-lost", Parameter::number, "SECONDS", 30, 1, 86'400,
        "the gateway loses the broker: 1100, silence, then 1101 (on HTTP: no answer)", false},
    Row{FaultKind::restart, "restart", Parameter::none, "", 0, 0, 0,
        "the gateway restarts: connections end, order ids begin again from the last it had written down", false},
};

const Row& row_of(FaultKind kind) { return *std::ranges::find(rows, kind, &Row::kind); }

std::string form_of(const Row& row) {
  return row.parameter == Parameter::none ? std::string(row.name) : fmt::format("{}({})", row.name, row.placeholder);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

template <class T>
std::optional<T> whole(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<void> read_parameter(Fault& fault, const Row& row, std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::invalid, "\"{}\" of {} is not of the form {}", text, row.name, form_of(row));
  };
  if (row.parameter == Parameter::none) {
    return fail(ErrorCode::invalid, "{} takes nothing in brackets, but has \"{}\"", row.name, text);
  }
  if (row.parameter == Parameter::number) {
    const auto number = whole<std::int64_t>(text);
    if (!number) return wrong();
    if (*number < row.minimum || *number > row.maximum) {
      return fail(ErrorCode::invalid, "{} of {} must be from {} to {}", *number, row.name, row.minimum, row.maximum);
    }
    fault.number = *number;
    return {};
  }
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos || blank == 0) return wrong();
  fault.symbol = std::string(text.substr(0, blank));
  const std::string_view rest = trimmed(text.substr(blank));
  if (row.parameter == Parameter::split) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return wrong();
    const auto shares = whole<std::int64_t>(rest.substr(0, colon));
    const auto for_each = whole<std::int64_t>(rest.substr(colon + 1));
    if (!shares || !for_each) return wrong();
    if (*shares < 1 || *shares > 100 || *for_each < 1 || *for_each > 100) {
      return fail(ErrorCode::invalid, "{} {}:{} must have numbers from 1 to 100", row.name, *shares, *for_each);
    }
    fault.number = *shares;
    fault.for_each = *for_each;
    return {};
  }
  const auto amount = Decimal::parse(rest);
  if (!amount) return wrong();
  if (amount->is_zero() || (row.parameter == Parameter::amount && amount->is_negative()) ||
      amount->billionths() / Decimal::scale > 1'000'000 || amount->billionths() / Decimal::scale < -1'000'000) {
    return fail(ErrorCode::invalid, "{} of {} must be {} and at most 1000000", rest, row.name,
                row.parameter == Parameter::amount ? "above 0" : "not 0");
  }
  fault.amount = *amount;
  return {};
}

// "3", "3..6", "3.."
Result<void> read_count(Fault& fault, std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = whole<std::uint64_t>(trimmed(text.substr(0, dots)));
  std::optional<std::uint64_t> last = first;
  if (dots != std::string_view::npos) {
    const std::string_view end = trimmed(text.substr(dots + 2));
    last = end.empty() ? std::numeric_limits<std::uint64_t>::max() : whole<std::uint64_t>(end);
  }
  if (!first || !last) {
    return fail(ErrorCode::invalid, "\"{}\" says no requests; write 3, 3..6 or 3.. (counted from 1)", text);
  }
  if (*first == 0 || *last < *first) {
    return fail(ErrorCode::invalid, "requests {} are counted from 1, and upwards", text);
  }
  fault.first = *first;
  fault.last = *last;
  return {};
}

Result<Fault> read_fault(std::string_view text) {
  const std::size_t close = text.rfind(')');
  const std::size_t at = text.find('@', close == std::string_view::npos ? 0 : close);
  const std::string_view what = trimmed(text.substr(0, at));
  const std::size_t open = what.find('(');
  const std::string_view name = trimmed(what.substr(0, open));
  const auto row = std::ranges::find(rows, name, &Row::name);
  if (row == rows.end()) {
    std::vector<std::string> names;
    for (const Row& known : rows) names.emplace_back(known.name);
    const auto near = nearest_name(name, names);
    return fail(ErrorCode::invalid, "\"{}\" is no fault{}", name, near ? fmt::format("; did you mean {}?", *near) : "");
  }
  Fault fault{.kind = row->kind, .number = row->by_default};
  if (open != std::string_view::npos) {
    if (!what.ends_with(')')) return fail(ErrorCode::invalid, "\"{}\" has no closing bracket", what);
    if (auto read = read_parameter(fault, *row, trimmed(what.substr(open + 1, what.size() - open - 2))); !read) {
      return fail(read.error());
    }
  } else if (row->parameter != Parameter::none && row->parameter != Parameter::number) {
    return fail(ErrorCode::invalid, "{} needs its brackets: {}", row->name, form_of(*row));
  }
  if (at == std::string_view::npos) {
    return fail(ErrorCode::invalid, "\"{}\" does not say which request; write {}@submit:1", text, what);
  }
  const std::string_view where = trimmed(text.substr(at + 1));
  const std::size_t colon = where.find(':');
  const std::string_view target = trimmed(where.substr(0, colon));
  if (target != "any") {
    const auto kind = std::ranges::find(kind_names, target);
    if (kind == kind_names.end()) {
      return fail(ErrorCode::invalid, "\"{}\" is no kind of request; there are {}", target, request_kind_names());
    }
    fault.target = static_cast<RequestKind>(kind - kind_names.begin());
  }
  if (colon == std::string_view::npos) {
    fault.last = std::numeric_limits<std::uint64_t>::max();
  } else if (auto read = read_count(fault, trimmed(where.substr(colon + 1))); !read) {
    return fail(read.error());
  }
  return fault;
}

bool concerns(FaultKind kind, RequestKind target) {
  switch (kind) {
    case FaultKind::hidden:
    case FaultKind::rejected_later:
    case FaultKind::spread_fill:
    case FaultKind::never_fill:
      return target == RequestKind::submit;
    case FaultKind::duplicate_fills:
    case FaultKind::reordered_fills:
    case FaultKind::dropped_fill:
      return target == RequestKind::fills;
    case FaultKind::short_list:
      return target == RequestKind::list || target == RequestKind::positions;
    default:
      return true;
  }
}

}  // namespace

std::string_view name_of(RequestKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string request_kind_names() {
  std::string names;
  for (const std::string_view name : kind_names) names += std::string(name) + ", ";
  return names + "any";
}

std::vector<std::pair<std::string, std::string>> fault_help() {
  std::vector<std::pair<std::string, std::string>> help;
  for (const Row& row : rows) {
    std::string text(row.help);
    if (row.parameter == Parameter::number) text += fmt::format(" [{}]", row.by_default);
    help.emplace_back(form_of(row), std::move(text));
  }
  return help;
}

std::string Fault::to_string() const {
  const Row& row = row_of(kind);
  std::string text(row.name);
  if (row.parameter == Parameter::number) text += fmt::format("({})", number);
  if (row.parameter == Parameter::split) text += fmt::format("({} {}:{})", symbol, number, for_each);
  if (row.parameter == Parameter::amount || row.parameter == Parameter::signed_amount) {
    text += fmt::format("({} {})", symbol, amount.to_string());
  }
  text += fmt::format("@{}", target ? name_of(*target) : "any");
  const bool endless = last == std::numeric_limits<std::uint64_t>::max();
  if (first == 1 && endless) return text;
  text += fmt::format(":{}", first);
  if (endless) return text + "..";
  return first == last ? text : text + fmt::format("..{}", last);
}

Result<FaultScript> FaultScript::parse(std::string_view text) {
  FaultScript script;
  if (trimmed(text).empty()) return script;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view part = trimmed(text.substr(0, comma));
    if (part.empty()) return fail(ErrorCode::invalid, "there is an empty fault between two commas");
    auto fault = read_fault(part);
    if (!fault) return fail(fault.error());
    script.faults_.push_back(*std::move(fault));
    if (comma == std::string_view::npos) return script;
    text = text.substr(comma + 1);
  }
}

FaultScript FaultScript::random(std::uint64_t seed, int count, std::uint64_t requests_max) {
  constexpr std::array targets{RequestKind::submit,  RequestKind::submit,    RequestKind::submit,
                               RequestKind::find,    RequestKind::list,      RequestKind::cancel,
                               RequestKind::account, RequestKind::positions, RequestKind::fills};
  constexpr std::array statuses{500, 502, 503, 504};
  std::vector<const Row*> drawn;
  for (const Row& row : rows) {
    if (row.is_drawn) drawn.push_back(&row);
  }
  Random random(seed);
  FaultScript script;
  while (static_cast<int>(script.faults_.size()) < count) {
    const Row& row = *drawn[random.below(drawn.size())];
    const RequestKind target = targets[random.below(targets.size())];
    if (!concerns(row.kind, target)) continue;
    Fault fault{.kind = row.kind, .number = row.by_default};
    fault.target = target;
    if (row.kind == FaultKind::error_before || row.kind == FaultKind::error_after) {
      fault.number = statuses[random.below(statuses.size())];
    }
    if (row.kind == FaultKind::cut || row.kind == FaultKind::cut_body) {
      fault.number = static_cast<std::int64_t>(random.below(200));
    }
    if (row.kind == FaultKind::hidden) fault.number = 1 + static_cast<std::int64_t>(random.below(4));
    if (row.kind == FaultKind::clock_jump) fault.number = static_cast<std::int64_t>(random.below(7'201)) - 3'600;
    fault.first = 1 + random.below(std::max<std::uint64_t>(1, requests_max));
    fault.last = fault.first + (random.below(4) == 0 ? random.below(3) : 0);
    script.faults_.push_back(std::move(fault));
  }
  return script;
}

std::vector<Fault> FaultScript::take(RequestKind kind) {
  const std::uint64_t of_kind = ++seen_[static_cast<std::size_t>(kind)];
  const bool streams = kind == RequestKind::stream || kind == RequestKind::update;
  const std::uint64_t in_all = streams ? 0 : ++seen_in_all_;
  std::vector<Fault> taken;
  for (const Fault& fault : faults_) {
    if (fault.target && *fault.target != kind) continue;
    const std::uint64_t count = fault.target ? of_kind : in_all;
    if (count >= fault.first && count <= fault.last) taken.push_back(fault);
  }
  return taken;
}

void FaultScript::append(const FaultScript& more) {
  for (Fault fault : more.faults_) {
    const std::uint64_t seen_so_far = fault.target ? seen(*fault.target) : seen_in_all_;
    fault.first += seen_so_far;
    if (fault.last < std::numeric_limits<std::uint64_t>::max() - seen_so_far) fault.last += seen_so_far;
    faults_.push_back(std::move(fault));
  }
}

std::string FaultScript::to_string() const {
  std::string text;
  for (const Fault& fault : faults_) text += (text.empty() ? "" : ", ") + fault.to_string();
  return text;
}

}  // namespace rebalancer::laboratory
