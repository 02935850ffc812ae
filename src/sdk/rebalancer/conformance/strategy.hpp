#pragma once
#include <algorithm>
#include <limits>
#include <optional>

#include <rebalancer/conformance/checker.hpp>

namespace rebalancer::sdk::conformance {

// A problem that owns what it lends: random walks, bounds, at most one group.
struct StrategyCase {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<double> lower, upper;
  bool with_group = false;       // the first half of the symbols: at most 60 %, at least 10 %
  bool must_be_refused = false;  // nothing satisfies it
  std::size_t rows = 300;
  std::vector<double> current = {};  // weights held now; empty: not known
  double turnover_max = std::numeric_limits<double>::infinity();
  double gross_max = std::numeric_limits<double>::infinity();
  double position_min = 0;
  std::size_t positions_max = 0;
};

class StrategyCheck {
 public:
  StrategyCheck(const rb_plugin& plugin, const Options& options, Findings& findings)
      : plugin_(plugin), options_(options), findings_(findings) {}

  void run() {
    int answered = 0;
    std::string reason;
    for (const StrategyCase& one : cases()) {
      Subject subject(plugin_, options_.config_json);
      if (subject.self() == nullptr) return;  // a finding already
      const Answer first = ask(subject, one);
      const Answer second = ask(subject, one);
      if (first.code == RB_OK) ++answered;
      if (first.code != RB_OK) reason = subject.host.reason;
      findings_.require(first.code == second.code && first.weights == second.weights,
                        one.name + ": the same problem was answered differently the second time");
      if (one.must_be_refused) {
        findings_.require(first.code != RB_OK, one.name + ": was answered although nothing satisfies it");
      } else if (first.code == RB_OK) {
        judge(one, first);
      }
    }
    findings_.require(answered > 0, "refused every problem; the last time because: " + reason);
  }

 private:
  struct Answer {
    std::int32_t code = RB_OK;
    int count = 0;
    std::size_t cols = 0;
    std::vector<double> weights;
    std::string report;
    static void take(void* ctx, const rb_allocation* out) {
      auto& answer = *static_cast<Answer*>(ctx);
      if (++answer.count > 1 || out == nullptr || out->size < sizeof(std::uint64_t) * 2) return;
      if (out->weights != nullptr) answer.weights.assign(out->weights, out->weights + answer.cols);
      if (out->size >= sizeof(rb_allocation)) answer.report = text_of(out->report_json);
    }
  };

  [[nodiscard]] std::vector<StrategyCase> cases() const {
    std::vector<StrategyCase> all;
    std::vector<std::size_t> sizes = {1, 2, 5, 20};
    if (!options_.symbols.empty()) sizes = {options_.symbols.size()};
    for (const std::size_t cols : sizes) {
      StrategyCase free{std::to_string(cols) + " symbols", names(cols), {}, {}};
      free.lower.assign(cols, 0.0);
      free.upper.assign(cols, 1.0);
      all.push_back(free);
      if (cols > 1) {
        StrategyCase narrow = free;
        narrow.name += ", bounded";
        narrow.lower.assign(cols, 0.5 / static_cast<double>(cols));
        narrow.upper.assign(cols, 1.5 / static_cast<double>(cols));
        all.push_back(narrow);
        StrategyCase grouped = free;
        grouped.name += ", with a group";
        grouped.with_group = true;
        all.push_back(grouped);
        if (options_.with_book_limits) add_book_limits(all, free);
      }
      StrategyCase too_much = free;
      too_much.name += ", lower bounds that sum to 2";
      too_much.lower.assign(cols, 2.0 / static_cast<double>(cols));
      too_much.upper.assign(cols, 3.0);
      too_much.must_be_refused = true;
      all.push_back(too_much);
      StrategyCase too_little = free;
      too_little.name += ", upper bounds that sum to 0.5";
      too_little.upper.assign(cols, 0.5 / static_cast<double>(cols));
      too_little.must_be_refused = true;
      all.push_back(too_little);
    }
    return all;
  }

  // May be refused, never broken.
  static void add_book_limits(std::vector<StrategyCase>& all, const StrategyCase& free) {
    const std::size_t cols = free.symbols.size();
    StrategyCase turning = free;
    turning.name += ", turnover_max 0.2";
    turning.current.assign(cols, 0.0);
    turning.current.front() = turning.current.back() = 0.5;
    turning.turnover_max = 0.2;
    all.push_back(turning);
    StrategyCase long_short = free;
    long_short.name += ", long-short, gross_max 1.5";
    long_short.lower.assign(cols, -1.0);
    long_short.gross_max = 1.5;
    all.push_back(long_short);
    StrategyCase few = free;
    few.name += ", position_min 0.3, positions_max 3";
    few.position_min = 0.3;
    few.positions_max = 3;
    all.push_back(few);
  }

  [[nodiscard]] std::vector<std::string> names(std::size_t cols) const {
    if (!options_.symbols.empty()) return options_.symbols;
    std::vector<std::string> made_up;
    for (std::size_t i = 0; i < cols; ++i) made_up.push_back("S" + std::to_string(i + 1));
    return made_up;
  }

  Answer ask(Subject& subject, const StrategyCase& one) {
    const std::size_t cols = one.symbols.size();
    std::vector<rb_str> symbols;
    for (const std::string& name : one.symbols) symbols.push_back(lent(name));
    std::vector<rb_date> dates;
    for (std::size_t row = 0; row < one.rows; ++row) dates.push_back(20'000 + static_cast<rb_date>(row));
    Numbers numbers(cols * 7 + 1);
    std::vector<double> values;
    for (std::size_t col = 0; col < cols; ++col) {
      double price = 50 + 100 * numbers.next();
      for (std::size_t row = 0; row < one.rows; ++row) {
        price *= 1 + 0.0004 * static_cast<double>(col + 1) / static_cast<double>(cols) + 0.04 * (numbers.next() - 0.5);
        values.push_back(price);
      }
    }
    const std::vector<double> before = values;
    std::vector<double> coefficients(cols, 0.0);
    for (std::size_t col = 0; col < (cols + 1) / 2; ++col) coefficients[col] = 1;
    const rb_group group{lent("first half 10% to 60%"), coefficients.data(), 0.1, 0.6};
    const rb_frame frame{one.rows, cols, dates.data(), symbols.data(), values.data()};
    const rb_problem problem{sizeof(rb_problem),
                             &frame,
                             one.lower.data(),
                             one.upper.data(),
                             &group,
                             one.with_group ? 1u : 0u,
                             one.current.empty() ? nullptr : one.current.data(),
                             0.0005,
                             0.02,
                             252,
                             lent("sample"),
                             lent("arithmetic"),
                             0,
                             0.94,
                             nullptr,
                             std::numeric_limits<double>::infinity(),
                             one.turnover_max,
                             one.gross_max,
                             one.position_min,
                             one.positions_max};
    Answer answer;
    answer.cols = cols;
    answer.code = subject.run(findings_, one.name + ": weigh", [&] {
      return subject.api<rb_strategy>().weigh(subject.self(), &problem, &Answer::take, &answer);
    });
    findings_.require(values == before, one.name + ": the prices were written to, they are only lent");
    findings_.require(answer.code == RB_OK || answer.count == 0,
                      one.name + ": weigh gave an allocation and then failed");
    return answer;
  }

  void judge(const StrategyCase& one, const Answer& answer) {
    const auto require = [&](bool good, const std::string& what) { findings_.require(good, one.name + ": " + what); };
    require(answer.count == 1, Sentence() << "on_allocation was called " << answer.count << " times, must be once");
    if (answer.weights.size() != one.symbols.size()) return require(false, "the allocation has no weights");
    constexpr double tolerance = 1e-9;
    double sum = 0;
    double group = 0;
    for (std::size_t i = 0; i < answer.weights.size(); ++i) {
      const double weight = answer.weights[i];
      if (!std::isfinite(weight)) return require(false, "a weight is not a finite number");
      sum += weight;
      if (i < (one.symbols.size() + 1) / 2) group += weight;
      require(weight >= one.lower[i] - tolerance && weight <= one.upper[i] + tolerance,
              Sentence() << "weight " << weight << " is outside its bounds " << one.lower[i] << " to " << one.upper[i]);
    }
    judge_book(one, answer);
    require(std::abs(sum - 1) <= tolerance, Sentence() << "weights sum to " << sum << ", must sum to 1");
    require(!one.with_group || (group >= 0.1 - tolerance && group <= 0.6 + tolerance),
            Sentence() << "the group has " << group << ", must have 0.1 to 0.6");
    const auto report =
        answer.report.empty() ? std::optional(Json{Json::Kind::object, {}, {}, {}}) : JsonReader(answer.report).read();
    require(report && report->kind == Json::Kind::object, "the report is no JSON object");
  }

  void judge_book(const StrategyCase& one, const Answer& answer) {
    constexpr double tolerance = 1e-9;
    double gross = 0, traded = 0, least = std::numeric_limits<double>::infinity();
    std::size_t held = 0;
    for (std::size_t i = 0; i < answer.weights.size(); ++i) {
      const double size = std::abs(answer.weights[i]);
      gross += size;
      if (!one.current.empty()) traded += std::abs(answer.weights[i] - one.current[i]);
      if (size <= tolerance) continue;
      ++held;
      least = std::min(least, size);
    }
    const auto require = [&](bool good, const std::string& what) { findings_.require(good, one.name + ": " + what); };
    require(gross <= one.gross_max + tolerance, Sentence() << "the sizes of the weights sum to " << gross);
    require(traded <= one.turnover_max + tolerance, Sentence() << "the weights trade " << traded);
    require(least >= one.position_min - tolerance, Sentence() << "the least position is " << least);
    require(one.positions_max == 0 || held <= one.positions_max, Sentence() << held << " positions");
  }

  const rb_plugin& plugin_;
  const Options& options_;
  Findings& findings_;
};

}  // namespace rebalancer::sdk::conformance
