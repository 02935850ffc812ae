#pragma once
#include <vector>

#include <Eigen/Core>

#include "core/base/time.hpp"
#include "core/market/symbol.hpp"

namespace rebalancer {

// Dates x symbols, column-major, NaN = no price. Crosses the plugin contract without a copy.
class PriceFrame {
 public:
  // Errors: invalid unless dates ascend strictly, symbols are distinct, the shape fits and every value is positive or
  // NaN.
  [[nodiscard]] static Result<PriceFrame> make(std::vector<Date> dates, std::vector<Symbol> symbols,
                                               Eigen::MatrixXd values);

  [[nodiscard]] const std::vector<Date>& dates() const { return dates_; }
  [[nodiscard]] const std::vector<Symbol>& symbols() const { return symbols_; }
  [[nodiscard]] const Eigen::MatrixXd& values() const { return values_; }
  [[nodiscard]] std::size_t rows() const { return dates_.size(); }
  [[nodiscard]] std::size_t cols() const { return symbols_.size(); }

 private:
  PriceFrame(std::vector<Date> dates, std::vector<Symbol> symbols, Eigen::MatrixXd values)
      : dates_(std::move(dates)), symbols_(std::move(symbols)), values_(std::move(values)) {}
  std::vector<Date> dates_;
  std::vector<Symbol> symbols_;
  Eigen::MatrixXd values_;
};

}  // namespace rebalancer
