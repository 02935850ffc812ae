// Says why no weights satisfy a problem's constraints, in the words of those who wrote them.
#pragma once
#include "core/quant/mean_variance.hpp"

namespace rebalancer {

// Errors: invalid for shapes that differ or numbers that are not finite; conflict when the bounds alone contradict each
// other: "minimum weights sum to 1.2, must be at most 1".
[[nodiscard]] Result<void> check_shape(const MeanVarianceProblem& problem);

// Names the constraints that contradict each other (conflict.hpp) and the smallest change that mends it.
[[nodiscard]] Error explain_infeasible(const MeanVarianceProblem& problem);

}  // namespace rebalancer
