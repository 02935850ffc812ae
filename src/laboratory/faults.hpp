// A script of what goes wrong: which request gets which fault. Its text is what a user types and a test prints, so that
// a run can be repeated: "reply-lost@submit:1, too-many(30)@any:3..6, hidden(2)@submit:4".
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/error.hpp"

namespace rebalancer::laboratory {

// What a request wants, in whatever words the broker has for it.
enum class RequestKind {
  submit,
  find,
  list,
  cancel,
  replace,
  account,
  positions,
  fills,
  clock,
  instruments,
  other,
  // When these come is a matter of two threads' speed, so they do not count among `any`.
  stream,  // a connection for updates
  update,  // one that is about to be told
};
inline constexpr std::size_t request_kind_count = 13;
[[nodiscard]] std::string_view name_of(RequestKind kind);

enum class FaultKind {
  // Nothing was carried out.
  connection_lost,  // closed after the request was read
  half_open,        // never answered, never closed
  error_before,     // 5xx
  html_before,      // a page for humans
  too_many,         // 429
  unauthorized,     // 401: the keys are not taken (any more)
  forbidden,        // 403: the keys may not do this
  // Carried out, and the client does not learn it, or not well.
  reply_lost,
  silent_after,
  error_after,
  html_after,
  cut,       // the connection ends inside the body
  cut_body,  // a whole answer whose JSON ends in the middle
  slow,      // a few bytes at a time
  // Of the order that this request made.
  hidden,
  rejected_later,
  spread_fill,
  never_fill,
  // Of the lists this request asked for.
  duplicate_fills,
  reordered_fills,
  dropped_fill,
  short_list,
  no_end,
  // Of an update on a stream.
  lost_update,
  doubled_update,
  late_update,
  // Of the account and the world, before the request is looked at.
  blocked,
  clock_jump,
  overnight,
  split,
  split_untold,
  dividend,
  outside_trade,
  price,
  restart,
  link_lost,
};

struct Fault {
  FaultKind kind = FaultKind::reply_lost;
  std::int64_t number = 0;                 // a status, seconds, bytes, look-ups, days
  std::string symbol = {};                 // of those that have one
  Decimal amount = {};                     // of a dividend, a trade, a price
  std::int64_t for_each = 1;               // a split gives `number` for so many
  std::optional<RequestKind> target = {};  // none: any request but those of streams
  std::uint64_t first = 1;                 // of the requests of that kind, counted from 1
  std::uint64_t last = 1;

  [[nodiscard]] std::string to_string() const;
};

class FaultScript {
 public:
  FaultScript() = default;
  // Errors: invalid, naming the part that is wrong and what it may be.
  [[nodiscard]] static Result<FaultScript> parse(std::string_view text);
  // `count` faults among the first `requests_max` requests of their kind: the same for the same seed.
  [[nodiscard]] static FaultScript random(std::uint64_t seed, int count, std::uint64_t requests_max);

  // What happens to the next request, which is of this kind. Counts it.
  [[nodiscard]] std::vector<Fault> take(RequestKind kind);
  // Adds faults whose counts begin with the next request.
  void append(const FaultScript& more);

  [[nodiscard]] const std::vector<Fault>& faults() const { return faults_; }
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::uint64_t seen(RequestKind kind) const { return seen_[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] std::uint64_t seen_in_all() const { return seen_in_all_; }

 private:
  std::vector<Fault> faults_;
  std::array<std::uint64_t, request_kind_count> seen_{};
  std::uint64_t seen_in_all_ = 0;
};

// One line for each kind of fault: its form and what it does.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> fault_help();
// "submit, find, ..., any"
[[nodiscard]] std::string request_kind_names();

}  // namespace rebalancer::laboratory
