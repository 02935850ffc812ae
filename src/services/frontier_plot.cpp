#include "services/frontier_plot.hpp"

#include <vector>

#include "services/frontier_view.hpp"

namespace rebalancer {
namespace {

using namespace picture;

// Eight dots to a character, as braille has them.
class Canvas {
 public:
  Canvas(int columns, int rows) : columns_(columns), rows_(rows), cells_(static_cast<std::size_t>(columns * rows)) {}

  void dot(double x, double y) {
    const int across = static_cast<int>(std::lround(x * (2 * columns_ - 1)));
    const int down = static_cast<int>(std::lround((1 - y) * (4 * rows_ - 1)));
    if (across < 0 || across >= 2 * columns_ || down < 0 || down >= 4 * rows_) return;
    static constexpr int bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    at(across / 2, down / 4).dots |= bits[down % 4][across % 2];
  }
  void mark(double x, double y, char sign) {
    const int column = static_cast<int>(std::lround(x * (columns_ - 1)));
    const int row = static_cast<int>(std::lround((1 - y) * (rows_ - 1)));
    if (column >= 0 && column < columns_ && row >= 0 && row < rows_) at(column, row).sign = sign;
  }
  [[nodiscard]] std::string line(int row) const {
    std::string out;
    for (int column = 0; column < columns_; ++column) {
      const Cell& cell = cells_[static_cast<std::size_t>(row * columns_ + column)];
      if (cell.sign != ' ') {
        out += cell.sign;
      } else if (cell.dots == 0) {
        out += ' ';
      } else {  // U+2800 and the dots
        out += '\xE2';
        out += static_cast<char>(0xA0 + (cell.dots >> 6));
        out += static_cast<char>(0x80 + (cell.dots & 0x3F));
      }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  }

 private:
  struct Cell {
    int dots = 0;
    char sign = ' ';
  };
  Cell& at(int column, int row) { return cells_[static_cast<std::size_t>(row * columns_ + column)]; }
  int columns_, rows_;
  std::vector<Cell> cells_;
};

}  // namespace

std::string frontier_text(const Frontier& frontier, int width, int height) {
  const View view = view_of(frontier);
  constexpr int margin = 8;
  const int columns = std::max(40, width) - margin - 1, rows = std::max(8, height);
  Canvas canvas(columns, rows);
  const auto place = [&](double risk, double earned, auto&& draw) {
    if (view.risk.holds(risk) && view.earned.holds(earned)) draw(view.risk.place(risk), view.earned.place(earned));
  };
  walk_curve(frontier, view, 400,
             [&](double risk, double earned) { place(risk, earned, [&](double x, double y) { canvas.dot(x, y); }); });
  const auto mark = [&](double risk, double earned, char sign) {
    place(risk, earned, [&](double x, double y) { canvas.mark(x, y, sign); });
  };
  for (const CornerPortfolio& corner : frontier.corners) mark(corner.volatility, corner.expected_return, '+');
  int hidden = 0;
  for (const Frontier::Asset& asset : frontier.assets) {
    mark(asset.volatility, asset.expected_return, 'o');
    hidden += !view.risk.holds(asset.volatility) || !view.earned.holds(asset.expected_return);
  }
  mark(frontier.corners.back().volatility, frontier.corners.back().expected_return, 'M');
  if (frontier.tangency) mark(frontier.tangency->volatility, frontier.tangency->expected_return, 'T');

  std::string out = fmt::format("{:>{}} expected return per year\n", "", margin - 1);
  const double earned_step = step_of(view.earned, std::max(2, rows / 3));
  for (int row = 0; row < rows; ++row) {
    // The label nearest to this row, if a tick falls on it.
    const double low = view.earned.high - (view.earned.high - view.earned.low) * (row + 0.5) / (rows - 1);
    const double high = view.earned.high - (view.earned.high - view.earned.low) * (row - 0.5) / (rows - 1);
    const double tick = std::ceil(low / earned_step) * earned_step;
    const bool labelled = tick < high && view.earned.holds(tick);
    out += fmt::format("{:>{}} {}", labelled ? percent(tick, earned_step) : "", margin - 1, labelled ? "┤" : "│");
    out += canvas.line(row) + "\n";
  }
  std::string axis(static_cast<std::size_t>(margin), ' '), labels = axis;
  const double risk_step = step_of(view.risk, std::max(2, columns / 9));
  std::string line;
  int drawn = 0;
  for (double tick = std::ceil(view.risk.low / risk_step) * risk_step; tick <= view.risk.high; tick += risk_step) {
    const int column = static_cast<int>(std::lround(view.risk.place(tick) * (columns - 1)));
    for (; drawn < column; ++drawn) line += "─";
    line += "┬";
    ++drawn;
    const std::string text = percent(tick, risk_step);
    const auto wanted = static_cast<std::size_t>(std::max(0, margin + 1 + column - static_cast<int>(text.size()) / 2));
    if (wanted < labels.size() + (labels.size() > static_cast<std::size_t>(margin) ? 1 : 0)) continue;
    if (wanted + text.size() > static_cast<std::size_t>(margin + 1 + columns)) continue;
    labels.resize(wanted, ' ');
    labels += text;
  }
  for (; drawn < columns; ++drawn) line += "─";
  out += axis + "└" + line + "\n" + labels + "\n";
  out += fmt::format("{:>{}} volatility per year\n", "", margin - 1);
  out += fmt::format("M minimum variance: return {:.2f}%, volatility {:.2f}%\n",
                     100 * frontier.corners.back().expected_return, 100 * frontier.corners.back().volatility);
  if (frontier.tangency) {
    const CornerPortfolio& best = *frontier.tangency;
    out += fmt::format("T highest Sharpe ratio {:.3f}: return {:.2f}%, volatility {:.2f}%\n",
                       (best.expected_return - frontier.risk_free_rate) / best.volatility, 100 * best.expected_return,
                       100 * best.volatility);
  } else {
    out += "T none: " + frontier.no_tangency + "\n";
  }
  out += "+ corner portfolios, o single symbols";
  if (hidden > 0) out += fmt::format(" ({} of {} lie outside)", hidden, frontier.assets.size());
  return out + "\n";
}

}  // namespace rebalancer
