#include <algorithm>
#include <set>

#include "core/portfolio/plan_reasons.hpp"
#include "services/explain.hpp"
#include "services/explanation.hpp"

namespace rebalancer {
namespace {

std::string percent(double fraction) { return fmt::format("{:.2f}%", 100 * fraction); }

// Characters, not bytes: sources and reasons may be in any language.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Sentences, broken at blanks, and columns; nothing is wider than the page.
class Page {
 public:
  explicit Page(int width) : width_(static_cast<std::size_t>(std::max(width, 40))) {}

  void heading(std::string_view title) {
    if (!text_.empty()) text_ += '\n';
    text_ += fmt::format("{}\n", title);
  }
  void line(std::size_t indent, std::string_view sentence) {
    std::string current(indent, ' ');
    bool empty = true;
    while (!sentence.empty()) {
      const std::size_t end = std::min(sentence.find(' '), sentence.size());
      std::string_view word = sentence.substr(0, end);
      sentence.remove_prefix(std::min(end + 1, sentence.size()));
      if (!empty && length_of(current) + 1 + length_of(word) > width_) {
        text_ += current + '\n';
        current.assign(indent, ' ');
        empty = true;
      }
      // A word longer than a line: ids and digests. They are ASCII; anything else is cut where a character starts.
      while (length_of(current) + (empty ? 0 : 1) + length_of(word) > width_) {
        std::size_t cut = width_ - length_of(current);
        while (cut < word.size() && (static_cast<unsigned char>(word[cut]) & 0xC0) == 0x80) ++cut;
        text_ += current + std::string(word.substr(0, cut)) + '\n';
        word.remove_prefix(std::min(cut, word.size()));
        current.assign(indent, ' ');
      }
      current += (empty ? "" : " ") + std::string(word);
      empty = false;
    }
    text_ += current + '\n';
  }
  // Columns as wide as their widest cell; a row that does not fit becomes a sentence.
  void table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], length_of(row[i]));
    }
    for (const auto& row : rows) {
      std::string out(2, ' ');
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string pad(i + 1 < row.size() ? widths[i] - length_of(row[i]) + 2 : 0, ' ');
        out += row[i] + pad;
      }
      out.erase(out.find_last_not_of(' ') + 1);
      if (length_of(out) <= width_) {
        text_ += out + '\n';
      } else {
        line(2, fmt::format("{}", fmt::join(row, " ")));
      }
    }
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t width_;
  std::string text_;
};

class Narrator {
 public:
  Narrator(const Explanation& explained, int width)
      : it_(explained), body_(explained.document.body), end_(explained.document.end), page_(width) {
    if (body_.book) currency_ = body_.book->cash.currency().to_string();
  }

  std::string whole(std::span<const BindingConstraint> binding) {
    title();
    knowledge();
    if (body_.target) weights(binding);
    if (body_.plan) plan();
    if (body_.proof) {
      page_.heading("Proof");
      page_.line(2, fmt::format("{} rules, proved again in exact arithmetic; cash is never below {}.",
                                body_.proof->rules.size(), money(body_.proof->lowest_cash)));
    }
    result();
    return page_.take();
  }

  std::string one(const OrderExplanation& order) {
    page_.heading(fmt::format("Order {} of decision {}, session {}", order.planned.number, body_.id.substr(0, 8),
                              body_.session.to_string()));
    tell_order(order);
    const PlannedOrder& planned = order.planned.order;
    page_.line(6, "client id " + order.planned.client_id);
    page_.line(6, fmt::format("sized at {}, limit {}, costs at most {}", planned.reference.to_string(),
                              planned.limit.to_string(), money(planned.cost_max.amount())));
    if (!order.leg) return page_.take();
    page_.heading("What was heard of it");
    std::vector<std::vector<std::string>> steps;
    for (const OrderReport& step : order.leg->history) {
      steps.push_back({step.at.to_string(), std::string(name_of(step.state)),
                       step.filled.decimal().is_zero() ? "" : "filled " + step.filled.to_string(), step.reason});
    }
    if (steps.empty()) page_.line(2, "Nothing.");
    page_.table(steps);
    page_.heading("Fills");
    std::vector<std::vector<std::string>> fills;
    for (const RecordedFill& fill : order.leg->fills) {
      fills.push_back({fill.at.to_string(), fill.quantity.to_string() + " at " + fill.price.to_string(),
                       fmt::format("fee {} {}", fill.fee.to_string(), fill.currency.to_string()), fill.id});
    }
    if (fills.empty()) page_.line(2, "None.");
    page_.table(fills);
    return page_.take();
  }

 private:
  [[nodiscard]] std::string money(Decimal amount) const {
    return currency_.empty() ? amount.to_string() : amount.to_string() + " " + currency_;
  }

  void title() {
    page_.heading(fmt::format("Decision {} for session {}", body_.id.substr(0, 8), body_.session.to_string()));
    page_.line(2, fmt::format("{}: {}", end_.outcome, end_.reason.empty() ? "no reason given" : end_.reason));
    if (end_.hold) {
      page_.line(2, fmt::format("Held back at {} ({}): {}", name_of(end_.hold->stage), name_of(end_.hold->error.code),
                                end_.hold->error.message));
    }
    if (end_.ambiguous) page_.line(2, "The outcome of at least one order is not known: a human is needed.");
    page_.line(2, fmt::format("Portfolio {}, {}, broker {}. Begun {}, ended {}{}.", body_.portfolio, body_.mode,
                              body_.broker.name, body_.started_at.to_string(), end_.finished_at.to_string(),
                              end_.resumed ? " by another process, which went on after the first one died" : ""));
    page_.line(
        2, fmt::format("Strategy {}, calendar {}, program {} ({}). Number {} in the chain.", body_.settings.strategy,
                       body_.calendar.name, body_.program.version, body_.program.commit, it_.document.seal.sequence));
    if (body_.trading_state.state != TradingState::active) {
      page_.line(2, fmt::format("Trading was {}{}.", name_of(body_.trading_state.state),
                                body_.trading_state.reason.empty() ? "" : ": " + body_.trading_state.reason));
    }
  }

  void knowledge() {
    page_.heading("What was known");
    if (!body_.book) {
      page_.line(2, "Nothing: the account could not be read.");
      return;
    }
    std::string book = "The account held " + money(body_.book->cash.amount()) + " in cash";
    for (const Position& position : body_.book->positions) {
      book += fmt::format(", {} {}", position.quantity.to_string(), position.symbol);
    }
    if (it_.equity) book += "; worth " + money(it_.equity->amount());
    page_.line(2, book + ".");
    if (!body_.prices) {
      page_.line(2, "No prices were read.");
      return;
    }
    std::set<std::string> sources;
    for (const PriceUsed& used : *body_.prices) sources.insert(used.source);
    page_.line(2, fmt::format("Prices from {}:", fmt::join(sources, "; ")));
    std::vector<std::vector<std::string>> rows;
    for (const PriceUsed& used : *body_.prices) {
      std::string age = "no close";
      if (used.date) {
        age = fmt::format("close of {}, {}", used.date->to_string(),
                          *used.age_sessions == 0 ? "current" : fmt::format("{} sessions old", *used.age_sessions));
      }
      rows.push_back({used.symbol.str(), used.price ? used.price->to_string() : "not used", age});
    }
    page_.table(rows);
    if (!body_.quality) return;
    page_.line(
        2, fmt::format("{} bars examined, {} findings.", body_.quality->bars_examined, body_.quality->findings.size()));
    for (const QualityFinding& finding : body_.quality->findings) {
      page_.line(4, fmt::format("{}: {}", name_of(finding.severity), finding.message));
    }
  }

  void weights(std::span<const BindingConstraint> binding) {
    const OptimizerResult& target = *body_.target;
    page_.heading("Which weights, and why");
    page_.line(2, fmt::format("{} expects {} a year at a volatility of {}{}.", body_.settings.strategy,
                              percent(target.expected_return), percent(target.volatility),
                              target.sharpe_ratio ? fmt::format(", Sharpe ratio {:.2f}", *target.sharpe_ratio) : ""));
    if (target.equity_share) {
      page_.line(2, fmt::format("The age glide path gives {} to growth.", percent(*target.equity_share)));
    }
    std::vector<std::vector<std::string>> rows;
    for (const Weight& weight : target.weights.entries()) {
      rows.push_back({weight.symbol.str(), percent(weight.fraction)});
    }
    rows.push_back({"cash", percent(target.weights.cash_fraction())});
    page_.table(rows);
    for (const std::string& note : it_.weight_notes) page_.line(2, note + ".");
    for (const BindingConstraint& bound : binding) {
      page_.line(2, fmt::format("{} binds: the objective would gain {:.4g} per unit by which it gave way.",
                                bound.constraint, bound.price));
    }
    if (target.certificate) {
      page_.line(2, fmt::format("Optimal within {:.2g} (KKT), {:.2g} (duality gap); constraints kept within {:.2g}.",
                                target.certificate->kkt_residual, target.certificate->duality_gap,
                                target.certificate->max_violation));
    }
  }

  void plan() {
    const PlanSection& plan = *body_.plan;
    page_.heading(fmt::format("Orders ({})", plan.orders.size()));
    page_.line(2, fmt::format("Largest drift {} before, {} after if all fills at the references. {} stays in cash.",
                              percent(plan.before.largest_fraction), percent(plan.after.largest_fraction),
                              money(it_.reserve.value_or(Decimal()))));
    for (const OrderExplanation& order : it_.orders) tell_order(order);
    if (it_.non_orders.empty()) return;
    page_.heading(fmt::format("Not traded ({})", it_.non_orders.size()));
    for (const NonOrderExplanation& left : it_.non_orders) {
      page_.line(2, fmt::format("{}: {}{}", left.left.symbol, left.left.reason,
                                left.difference.empty() ? "" : "; " + left.difference));
    }
  }

  void tell_order(const OrderExplanation& order) {
    const PlannedOrder& planned = order.planned.order;
    page_.line(
        2, fmt::format("{}. {} {} {} at {} or better", order.planned.number, planned.side == Side::buy ? "BUY" : "SELL",
                       planned.quantity.to_string(), planned.symbol, planned.limit.to_string()));
    page_.line(6, planned.reason + ".");
    page_.line(6, "What decided it: " + order.difference + ".");
    page_.line(6, fmt::format("Cash at the limits: {} before, {} after; {} must stay.", money(order.cash_before),
                              money(order.cash_after), money(it_.reserve.value_or(Decimal()))));
    if (!order.leg) {
      page_.line(6, "Not sent.");
      return;
    }
    const RecordedLeg& leg = *order.leg;
    std::string answer = fmt::format("The broker: {}", name_of(leg.state));
    if (leg.average_price) {
      answer += fmt::format(", {} of {} at {}, fee {}", leg.filled.to_string(), leg.quantity.to_string(),
                            leg.average_price->to_string(), money(leg.fee));
    }
    if (!leg.reason.empty()) answer += ": " + leg.reason;
    page_.line(6, answer + ".");
    if (!order.shortfall) return;
    const std::string reference = planned.reference.to_string();
    if (order.shortfall->is_zero()) {
      page_.line(6, fmt::format("At the reference {}.", reference));
    } else if (order.shortfall->is_negative()) {
      page_.line(6, fmt::format("Better than the reference {} by {}.", reference,
                                money(negate(*order.shortfall).value_or(Decimal()))));
    } else {
      page_.line(6, fmt::format("Worse than the reference {} by {}.", reference, money(*order.shortfall)));
    }
  }

  void result() {
    if (!it_.fees && !end_.book_after) return;
    page_.heading("What it came to");
    if (it_.fees) {
      page_.line(2, fmt::format("Fees {}, {} against the references.", money(*it_.fees),
                                money(it_.shortfall.value_or(Decimal()))));
    }
    if (!end_.book_after) return;
    std::string book = "The account holds " + money(end_.book_after->cash.amount()) + " in cash";
    for (const Position& position : end_.book_after->positions) {
      book += fmt::format(", {} {}", position.quantity.to_string(), position.symbol);
    }
    page_.line(2, book + ".");
  }

  const Explanation& it_;
  const DecisionBody& body_;
  const RecordedEnd& end_;
  std::string currency_;
  Page page_;
};

}  // namespace

Result<std::string> explain_text(const CanonicalJson& document, std::optional<int> order, int width,
                                 std::span<const BindingConstraint> binding) {
  const auto explained = explain(document);
  if (!explained) return fail(explained.error());
  Narrator narrator(*explained, width);
  if (!order) return narrator.whole(binding);
  const auto found = order_numbered(*explained, *order);
  if (!found) return fail(found.error());
  return narrator.one(**found);
}

}  // namespace rebalancer
