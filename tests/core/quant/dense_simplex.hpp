// The slow way for linear programs: the textbook tableau in two phases, in extended precision. The right sides are
// moved apart a little, by up to 1e-14 in all, so that no step stands still and no cycle is possible.
#pragma once
#include <algorithm>
#include <optional>
#include <vector>

namespace rebalancer::test {

// minimize cost'x where every row holds and x >= 0.
class DenseSimplex {
 public:
  int add_variable(long double cost) {
    cost_.push_back(cost);
    return static_cast<int>(cost_.size()) - 1;
  }
  // sum of terms = right, or >= right.
  void add_row(std::vector<std::pair<int, long double>> terms, long double right, bool at_least = false) {
    if (at_least) terms.emplace_back(add_variable(0), -1.0L);
    rows_.push_back({std::move(terms), right});
  }

  // None: infeasible. Unbounded programs are not expected.
  [[nodiscard]] std::optional<double> minimum() const {
    const std::size_t rows = rows_.size(), columns = cost_.size(), width = columns + rows + 1;
    std::vector<std::vector<long double>> table(rows, std::vector<long double>(width, 0));
    std::vector<std::size_t> basis(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const long double sign = rows_[i].right < 0 ? -1 : 1;
      for (const auto& [variable, factor] : rows_[i].terms) {
        table[i][static_cast<std::size_t>(variable)] += sign * factor;
      }
      const long double apart = 1e-14L * static_cast<long double>((i * 37) % rows + 1) / static_cast<long double>(rows);
      table[i][width - 1] = sign * rows_[i].right + apart;
      table[i][columns + i] = 1;
      basis[i] = columns + i;
    }
    std::vector<long double> cost(width, 0);
    for (std::size_t i = 0; i < rows; ++i) cost[columns + i] = 1;
    if (run(table, basis, cost, width - 1) > 1e-10L) return std::nullopt;
    std::fill(cost.begin(), cost.end(), 0.0L);
    for (std::size_t j = 0; j < columns; ++j) cost[j] = cost_[j];
    // Artificials that stayed in the basis stand at zero and must stay there: they leave for any column that can.
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; basis[i] >= columns && j < columns; ++j) {
        if (table[i][j] > 1e-9L || table[i][j] < -1e-9L) pivot(table, basis, i, j);
      }
    }
    return static_cast<double>(run(table, basis, cost, columns));
  }

 private:
  struct Row {
    std::vector<std::pair<int, long double>> terms;
    long double right;
  };
  using Table = std::vector<std::vector<long double>>;

  static void pivot(Table& table, std::vector<std::size_t>& basis, std::size_t row, std::size_t column) {
    const long double factor = table[row][column];
    for (long double& value : table[row]) value /= factor;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const long double times = table[i][column];
      if (i == row || times == 0) continue;
      for (std::size_t k = 0; k < table[i].size(); ++k) {
        long double& value = table[i][k];
        value -= times * table[row][k];
        if (value < 1e-15L && value > -1e-15L) value = 0;  // the rounding of a zero must not be taken for a pivot
      }
    }
    basis[row] = column;
  }

  static long double run(Table& table, std::vector<std::size_t>& basis, const std::vector<long double>& cost,
                         std::size_t usable) {
    const std::size_t right = cost.size() - 1;
    for (;;) {
      std::size_t entering = usable;
      long double steepest = -1e-13L;
      for (std::size_t j = 0; j < usable; ++j) {
        long double reduced = cost[j];
        for (std::size_t i = 0; i < table.size(); ++i) reduced -= cost[basis[i]] * table[i][j];
        if (reduced < steepest) entering = j, steepest = reduced;
      }
      if (entering == usable) break;
      std::size_t leaving = table.size();
      long double least = 0;
      for (std::size_t i = 0; i < table.size(); ++i) {
        if (!(table[i][entering] > 1e-10L)) continue;
        const long double ratio = std::max(table[i][right], 0.0L) / table[i][entering];
        if (leaving == table.size() || ratio < least) leaving = i, least = ratio;
      }
      if (leaving == table.size()) break;
      pivot(table, basis, leaving, entering);
    }
    long double objective = 0;
    for (std::size_t i = 0; i < table.size(); ++i) objective += cost[basis[i]] * table[i][right];
    return objective;
  }

  std::vector<long double> cost_;
  std::vector<Row> rows_;
};

}  // namespace rebalancer::test
