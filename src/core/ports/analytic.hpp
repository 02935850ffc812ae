#pragma once
#include <string>
#include <string_view>

#include "core/market/price_frame.hpp"

namespace rebalancer {

class Analytic {
 public:
  virtual ~Analytic() = default;
  // `request_json` is the analytic's own; the answer is one JSON object. Errors: invalid, unavailable.
  [[nodiscard]] virtual Result<std::string> run(const PriceFrame& prices, std::string_view request_json) = 0;
};

}  // namespace rebalancer
