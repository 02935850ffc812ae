// What a trial's seed stands for: an account, a target, prices, a broker and its faults.
#pragma once
#include <memory>
#include <optional>
#include <string_view>

#include "core/market/calendar.hpp"
#include "services/pipeline.hpp"
#include "support/fake_provider.hpp"
#include "world.hpp"

namespace rebalancer::crash {

enum class Mode { kill, power, error };
[[nodiscard]] std::string_view name_of(Mode mode);

// Left open: drawn from the seed.
struct Wishes {
  Mode mode = Mode::kill;
  std::optional<BrokerCapabilities::Dedupe> dedupe;
  std::optional<BrokerCapabilities::Lookup> lookup;
  std::optional<int> fault_percent;
};

// Divides by fixed weights.
class FixedWeights final : public Strategy {
 public:
  explicit FixedWeights(std::vector<double> weights) : weights_(std::move(weights)) {}
  Result<Allocation> weigh(const AllocationProblem& problem) override;

 private:
  std::vector<double> weights_;
};

struct Scene {
  Scene(std::uint64_t seed, const Wishes& wishes);

  // Scenes repeat, so that an undisturbed run of each needs to be made once. Two seeds with the same number differ in
  // what goes wrong only.
  static constexpr std::uint64_t scenes = 16;
  [[nodiscard]] int number() const;

  std::uint64_t seed;
  Mode mode;
  BrokerCapabilities capabilities;
  bool refuses_duplicates = false;
  int fault_percent = 0;

  Date session;
  std::shared_ptr<const Calendar> calendar;
  test::FakeProvider provider;
  std::vector<double> target;
  PipelineSettings settings;

  // Before anything happened.
  void set_up(World& world) const;

 private:
  std::vector<std::int64_t> marks_, shares_;
  std::int64_t cash_ = 0;
};

}  // namespace rebalancer::crash
