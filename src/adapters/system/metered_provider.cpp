#include "adapters/system/metered_provider.hpp"

namespace rebalancer::system {

Result<std::vector<BarTable>> MeteredProvider::bars(std::span<const Symbol> symbols, Date from, Date to,
                                                    std::stop_token stop) {
  const auto began = clock_.monotonic();
  auto answer = metered_->bars(symbols, from, to, std::move(stop));
  metrics_.provider_call(label_, answer ? "ok" : name_of(answer.error().code), clock_.monotonic() - began);
  return answer;
}

}  // namespace rebalancer::system
