// Made-up prices, to try everything offline; see README.md for what they are like.
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <rebalancer/plugin.hpp>

#include "core/market/calendar.hpp"
#include "core/market/symbol.hpp"
#include "history.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

template <class T>
T valid(Result<T> result) {
  if (!result) throw sdk::Failure(RB_INVALID, result.error().message);
  return *std::move(result);
}

std::uint64_t whole_number(const std::string& text, std::string_view name) {
  std::uint64_t value = 0;
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (why == std::errc() && end == text.data() + text.size()) return value;
  throw sdk::Failure(RB_INVALID, fmt::format("{} is \"{}\", must be a whole number", name, text));
}

class SimulatedProvider final : public sdk::Provider {
 public:
  SimulatedProvider(sdk::Host host, std::string_view config)
      : SimulatedProvider(host, config, whole_number(host.text("seed"), "seed")) {}

  void bars(std::span<const rb_str> symbols, rb_date from, rb_date to, const Emit& emit) override {
    if (symbols.empty()) throw sdk::Failure(RB_INVALID, "any symbol can be made up, so there is no list of them");
    const Date today = calendar_->last_completed_session(Instant::from_nanoseconds(host().now()));
    const Date until = std::min(Date::from_days(to), today);
    for (const rb_str name : symbols) {
      if (host().cancelled()) throw sdk::Failure(RB_TIMEOUT, "stopped while making up prices");
      const std::string_view symbol = sdk::view(name);
      valid(Symbol::parse(symbol));
      const auto all = history_.bars(symbol, until);
      const auto by_date = [](const rb_bar& bar, rb_date date) { return bar.date < date; };
      const auto first = std::lower_bound(all.begin(), all.end(), from, by_date);
      const auto last = std::lower_bound(first, all.end(), until.days() + 1, by_date);
      emit(symbol, {first, last}, source_, RB_RAW);
    }
  }

 private:
  SimulatedProvider(sdk::Host host, std::string_view config, std::uint64_t seed)
      : Provider(host, config),
        calendar_(valid(calendar_named("XNYS"))),
        source_(fmt::format("simulated (seed {})", seed)),
        history_(seed, valid(Date::parse(host.text("start")))) {}

  std::shared_ptr<const Calendar> calendar_;
  std::string source_;
  History history_;
};

}  // namespace

REBALANCER_SIMULATED_PROVIDER(SimulatedProvider, "simulated", "1.0.0",
                              "Made-up prices: seeded, correlated, fat-tailed, with dividends and splits.", schema_json)
