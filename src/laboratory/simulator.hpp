// What the simulators of brokers on HTTP have in common: a request, the exchange behind it, an answer.
#pragma once
#include <memory>
#include <string>

#include "laboratory/exchange.hpp"
#include "laboratory/faults.hpp"
#include "laboratory/http_message.hpp"

namespace rebalancer::laboratory {

// The made-up keys that every simulator takes.
inline constexpr std::string_view laboratory_key = "LAB";
inline constexpr std::string_view laboratory_secret = "LAB";

// How the lists of this one answer are wrong.
struct ListFaults {
  bool duplicate_fills = false;
  bool reordered_fills = false;
  bool dropped_fill = false;
  bool short_list = false;
  bool no_end = false;  // of lists that have an end marker
};

class HttpSimulator {
 public:
  virtual ~HttpSimulator() = default;
  [[nodiscard]] virtual RequestKind kind_of(const WireRequest& request) const = 0;
  // Carries the request out.
  [[nodiscard]] virtual WireAnswer answer(const WireRequest& request, Exchange& exchange, const ListFaults& faults) = 0;
  // In this broker's words, without carrying anything out.
  [[nodiscard]] virtual WireAnswer unauthorized() const = 0;
  [[nodiscard]] virtual WireAnswer forbidden() const = 0;
  [[nodiscard]] virtual WireAnswer too_many(const Exchange& exchange, std::int64_t seconds) const = 0;
  [[nodiscard]] virtual WireAnswer broken(int status) const = 0;
  // The account's name, as the broker tells it.
  [[nodiscard]] virtual std::string account_id() const = 0;
};

// 0: no limit.
[[nodiscard]] std::unique_ptr<HttpSimulator> make_alpaca_simulator(std::uint64_t seed, int requests_per_minute);

[[nodiscard]] std::unique_ptr<HttpSimulator> make_trading212_simulator(std::uint64_t seed, bool rate_limits);
// The usual instruments under Trading 212's names, and some that are quoted in pence and in euros.
[[nodiscard]] std::vector<Instrument> trading212_instruments();

// "2026-03-02T15:00:00.123456789Z"
[[nodiscard]] std::string rfc3339(Instant instant);
// What a client sends in a query: RFC 3339, or a date alone, which is its midnight in UTC. Errors: invalid.
[[nodiscard]] Result<Instant> parse_time(std::string_view text);

[[nodiscard]] std::string encode_base64(std::string_view bytes);

}  // namespace rebalancer::laboratory
