#include "app/report_text.hpp"

#include <algorithm>
#include <cmath>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace rebalancer::app {
namespace {

constexpr int columns_max = 80;

// Texts in columns: the first left-aligned, the others right-aligned, two blanks between.
class Grid {
 public:
  explicit Grid(int indent) : indent_(indent) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string text() const {
    std::vector<int> widths;
    for (const auto& cells : rows_) {
      widths.resize(std::max(widths.size(), cells.size()));
      for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width_of(cells[i]));
    }
    std::string out;
    for (const auto& cells : rows_) {
      out += std::string(static_cast<std::size_t>(indent_), ' ');
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string pad(static_cast<std::size_t>(widths[i] - width_of(cells[i])), ' ');
        if (i > 0) out += "  ";
        out += i == 0 ? cells[i] + pad : pad + cells[i];
      }
      out.erase(out.find_last_not_of(' ') + 1);
      out += '\n';
    }
    return out;
  }

 private:
  int indent_;
  std::vector<std::vector<std::string>> rows_;
};

std::string percent(double fraction) { return fmt::format("{:.1f}%", 100 * fraction + 0.0); }
void heading(std::string& out, std::string_view title, const Terminal& terminal) {
  out += "\n" + terminal.out_paint(Color::bold, title) + "\n";
}

void paragraph(std::string& out, std::string_view text, int indent) {
  out += std::string(static_cast<std::size_t>(indent), ' ') + wrapped(text, columns_max - indent, 0);
  out += '\n';
}

std::string with_indent(std::string_view text, int indent) {
  std::string out(static_cast<std::size_t>(indent), ' ');
  for (const char c : wrapped(text, columns_max - indent)) {
    out += c;
    if (c == '\n') out += std::string(static_cast<std::size_t>(indent), ' ');
  }
  return out + "\n";
}

void write_stages(std::string& out, const RunReport& report, const Terminal& terminal) {
  for (const StageReport& stage : report.stages) {
    const Color color = stage.outcome == "ok"        ? Color::green
                        : stage.outcome == "held"    ? Color::red
                        : stage.outcome == "warning" ? Color::yellow
                                                     : Color::dim;
    const std::string time = duration_text(stage.seconds);
    out += fmt::format("  {:<9}", name_of(stage.stage));
    out += terminal.out_paint(color, fmt::format("{:<8}", stage.outcome));
    const int room = columns_max - 19 - 10;
    if (width_of(stage.detail) <= room) {
      out += stage.detail + std::string(static_cast<std::size_t>(room - width_of(stage.detail)), ' ') +
             fmt::format("{:>10}\n", time);
    } else {
      out += fmt::format("{:>{}}\n", time, room + 10);
      out += with_indent(stage.detail, 19);
    }
  }
}

void write_weights_table(std::string& out, const RunReport& report, const Terminal& terminal) {
  if (!report.optimized || !report.drift_before) return;
  heading(out, "Weights", terminal);
  const bool sent = report.book_after.has_value();
  Grid grid(2);
  grid.row({"", "target", "before", "drift", sent ? "after" : "planned", "drift"});
  const Drift& before = *report.drift_before;
  const Drift& after = report.drift_after ? *report.drift_after : before;
  for (const DriftEntry& entry : before.entries) {
    const auto then = std::find_if(after.entries.begin(), after.entries.end(),
                                   [&](const DriftEntry& other) { return other.symbol == entry.symbol; });
    const DriftEntry gone{entry.symbol, 0, entry.target_fraction};
    const DriftEntry& later = then == after.entries.end() ? gone : *then;
    grid.row({entry.symbol.str(), percent(entry.target_fraction), percent(entry.actual_fraction),
              signed_percent(entry.drift_fraction()), percent(later.actual_fraction),
              signed_percent(later.drift_fraction())});
  }
  grid.row({"cash", percent(before.cash_target_fraction), percent(before.cash_actual_fraction),
            signed_percent(before.cash_actual_fraction - before.cash_target_fraction),
            percent(after.cash_actual_fraction),
            signed_percent(after.cash_actual_fraction - after.cash_target_fraction)});
  grid.row({"largest drift", "", "", percent(before.largest_fraction), "", percent(after.largest_fraction)});
  out += grid.text();
}

std::string order_line(const PlannedOrder& planned, const OrderReport* state) {
  std::string line = fmt::format("{} {} {}  limit {}", planned.side == Side::buy ? "BUY " : "SELL",
                                 planned.quantity.to_string(), planned.symbol, planned.limit.to_string());
  if (state == nullptr) return line + "  (not sent)";
  line += fmt::format("  {}", name_of(state->state));
  if (state->filled.decimal().is_positive()) {
    line += fmt::format(" {}", state->filled.to_string());
    if (state->average_price) line += " @ " + state->average_price->to_string();
    line += fmt::format(", cost {}", amount_text(state->fee));
  }
  return line;
}

void write_orders(std::string& out, const RunReport& report, const Terminal& terminal) {
  if (!report.plan) return;
  heading(out, fmt::format("Orders ({})", report.plan->orders.size()), terminal);
  int number = 0;
  const auto write = [&](const PlannedOrder& planned, const OrderReport* state) {
    out += fmt::format("  {:>2}. {}\n", ++number, order_line(planned, state));
    out += with_indent(planned.reason, 6);
    if (state != nullptr && !state->reason.empty()) out += with_indent(state->reason, 6);
  };
  if (report.orders.empty()) {
    for (const PlannedOrder& planned : report.plan->orders) write(planned, nullptr);
  } else {
    for (const ExecutedOrder& order : report.orders) write(order.planned, &order.report);
  }
  if (number == 0) out += "  none\n";
  if (!report.plan->non_orders.empty()) {
    heading(out, "Left alone", terminal);
    for (const NonOrder& left : report.plan->non_orders) {
      out += with_indent(fmt::format("{}: {}", left.symbol, left.reason), 2);
    }
  }
}

void write_proof(std::string& out, const RunReport& report, const Terminal& terminal) {
  if (!report.proof) return;
  heading(out, "Proof (every rule checked again in exact arithmetic)", terminal);
  for (const ProvedRule& rule : report.proof->rules()) {
    std::string name = rule.rule;
    std::replace(name.begin(), name.end(), '_', ' ');
    out += "  " + terminal.out_paint(Color::green, "✓") + with_indent(name + ": " + rule.evidence, 4).substr(3);
  }
}

void write_money(std::string& out, const RunReport& report, const Terminal& terminal) {
  if (!report.equity_before) return;
  heading(out, "Money", terminal);
  const std::string currency = report.equity_before->currency().to_string();
  Grid grid(2);
  grid.row({"", "before", report.book_after ? "after" : ""});
  grid.row({"equity " + currency, amount_text(report.equity_before->amount()),
            report.equity_after ? amount_text(report.equity_after->amount()) : ""});
  grid.row({"cash " + currency, amount_text(report.book_before->cash.amount()),
            report.book_after ? amount_text(report.book_after->cash.amount()) : ""});
  if (report.cost) {
    grid.row({report.orders.empty() ? "cost expected" : "cost paid", "", amount_text(report.cost->amount())});
  }
  out += grid.text();
}

void write_next(std::string& out, const RunReport& report, const Terminal& terminal) {
  heading(out, "Next", terminal);
  const auto hint = [&](std::string_view command, std::string_view what) {
    out += fmt::format("  {:<34} {}\n", command, what);
  };
  if (!report.sha256.empty()) hint("rebalancer explain " + report.id.substr(0, 8), "why, with the numbers");
  if (report.refused) hint("rebalancer status", "is trading halted?");
  if (report.hold) {
    hint("rebalancer doctor", "check this machine and the configuration");
    if (report.quality && report.quality->stops()) hint("rebalancer data quality", "every finding about the prices");
    return;
  }
  if (report.outcome == RunOutcome::traded) {
    hint("rebalancer positions", "what the account holds now");
    hint("rebalancer run", "again: this session trades only once");
  } else if (report.mode == "dry_run") {
    hint("rebalancer run", "do it");
  } else {
    hint("rebalancer drift", "how far every position is from its target");
  }
  hint("rebalancer history", "earlier runs");
}

}  // namespace

std::string duration_text(double seconds) {
  if (seconds < 0.001) return fmt::format("{:.0f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1e3);
  return fmt::format("{:.1f} s", seconds);
}

std::string amount_text(Decimal amount) {
  auto cents = round_to(amount, Decimal::from_billionths(10'000'000), Rounding::half_even);
  std::string digits = (cents ? *cents : amount).to_string();
  const auto point = digits.find('.');
  std::string whole = digits.substr(0, point);
  std::string part = point == std::string::npos ? "" : digits.substr(point + 1);
  part.resize(std::max<std::size_t>(part.size(), 2), '0');
  const std::size_t start = whole.starts_with('-') ? 1 : 0;
  for (std::size_t i = whole.size(); i > start + 3; i -= 3) whole.insert(i - 3, ",");
  return whole + "." + part;
}

std::string signed_percent(double fraction) {
  const std::string text = fmt::format("{:+.1f}%", 100 * fraction);
  return text == "-0.0%" || text == "+0.0%" ? "0.0%" : text;
}

std::string analysis_text(const RunReport& report) {
  std::string out;
  for (const auto& [name, answer] : report.analysis) {
    out += name + "\n";
    boost::json::error_code failed;
    const boost::json::value parsed = boost::json::parse(answer, failed);
    if (failed || !parsed.is_object()) continue;
    for (const auto& [key, value] : parsed.get_object()) {
      std::string label(key);
      std::replace(label.begin(), label.end(), '_', ' ');
      if (value.is_number()) {
        out += fmt::format("  {:<28} {:>12.4f}\n", label, value.to_number<double>());
      } else if (value.is_string()) {
        out += fmt::format("  {:<28} {}\n", label, std::string_view(value.get_string()));
      } else if (value.is_object() && value.get_object().contains("depth")) {
        const auto& depth = value.get_object().at("depth");
        if (depth.is_number()) out += fmt::format("  {:<28} {:>12.4f}\n", label, depth.to_number<double>());
      }
    }
  }
  return out;
}

std::string banner(const RunReport& report, const Terminal& terminal) {
  std::string mode = report.mode == "dry_run" ? "DRY RUN" : report.mode == "paper" ? "PAPER MODE" : "LIVE MODE";
  mode = terminal.out_paint(report.mode == "live" ? Color::red : Color::cyan, mode);
  std::string data = report.data_source.empty() ? "no prices" : report.data_source;
  if (report.data_simulated) {
    constexpr std::string_view said_already = "simulated ";
    if (data.starts_with(said_already)) data.erase(0, said_already.size());
    data = terminal.out_paint(Color::yellow, "SIMULATED PRICES") + " " + data;
  }
  return fmt::format("{} · {} broker · {}", mode, report.broker, data);
}

std::string report_text(const RunReport& report, const Terminal& terminal) {
  std::string out = terminal.out_paint(Color::bold, fmt::format("Rebalance of {} for session {}", report.portfolio,
                                                                report.as_of.to_string())) +
                    "\n" + banner(report, terminal) + "\n\n";
  write_stages(out, report, terminal);
  write_weights_table(out, report, terminal);
  write_orders(out, report, terminal);
  write_proof(out, report, terminal);
  write_money(out, report, terminal);
  out += "\n";
  const Color color = report.hold ? Color::red : Color::green;
  std::string outcome(name_of(report.outcome));
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  paragraph(out, fmt::format("{} {}", terminal.out_paint(color, outcome + ":"), report.reason), 0);
  out += fmt::format("run {}\n", report.id);
  if (!report.sha256.empty()) out += fmt::format("sealed {}\n", report.sha256);
  write_next(out, report, terminal);
  return out;
}

}  // namespace rebalancer::app
