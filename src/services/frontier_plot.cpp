#include "services/frontier_plot.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace rebalancer {
namespace {

struct Range {
  double low, high;
  [[nodiscard]] double place(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] bool holds(double value) const { return value >= low && value <= high; }
};

// A step of 1, 2 or 5 times a power of ten that cuts the range into at most `count` parts.
double step_of(const Range& range, int count) {
  const double raw = (range.high - range.low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string percent(double value, double step) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 2 - 1e-9)), 0, 6);
  const double shown = 100 * value;
  return fmt::format("{:.{}f}%", std::abs(shown) < 0.5 * std::pow(10, -decimals) ? 0.0 : shown, decimals);
}

struct View {
  Range risk, earned;
};

// The curve with room around it, and the single assets as far as they do not squeeze the curve into a corner.
View view_of(const Frontier& frontier) {
  Range risk{frontier.corners.back().volatility, frontier.corners.front().volatility};
  Range earned{frontier.corners.back().expected_return, frontier.corners.front().expected_return};
  const Range curve_risk = risk, curve_earned = earned;
  const double wide = std::max({curve_risk.high - curve_risk.low, 0.75 * curve_risk.high, 0.02});
  const double tall = std::max(curve_earned.high - curve_earned.low, 0.2);
  for (const Frontier::Asset& asset : frontier.assets) {
    if (asset.volatility > curve_risk.high + wide || asset.expected_return < curve_earned.low - tall) continue;
    risk = {std::min(risk.low, asset.volatility), std::max(risk.high, asset.volatility)};
    earned = {std::min(earned.low, asset.expected_return), std::max(earned.high, asset.expected_return)};
  }
  const double risk_room = std::max(0.06 * (risk.high - risk.low), 0.002);
  const double earned_room = std::max(0.06 * (earned.high - earned.low), 0.002);
  return {{std::max(0.0, risk.low - risk_room), risk.high + risk_room},
          {earned.low - earned_room, earned.high + earned_room}};
}

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

// Between two corner portfolios the variance is a parabola in the return, whose slope at a corner is twice its lambda.
// `resolution`: steps across the whole picture.
template <class Visit>
void walk_curve(const Frontier& frontier, const View& view, double resolution, const Visit& visit) {
  const auto& corners = frontier.corners;
  visit(corners.back().volatility, corners.back().expected_return);
  for (std::size_t i = corners.size() - 1; i > 0; --i) {
    const CornerPortfolio& low = corners[i];
    const CornerPortfolio& high = corners[i - 1];
    const double rise = high.expected_return - low.expected_return;
    const double across = (high.volatility - low.volatility) / (view.risk.high - view.risk.low);
    const double along = std::max(across, rise / (view.earned.high - view.earned.low));
    const int steps = 1 + static_cast<int>(std::clamp(along, 0.0, 1.0) * resolution);
    for (int k = 1; k <= steps && rise > 0; ++k) {
      const double up = rise * k / steps;
      const double variance =
          low.volatility * low.volatility + 2 * low.lambda * up + (high.lambda_low - low.lambda) / rise * up * up;
      visit(std::sqrt(std::max(0.0, variance)), low.expected_return + up);
    }
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

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
  int hidden = 0;
  for (const Frontier::Asset& asset : frontier.assets) {
    mark(asset.volatility, asset.expected_return, 'o');
    hidden += !view.risk.holds(asset.volatility) || !view.earned.holds(asset.expected_return);
  }
  mark(frontier.corners.back().volatility, frontier.corners.back().expected_return, 'M');
  if (frontier.tangency) mark(frontier.tangency->volatility, frontier.tangency->expected_return, 'T');

  std::string out = fmt::format("{:>{}} expected return per year\n", "", margin - 1);
  const double earned_step = step_of(view.earned, std::max(2, rows / 4));
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
  const double risk_step = step_of(view.risk, std::max(2, columns / 12));
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
  out += "o single symbols";
  if (hidden > 0) out += fmt::format(" ({} of {} lie outside)", hidden, frontier.assets.size());
  return out + "\n";
}

std::string frontier_svg(const Frontier& frontier) {
  const View view = view_of(frontier);
  constexpr double width = 760, height = 520, left = 72, right = 24, top = 56, bottom = 60;
  const auto x = [&](double risk) { return left + view.risk.place(risk) * (width - left - right); };
  const auto y = [&](double earned) { return height - bottom - view.earned.place(earned) * (height - top - bottom); };
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\" "
      "aria-label=\"Efficient frontier as of {2}\">\n",
      width, height, frontier.as_of.to_string());
  out +=
      "<style>\n"
      ":root{--ink:#1f2430;--soft:#6b7280;--grid:#e5e7eb;--page:#ffffff;--curve:#2563eb;--best:#c2410c;--least:#047857}"
      "\n"
      "@media (prefers-color-scheme:dark){:root{--ink:#e5e7eb;--soft:#9ca3af;--grid:#2d3340;--page:#12151c;"
      "--curve:#7aa2ff;--best:#fb923c;--least:#34d399}}\n"
      "text{font:12px system-ui,sans-serif;fill:var(--ink)} .soft{fill:var(--soft)} .title{font-size:16px;"
      "font-weight:600}\n"
      ".grid{stroke:var(--grid)} .curve{fill:none;stroke:var(--curve);stroke-width:2.5} .corner{fill:var(--curve)}\n"
      ".asset{fill:none;stroke:var(--soft);stroke-width:1.5} .best{fill:var(--best)} .least{fill:var(--least)}\n"
      ".line{stroke:var(--best);stroke-width:1.2;stroke-dasharray:5 4}\n"
      "</style>\n";
  out += fmt::format("<rect width=\"{}\" height=\"{}\" fill=\"var(--page)\"/>\n", width, height);
  out += fmt::format("<text class=\"title\" x=\"{}\" y=\"26\">Efficient frontier</text>\n", left);
  out += fmt::format(
      "<text class=\"soft\" x=\"{}\" y=\"44\">{} corner portfolios; risk model {}, expected returns {}; "
      "prices up to {}</text>\n",
      left, frontier.corners.size(), escaped(frontier.risk_model), escaped(frontier.expected_returns),
      frontier.as_of.to_string());
  const double earned_step = step_of(view.earned, 8), risk_step = step_of(view.risk, 8);
  for (double tick = std::ceil(view.earned.low / earned_step) * earned_step; tick <= view.earned.high;
       tick += earned_step) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
        left, width - right, y(tick), y(tick), left - 8, y(tick) + 4, percent(tick, earned_step));
  }
  for (double tick = std::ceil(view.risk.low / risk_step) * risk_step; tick <= view.risk.high; tick += risk_step) {
    out += fmt::format(
        "<line class=\"grid\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
        x(tick), x(tick), top, height - bottom, x(tick), height - bottom + 18, percent(tick, risk_step));
  }
  out +=
      fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">volatility per year</text>\n",
                  (left + width - right) / 2, height - bottom + 40);
  out += fmt::format(
      "<text class=\"soft\" transform=\"translate(18 {:.1f}) rotate(-90)\" text-anchor=\"middle\">"
      "expected return per year</text>\n",
      (top + height - bottom) / 2);
  for (const Frontier::Asset& asset : frontier.assets) {
    if (!view.risk.holds(asset.volatility) || !view.earned.holds(asset.expected_return)) continue;
    const bool near_edge = x(asset.volatility) > width - right - 60;
    out += fmt::format(
        "<circle class=\"asset\" cx=\"{0:.1f}\" cy=\"{1:.1f}\" r=\"4\"/>"
        "<text class=\"soft\" x=\"{2:.1f}\" y=\"{3:.1f}\"{4}>{5}</text>\n",
        x(asset.volatility), y(asset.expected_return), x(asset.volatility) + (near_edge ? -8 : 8),
        y(asset.expected_return) + 4, near_edge ? " text-anchor=\"end\"" : "", escaped(asset.symbol.str()));
  }
  std::string path;
  walk_curve(frontier, view, 240, [&](double risk, double earned) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x(risk), y(earned));
  });
  out += fmt::format("<path class=\"curve\" d=\"{}\"/>\n", path);
  for (const CornerPortfolio& corner : frontier.corners) {
    out += fmt::format(
        "<circle class=\"corner\" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3\"><title>return {:.2f}%, volatility "
        "{:.2f}%</title></circle>\n",
        x(corner.volatility), y(corner.expected_return), 100 * corner.expected_return, 100 * corner.volatility);
  }
  const auto named = [&](const CornerPortfolio& portfolio, std::string_view style, const std::string& text) {
    // Above and to the left, where no portfolio can be.
    const bool roomy = x(portfolio.volatility) > left + 190;
    out += fmt::format(
        "<circle class=\"{}\" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"6\"/>"
        "<text x=\"{:.1f}\" y=\"{:.1f}\"{}>{}</text>\n",
        style, x(portfolio.volatility), y(portfolio.expected_return), x(portfolio.volatility) + (roomy ? -12 : 12),
        y(portfolio.expected_return) + (roomy ? -8 : 18), roomy ? " text-anchor=\"end\"" : "", text);
  };
  if (frontier.tangency) {
    const CornerPortfolio& best = *frontier.tangency;
    const double slope = (best.expected_return - frontier.risk_free_rate) / best.volatility;
    // The line from the risk-free rate through the tangency, as far as it is in sight.
    double from = view.risk.low, to = view.risk.high;
    const auto at = [&](double risk) { return frontier.risk_free_rate + slope * risk; };
    if (at(from) < view.earned.low) from = (view.earned.low - frontier.risk_free_rate) / slope;
    if (at(to) > view.earned.high) to = (view.earned.high - frontier.risk_free_rate) / slope;
    if (from < to) {
      out += fmt::format("<line class=\"line\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", x(from),
                         y(at(from)), x(to), y(at(to)));
    }
    named(best, "best", fmt::format("highest Sharpe ratio {:.2f}", slope));
  }
  named(frontier.corners.back(), "least", "minimum variance");
  return out + "</svg>\n";
}

}  // namespace rebalancer
