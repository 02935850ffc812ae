// What a strategy call costs through the contract and the proxy, over calling the same C++ class: 5 assets x 252 days.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/json/value.hpp>

#include "adapters/plugin_host/plugin_host.hpp"
#include "contract_subject.hpp"

namespace {

using namespace rebalancer;

class StandingClock final : public Clock {
 public:
  Instant now() const override { return {}; }
  std::chrono::nanoseconds monotonic() const override { return {}; }
  bool wait(std::chrono::milliseconds, std::stop_token) override { return true; }
};

class SilentEvents final : public Events {
 public:
  void emit(EventLevel, std::string_view, std::string_view, std::initializer_list<Field>) override {}
  void progress(std::string_view, std::size_t, std::size_t) override {}
};

constexpr int days = 252;

struct Question {
  PriceFrame prices;
  AllocationProblem problem;
  explicit Question(int cols) : prices(frame_of(cols)) {
    problem.prices = &prices;
    problem.lower.assign(prices.cols(), 0.0);
    problem.upper.assign(prices.cols(), 1.0);
  }
  static PriceFrame frame_of(int cols) {
    std::vector<Date> dates;
    for (int row = 0; row < days; ++row) dates.push_back(Date::from_days(20'000 + row));
    std::vector<Symbol> symbols;
    for (int col = 0; col < cols; ++col) symbols.push_back(*Symbol::parse("S" + std::to_string(col)));
    return *PriceFrame::make(std::move(dates), std::move(symbols), Eigen::MatrixXd::Constant(days, cols, 100.0));
  }
};

// The class itself, on a problem that is already in the contract's form, giving a vector of weights as the port does.
void direct(benchmark::State& state) {
  const auto cols = static_cast<int>(state.range(0));
  const Question question(cols);
  const rb_host host{};
  ContractSubject subject(sdk::Host(&host), "{}");
  sdk::Strategy& strategy = subject;
  const rb_frame frame{days, static_cast<std::uint64_t>(cols), nullptr, nullptr, question.prices.values().data()};
  rb_problem problem{};
  problem.prices = &frame;
  for (auto _ : state) {
    std::vector<double> weights(static_cast<std::size_t>(cols));
    strategy.weigh(sdk::Problem(&problem), weights);
    benchmark::DoNotOptimize(weights.data());
  }
}
BENCHMARK(direct)->Arg(5)->Arg(20)->Arg(100);

void through_the_contract(benchmark::State& state) {
  PluginHostSettings settings;
  settings.files = {std::string(REBALANCER_BINARY_DIR) + "/bench/contract_plugin.so"};
  const PluginHost host = PluginHost::load(settings);
  const StandingClock clock;
  SilentEvents events;
  InstanceOptions options;
  options.clock = &clock;
  options.events = &events;
  auto strategy = host.create_strategy("contract_subject", {}, options);
  if (!strategy) return state.SkipWithError(strategy.error().message.c_str());
  const Question question(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    auto allocation = (*strategy)->weigh(question.problem);
    if (!allocation) return state.SkipWithError(allocation.error().message.c_str());
    benchmark::DoNotOptimize(allocation->weights.data());
  }
}
BENCHMARK(through_the_contract)->Arg(5)->Arg(20)->Arg(100);

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() > 2 && words[0] == "plugins" && words[1] == "probe") probe_main(std::span(words).subspan(2));
  benchmark::Initialize(&count, arguments);
  benchmark::RunSpecifiedBenchmarks();
}
