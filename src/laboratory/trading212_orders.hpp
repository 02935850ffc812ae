// Trading 212's words for what the exchange knows, and its orders: public API v0 as its OpenAPI document of 2026-07 has
// them. What the document leaves open follows answers of the real API that others recorded: an order says nothing of
// what it does not have, a sale's quantities are negative, order.currency is the account's.
#pragma once
#include <cstdint>
#include <string>

#include "core/base/json_text.hpp"
#include "laboratory/exchange.hpp"
#include "laboratory/http_message.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory::trading212 {

[[nodiscard]] std::int64_t account_number(std::uint64_t seed);

[[nodiscard]] WireAnswer json_answer(int status, std::string body);
// {type, title, status, detail}: one of the shapes of its errors.
[[nodiscard]] WireAnswer problem(int status, std::string_view type, std::string_view detail);
// {code, clarification}: the older one.
[[nodiscard]] WireAnswer coded(int status, std::string_view code, std::string_view clarification);

struct Orders {
  Exchange& exchange;
  std::uint64_t seed;
  const ListFaults& faults;

  // `limited`: a limit order.
  [[nodiscard]] WireAnswer submit(const WireRequest& request, bool limited) const;
  [[nodiscard]] WireAnswer pending() const;
  [[nodiscard]] WireAnswer find(std::string_view id) const;
  [[nodiscard]] WireAnswer cancel(std::string_view id) const;
  [[nodiscard]] WireAnswer history(const WireRequest& request) const;

  void write_instrument(JsonText& json, const Instrument& instrument) const;

 private:
  void write_order(JsonText& json, const ExchangeOrder& order) const;
  void write_fill(JsonText& json, const Execution& execution) const;
  [[nodiscard]] std::int64_t id_of(std::uint64_t order) const;
  [[nodiscard]] std::int64_t fill_id_of(std::uint64_t execution) const;
  [[nodiscard]] std::uint64_t number_of(std::string_view id) const;  // 0: none
};

// Numbers, not texts: 12.5
void number(JsonText& json, std::string_view name, Decimal value);
[[nodiscard]] std::string moment(Instant instant);

}  // namespace rebalancer::laboratory::trading212
