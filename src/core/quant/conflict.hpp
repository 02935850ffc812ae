// Which constraints contradict each other, and the least that would mend it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/quant/mean_variance.hpp"

namespace rebalancer {

struct Conflict {
  // By name, as people write them: limits first ("tech <= 15%"), then turnover and gross, then bounds ("A >= 0.3").
  // Leave any of them out and the rest can be met; that the weights sum to one is understood.
  std::vector<std::string> constraints;
  bool long_only = false;  // bounds at zero have a part in it, which are not listed one by one
  // The smallest change of one of them that mends it, "tech <= 0.6" for a limit of "tech"; empty when no single one
  // can.
  std::string mend;
  double mend_size = 0;  // by how much it moves
};

// None when the constraints can be met. The set is irreducible: the smaller one of two deletion filters (Chinneck,
// "Feasibility and infeasibility in optimization", 2008), unless one with fewer constraints is among the first 2000 of
// the smaller sets. So no smaller one exists wherever there are few constraints, or where a pair is the answer.
[[nodiscard]] std::optional<Conflict> find_conflict(const MeanVarianceProblem& problem);

}  // namespace rebalancer
