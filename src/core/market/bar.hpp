// One symbol's daily facts as they were published.
#pragma once
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/market/symbol.hpp"

namespace rebalancer {

inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

// Raw: prices as traded on that day, never adjusted afterwards. NaN: not published.
struct Bar {
  Date date;
  double open = no_value;
  double high = no_value;
  double low = no_value;
  double close = no_value;
  double volume = no_value;
  double dividend = 0;     // cash per share with this ex-date, in the shares of this day (after a split of this day)
  double split_ratio = 1;  // new shares per old share, effective at this day's open: 4 for a 4:1 split

  friend bool operator==(const Bar&, const Bar&) = default;
};

// How the closes of a source are to be read.
enum class PriceBasis {
  raw,       // as traded; dividend and split_ratio complete the picture
  adjusted,  // already adjusted for splits and dividends by the source; there are no events to apply
};

// Bars of one symbol, dates strictly ascending.
class BarTable {
 public:
  // Errors: invalid for dates out of order or twice, for a split ratio that is not positive and for a negative
  // dividend. Prices are not judged here: that is the quality verdict's work.
  [[nodiscard]] static Result<BarTable> make(Symbol symbol, std::vector<Bar> bars, PriceBasis basis,
                                             std::string source);

  [[nodiscard]] const Symbol& symbol() const { return symbol_; }
  [[nodiscard]] std::span<const Bar> bars() const { return bars_; }
  [[nodiscard]] PriceBasis basis() const { return basis_; }
  // Who said so: a provider's name, with a note such as "simulated" or a file's name.
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  BarTable(Symbol symbol, std::vector<Bar> bars, PriceBasis basis, std::string source)
      : symbol_(std::move(symbol)), bars_(std::move(bars)), basis_(basis), source_(std::move(source)) {}
  Symbol symbol_;
  std::vector<Bar> bars_;
  PriceBasis basis_;
  std::string source_;
};

}  // namespace rebalancer
