// Which instrument of Trading 212 a symbol is, and back. Tickers are looked up, never built.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire.hpp"

namespace trading212 {

class Instruments {
 public:
  // `chosen`: symbol -> ticker or ISIN, as configured. `currency`: the account's. Throws sdk::Failure when a choice
  // leads nowhere.
  Instruments(std::vector<WireInstrument> all, const std::map<std::string, std::string>& chosen, std::string currency);

  // Throws RB_REJECTED: unknown, ambiguous, or traded in another currency than the account's.
  [[nodiscard]] const WireInstrument& of_symbol(const std::string& symbol) const;
  // None when no symbol leads to it.
  [[nodiscard]] const std::string* symbol_of(const std::string& ticker) const;
  [[nodiscard]] const WireInstrument* of_ticker(std::string_view ticker) const;

 private:
  [[nodiscard]] bool affordable(const WireInstrument& instrument) const;
  [[nodiscard]] std::vector<const WireInstrument*> candidates(std::string_view name) const;

  std::vector<WireInstrument> all_;
  std::map<std::string, std::string> chosen_;
  std::string currency_;
  std::map<std::string, const WireInstrument*, std::less<>> by_ticker_;
  std::multimap<std::string, const WireInstrument*, std::less<>> by_name_;  // short name and ISIN
  std::map<std::string, std::string> symbols_;                              // of tickers
};

// The text of the API's list. Throws sdk::Failure RB_UNAVAILABLE for what is none.
[[nodiscard]] std::vector<WireInstrument> instruments_in(const std::string& text);

// London's prices are in pence, the account's money is in pounds.
[[nodiscard]] bool in_pence(const WireInstrument& instrument);
// Throws RB_REJECTED when it does not fit.
[[nodiscard]] Decimal to_wire_price(const WireInstrument& instrument, Decimal price);
// Throws BadAnswer when it is not positive.
[[nodiscard]] Decimal from_wire_price(const WireInstrument& instrument, Decimal price);

}  // namespace trading212
