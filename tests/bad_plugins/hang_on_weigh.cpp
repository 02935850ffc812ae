// Never comes back from weigh, and does not ask whether it should, while there is a file called "hang" in the working
// directory.
#include <algorithm>
#include <unistd.h>

#include <rebalancer/plugin.hpp>

class HangOnWeigh final : public rebalancer::sdk::Strategy {
 public:
  using Strategy::Strategy;
  void weigh(const Problem& problem, std::span<double> weights) override {
    if (access("hang", F_OK) == 0) {
      for (;;) pause();
    }
    std::ranges::fill(weights, 1.0 / double(problem.symbols().size()));
  }
};
REBALANCER_STRATEGY(HangOnWeigh, "hang_on_weigh", "1.0.0", "Hangs.", "{}")
