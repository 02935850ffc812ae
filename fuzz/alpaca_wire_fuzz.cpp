// What Alpaca's server may send: whatever it is, it is understood or refused with a sentence, and no number is rounded
// without being asked to.
#include <algorithm>

#include <rebalancer/plugin.h>

#include "alpaca/wire.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using plugin_support::BadAnswer;
using plugin_support::exact_decimal;
using plugin_support::Json;

template <class Read>
void understood_or_refused(const Json& json, Read&& read) {
  try {
    read(json);
  } catch (const BadAnswer& bad) {
    expect(std::string_view(bad.what()).size() > 0, "a refusal has a sentence");
  }
}

void check(std::string_view input) {
  const auto number = exact_decimal(input);
  if (number) {
    const auto again = exact_decimal(number->to_string());
    expect(again && *again == *number, "a number reads back as itself", number->to_string());
  } else {
    expect(number.error().code == ErrorCode::invalid, "what is no number is invalid", number.error().message);
  }
  static_cast<void>(alpaca::error_from(input));
  const auto json = Json::parse(input);
  if (!json) return expect(json.error().code == ErrorCode::invalid, "what is no JSON is invalid", json.error().message);
  understood_or_refused(*json, [](const Json& value) {
    const alpaca::WireOrder order = alpaca::order_from(value);
    const alpaca::State state = alpaca::state_of(order);
    expect(state.state >= 0 && state.state <= 4, "an order is in one of the five states");
    expect(state.state != RB_PARTIAL || order.filled.is_positive(), "a partial order has something filled");
  });
  understood_or_refused(*json, [](const Json& value) { static_cast<void>(alpaca::fill_from(value)); });
  understood_or_refused(*json, [](const Json& value) { static_cast<void>(alpaca::movement_from(value)); });
}

const Target target("alpaca_wire", check);

}  // namespace
}  // namespace rebalancer::fuzz
