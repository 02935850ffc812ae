// How much of a portfolio stays in equities as its owner ages, over the asset classes given in the configuration.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/portfolio/weights.hpp"

namespace rebalancer {

// Equity share: 0.90 up to age 30, linear to 0.70 at 50, linear to 0.40 at 65, flat after.
// Errors: invalid for an age that is not between 0 and 130.
[[nodiscard]] Result<double> equity_share(double age_years);

// Whole years and the fraction of the current one, from birth date to `on`. Errors: invalid when `on` is before it.
[[nodiscard]] Result<double> age_on(Date birth, Date on);

// The share of a curve of one's own, {x, share} with x ascending (an age, or years to a date): linear between its
// points, flat outside. Errors: invalid for an empty curve, x that do not ascend and shares outside 0 to 1.
[[nodiscard]] Result<double> share_on(const std::vector<std::pair<double, double>>& curve, double x);

struct SleeveShares {
  double growth;  // equities and labels of the user's own
  double bond;
  double cash;
};

// The safe sleeve is `bonds_of_safe` (0.8) bonds and the rest cash.
[[nodiscard]] Result<SleeveShares> sleeve_shares(double age_years, double bonds_of_safe);

// The same with a curve of one's own.
[[nodiscard]] Result<SleeveShares> sleeve_shares(const std::vector<std::pair<double, double>>& curve, double x,
                                                 double bonds_of_safe);

}  // namespace rebalancer
