// A provider whose calls are counted and timed; everything else is passed on.
#pragma once
#include <memory>
#include <string>

#include "adapters/system/metrics.hpp"
#include "core/base/clock.hpp"
#include "core/ports/provider.hpp"

namespace rebalancer::system {

class MeteredProvider final : public Provider {
 public:
  // `label` is its name in the metrics: the plugin's, not that of a file it reads. Clock and metrics outlive it.
  MeteredProvider(std::string label, std::unique_ptr<Provider> metered, const Clock& clock, Metrics& metrics)
      : label_(std::move(label)), metered_(std::move(metered)), clock_(clock), metrics_(metrics) {}

  [[nodiscard]] std::string name() const override { return metered_->name(); }
  [[nodiscard]] bool simulated() const override { return metered_->simulated(); }
  [[nodiscard]] bool is_local() const override { return metered_->is_local(); }
  [[nodiscard]] Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to,
                                                   std::stop_token stop) override;

 private:
  std::string label_;
  std::unique_ptr<Provider> metered_;
  const Clock& clock_;
  Metrics& metrics_;
};

}  // namespace rebalancer::system
