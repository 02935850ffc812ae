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

struct SleeveShares {
  double growth;  // equities and labels of the user's own
  double bond;
  double cash;
};

// The safe sleeve is `bonds_of_safe` (0.8) bonds and the rest cash.
[[nodiscard]] Result<SleeveShares> sleeve_shares(double age_years, double bonds_of_safe);

}  // namespace rebalancer
