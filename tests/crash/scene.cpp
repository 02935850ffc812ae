#include "scene.hpp"

#include <array>

namespace rebalancer::crash {
namespace {

constexpr int history_sessions = 6;
constexpr std::array names = {"AAA", "BBB", "CCC", "DDD", "EEE", "FFF"};

template <class Value, std::size_t size>
Value one_of(Random& random, const std::array<Value, size>& values) {
  return values.at(random.below(size));
}

}  // namespace

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::kill:
      return "kill";
    case Mode::power:
      return "power";
    case Mode::error:
      return "error";
  }
  return "kill";
}

Result<Allocation> FixedWeights::weigh(const AllocationProblem&) {
  Allocation allocation;
  allocation.weights = weights_;
  allocation.report_json = "{}";
  return allocation;
}

Scene::Scene(std::uint64_t wanted_seed, const Wishes& wishes)
    : seed(wanted_seed), mode(wishes.mode), calendar(calendar_named("XNYS").value()) {
  using Dedupe = BrokerCapabilities::Dedupe;
  using Lookup = BrokerCapabilities::Lookup;
  Random misfortune(seed * 3 + 1);
  capabilities.simulated = true;
  capabilities.cost_rate = Decimal::from_billionths(500'000);
  const auto dedupe_drawn =
      one_of(misfortune, std::array{Dedupe::none, Dedupe::window, Dedupe::permanent, Dedupe::permanent});
  capabilities.dedupe = wishes.dedupe.value_or(dedupe_drawn);
  const auto lookup_drawn =
      one_of(misfortune, std::array{Lookup::none, Lookup::by_tag, Lookup::by_client_id, Lookup::by_client_id});
  capabilities.lookup = wishes.lookup.value_or(lookup_drawn);
  capabilities.dedupe_window_s = one_of(misfortune, std::array<std::uint32_t, 3>{30, 120, 600});
  capabilities.lookup_lag_s = one_of(misfortune, std::array<std::uint32_t, 3>{5, 20, 60});
  refuses_duplicates = misfortune.below(2) == 0;
  const int percent_drawn = one_of(misfortune, std::array{0, 20, 60});
  fault_percent = wishes.fault_percent.value_or(mode == Mode::error ? 0 : percent_drawn);

  Random chance(seed % scenes + 1);
  const std::size_t count = 3 + chance.below(names.size() - 2);
  session = Date::make(2026, 6, 30).value();
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Symbol symbol = Symbol::parse(names.at(i)).value();
    settings.symbols.push_back(symbol);
    marks_.push_back(static_cast<std::int64_t>(20 + chance.below(400)) * Decimal::scale);
    shares_.push_back(static_cast<std::int64_t>(chance.below(3) == 0 ? 0 : 5 + chance.below(60)) * Decimal::scale);
    target.push_back(static_cast<double>(1 + chance.below(10)));
    total += target.back();
    const auto days = calendar->sessions(session.plus_days(-20), session);
    for (const Date day : days) {
      const double moved = day == session ? 0 : static_cast<double>(chance.below(5));
      provider.tell(symbol, day, Decimal::from_billionths(marks_.back()).to_double() + moved);
    }
  }
  for (double& weight : target) weight /= total;
  cash_ = static_cast<std::int64_t>(2'000 + chance.below(20'000)) * Decimal::scale;

  settings.strategy = "fixed";
  settings.broker = "crash";
  settings.lookback_sessions = history_sessions - 1;
  settings.quality.history_sessions_min = history_sessions;
  settings.rebalance.absolute_band_fraction = 0.001;
  settings.rebalance.cash_buffer = Decimal::whole(250);
}

int Scene::number() const {
  return static_cast<int>(seed % scenes) * 9 + static_cast<int>(capabilities.dedupe) * 3 +
         static_cast<int>(capabilities.lookup);
}

void Scene::set_up(World& world) const {
  const bool tell = world.tell;
  world = World();
  world.tell = tell;
  world.now = calendar->close(session).nanoseconds() + 60 * Decimal::scale;
  world.random = Random(seed * 7 + 5);
  world.refuses_duplicates = refuses_duplicates;
  BrokerBooks& books = world.books;
  books.symbols = marks_.size();
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    put(books.symbol.at(i), names.at(i));
    books.mark.at(i) = marks_[i];
    books.shares.at(i) = shares_[i];
  }
  world.shares_before = books.shares;
  books.cash = cash_;
  books.lowest_cash = cash_;
}

}  // namespace rebalancer::crash
