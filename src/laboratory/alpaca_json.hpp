// Alpaca's words for what the exchange knows: Trading API v2, as its OpenAPI document of 2026-06 has them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/json_text.hpp"
#include "laboratory/exchange.hpp"
#include "laboratory/http_message.hpp"

namespace rebalancer::laboratory::alpaca {

// Ids look like Alpaca's and are a function of the seed, what they name, and its number.
enum class Named : std::uint64_t { account = 1, order, asset, client_order };
[[nodiscard]] std::string uuid(std::uint64_t seed, Named named, std::uint64_t number);
// Errors: none when it is no such id.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::uint64_t seed, Named named, std::string_view uuid);
[[nodiscard]] std::string account_number(std::uint64_t seed);

[[nodiscard]] std::string_view status_text(OrderStatus status);
[[nodiscard]] std::string_view time_in_force_text(TimeInForce time_in_force);

struct Writer {
  const Exchange& exchange;
  std::uint64_t seed;

  void account(JsonText& json) const;
  void clock(JsonText& json) const;
  void calendar_day(JsonText& json, const Session& session) const;
  void asset(JsonText& json, const Instrument& instrument) const;
  void position(JsonText& json, const std::string& symbol) const;
  void order(JsonText& json, const ExchangeOrder& order) const;
  void fill(JsonText& json, const Execution& execution) const;
  void event(JsonText& json, const AccountEvent& event) const;
  // Where an asset's id comes from.
  [[nodiscard]] std::uint64_t asset_number(const std::string& symbol) const;
  [[nodiscard]] std::string fill_id(const Execution& execution) const;
  [[nodiscard]] std::string event_id(const AccountEvent& event) const;
};

[[nodiscard]] WireAnswer json_answer(int status, std::string body);
[[nodiscard]] WireAnswer error_answer(int status, std::int64_t code, std::string_view message);
[[nodiscard]] WireAnswer refusal_answer(const Refusal& refusal, const OrderRequest& request);

}  // namespace rebalancer::laboratory::alpaca
