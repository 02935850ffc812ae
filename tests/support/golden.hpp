// The independent reference numbers and their prices; absent, the tests that need them skip aloud.
#pragma once
#include <cmath>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "core/market/price_frame.hpp"
#include "support/reference.hpp"

namespace rebalancer::test {

inline std::optional<boost::json::value> golden(const char* name = "golden/golden_dev.json") {
  const auto file = reference_file(name);
  if (!file) return std::nullopt;
  std::ifstream in(*file);
  std::stringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str());
}

// A wide CSV: date,SYM1,SYM2,...; an empty cell is no price.
inline std::optional<PriceFrame> golden_prices(const char* name) {
  const auto file = reference_file(name);
  if (!file) return std::nullopt;
  std::ifstream in(*file);
  std::string line, cell;
  std::getline(in, line);
  std::vector<Symbol> symbols;
  std::stringstream header(line);
  std::getline(header, cell, ',');
  while (std::getline(header, cell, ',')) symbols.push_back(Symbol::parse(cell).value());
  std::vector<Date> dates;
  std::vector<double> values;
  while (std::getline(in, line)) {
    std::stringstream row(line);
    std::getline(row, cell, ',');
    dates.push_back(Date::parse(cell).value());
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      cell.clear();
      std::getline(row, cell, ',');
      values.push_back(cell.empty() ? std::numeric_limits<double>::quiet_NaN() : std::stod(cell));
    }
  }
  const auto rows = static_cast<Eigen::Index>(dates.size()), cols = static_cast<Eigen::Index>(symbols.size());
  const Eigen::MatrixXd matrix =
      Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(values.data(), rows, cols);
  return PriceFrame::make(std::move(dates), std::move(symbols), matrix).value();
}

inline double number(const boost::json::value& value) { return value.to_number<double>(); }

inline Eigen::VectorXd vector(const boost::json::value& value) {
  const auto& array = value.as_array();
  Eigen::VectorXd out(static_cast<Eigen::Index>(array.size()));
  for (std::size_t i = 0; i < array.size(); ++i) out(static_cast<Eigen::Index>(i)) = number(array[i]);
  return out;
}

}  // namespace rebalancer::test
