// The frontier as a picture for browsers and documents.
#include <vector>

#include "services/frontier_plot.hpp"
#include "services/frontier_view.hpp"

namespace rebalancer {
namespace {

using namespace picture;

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

constexpr double width = 760, height = 540, left = 72, right = 24, top = 56, bottom = 80;

// Finds room for labels: beside, below or above a mark, on no other label, mark or part of the curve if that can be.
class Labels {
 public:
  void occupy(double x, double y, double radius) { taken_.push_back({x - radius, y - radius, x + radius, y + radius}); }

  // A text element for the mark at (x, y). Characters are taken for 7.2 wide and 12 high.
  std::string place(double x, double y, double radius, std::string_view style, std::string_view text) {
    const double wide = 7.2 * static_cast<double>(text.size()), away = radius + 4;
    const struct {
      double x, y;  // of the left end of the base line
    } spots[] = {{x + away, y + 4},
                 {x - away - wide, y + 4},
                 {x - wide / 2, y + away + 10},
                 {x - wide / 2, y - away},
                 {x + away - 2, y + away + 8},
                 {x - away + 2 - wide, y - away + 2},
                 {x + away + 10, y + away + 24},
                 {x - away - 10 - wide, y - away - 14}};
    Box best{};
    int fewest = -1;
    for (const auto& spot : spots) {
      const Box box{spot.x, spot.y - 10, spot.x + wide, spot.y + 3};
      if (box.left < left || box.right > width - right || box.low < top || box.high > height - bottom) continue;
      int hits = 0;
      for (const Box& other : taken_) hits += box.meets(other);
      if (fewest >= 0 && hits >= fewest) continue;
      fewest = hits;
      best = box;
    }
    if (fewest < 0) best = {spots[0].x, spots[0].y - 10, spots[0].x + wide, spots[0].y + 3};
    taken_.push_back(best);
    return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", style, best.left, best.low + 10,
                       escaped(text));
  }

 private:
  struct Box {
    double left, low, right, high;
    [[nodiscard]] bool meets(const Box& other) const {
      return left < other.right && other.left < right && low < other.high && other.low < high;
    }
  };
  std::vector<Box> taken_;
};

// What the marks are, in one line at the foot.
std::string legend(const Frontier& frontier, const View& view) {
  std::size_t hidden = 0;
  for (const Frontier::Asset& asset : frontier.assets) {
    hidden += !view.risk.holds(asset.volatility) || !view.earned.holds(asset.expected_return);
  }
  constexpr double y = height - 14;
  std::string out = fmt::format(
      "<path class=\"curve\" d=\"M{0} {1}H{2}\"/><circle class=\"corner\" cx=\"{3}\" cy=\"{1}\" r=\"3\"/>"
      "<text class=\"soft\" x=\"{4}\" y=\"{5}\">efficient, with its corner portfolios</text>\n",
      left, y - 4, left + 24, left + 12, left + 32, y);
  out += fmt::format(
      "<circle class=\"asset\" cx=\"{0}\" cy=\"{1}\" r=\"4\"/><text class=\"soft\" x=\"{2}\" y=\"{3}\">single "
      "symbols{4}</text>\n",
      left + 248, y - 4, left + 260, y,
      hidden > 0 ? fmt::format(" ({} of {} lie outside)", hidden, frontier.assets.size()) : "");
  if (frontier.tangency) {
    out += fmt::format(
        "<path class=\"line\" d=\"M{0} {1}H{2}\"/><text class=\"soft\" x=\"{3}\" y=\"{4}\">mixed with cash at "
        "{5:.6g}%</text>\n",
        left + 506, y - 4, left + 530, left + 538, y, 100 * frontier.risk_free_rate);
  }
  return out;
}

}  // namespace

std::string frontier_svg(const Frontier& frontier) {
  const View view = view_of(frontier);
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
      "text{font:12px system-ui,sans-serif;fill:var(--ink);paint-order:stroke;stroke:var(--page);stroke-width:3px} "
      ".soft{fill:var(--soft)} .title{font-size:16px;"
      "font-weight:600} .name{font-weight:600}\n"
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
  Labels labels;
  std::string path;
  walk_curve(frontier, view, 240, [&](double risk, double earned) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x(risk), y(earned));
    labels.occupy(x(risk), y(earned), 1.5);
  });
  const auto in_sight = [&](const Frontier::Asset& asset) {
    return view.risk.holds(asset.volatility) && view.earned.holds(asset.expected_return);
  };
  for (const Frontier::Asset& asset : frontier.assets) {
    if (in_sight(asset)) labels.occupy(x(asset.volatility), y(asset.expected_return), 4);
  }
  std::string marks, names;
  const auto named = [&](const CornerPortfolio& portfolio, std::string_view style, const std::string& text) {
    const double across = x(portfolio.volatility), down = y(portfolio.expected_return);
    marks += fmt::format("<circle class=\"{}\" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"6\"/>\n", style, across, down);
    labels.occupy(across, down, 6);
    names += labels.place(across, down, 6, "name", text);
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
  for (const Frontier::Asset& asset : frontier.assets) {
    if (!in_sight(asset)) continue;
    const double across = x(asset.volatility), down = y(asset.expected_return);
    out += fmt::format("<circle class=\"asset\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", across, down);
    names += labels.place(across, down, 4, "soft", asset.symbol.str());
  }
  out += fmt::format("<path class=\"curve\" d=\"{}\"/>\n", path);
  for (const CornerPortfolio& corner : frontier.corners) {
    out += fmt::format(
        "<circle class=\"corner\" cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3\"><title>return {:.2f}%, volatility "
        "{:.2f}%</title></circle>\n",
        x(corner.volatility), y(corner.expected_return), 100 * corner.expected_return, 100 * corner.volatility);
  }
  out += marks + names + legend(frontier, view);
  return out + "</svg>\n";
}

}  // namespace rebalancer
