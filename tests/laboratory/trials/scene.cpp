#include "scene.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/market/calendar.hpp"

namespace rebalancer::trials {

using laboratory::BrokerKind;
using laboratory::Instrument;

namespace {

constexpr std::string_view us_stock = "_US_EQ";

std::shared_ptr<const Calendar> new_york() { return calendar_named("XNYS").value(); }

std::string broker_keys(const Scene& scene, BrokerKind broker, const std::string& url) {
  switch (broker) {
    case BrokerKind::alpaca:
      return fmt::format(
          "  api_key: ${{LAB_KEY}}\n  secret_key: ${{LAB_KEY}}\n  paper: {}\n  base_url: {}\n  fractional: {}\n"
          "  lookup_lag: 300ms\n  timeout: 400ms\n  stream: {}\n",
          scene.live_account.empty(), url, scene.fractional, scene.stream);
    case BrokerKind::trading212:
      return fmt::format(
          "  api_key: ${{LAB_KEY}}\n  api_secret: ${{LAB_KEY}}\n  demo: true\n  url: {}\n  quantity_places: {}\n"
          "  settle_time: 1s\n  timeout: 400ms\n",
          url, scene.fractional ? 4 : 0);
    case BrokerKind::interactive_brokers:
      return fmt::format(
          "  host: 127.0.0.1\n  port: {}\n  client_id: 7\n  paper: true\n  lookup_lag: 1s\n  answer_timeout: 1s\n"
          "  order_timeout: 1s\n  connect_timeout: 1s\n  messages_per_second: 100000\n",
          url.substr(url.rfind(':') + 1));
  }
  return "";
}

// What only bites together, and rarely comes together by chance: an answer is lost, and the order is not to be seen for
// a while; a gateway that gives out the same ids again after a restart, with a program that restarts with it.
void draw_together(Scene& scene, std::uint64_t seed) {
  const BrokerKind broker = scene.laboratory.broker;
  Random random(seed * 104'729 + 1);
  if (random.below(3) != 0) return;
  const std::uint64_t submit = 1 + random.below(4);
  const bool lost = random.below(2) == 0;
  std::string script = fmt::format("{}@submit:{}, hidden({})@submit:{}", lost ? "reply-lost" : "error-after(504)",
                                   submit, 1 + random.below(4), submit);
  // One that rests moves no position either.
  if (broker == BrokerKind::trading212 && random.below(2) == 0) script += fmt::format(", never-fill@submit:{}", submit);
  if (broker == BrokerKind::interactive_brokers) {
    const std::uint64_t request = 8 + random.below(40);
    script = lost ? fmt::format("restart@submit:{}", submit + 1) : fmt::format("restart@any:{}", request);
    scene.dies_with_gateway = !lost;
  }
  scene.laboratory.faults.append(laboratory::FaultScript::parse(script).value());
}

// Most trials listen to updates, which are lost, doubled, late or cut.
void draw_stream(Scene& scene, std::uint64_t seed) {
  constexpr std::array kinds{"lost-update", "doubled-update",  "late-update",  "connection-lost",
                             "half-open",   "connection-lost", "unauthorized", "error-before"};
  Random random(seed * 31'337 + 3);
  scene.stream = random.below(4) != 0;
  for (std::uint64_t count = random.below(4); count > 0; --count) {
    const std::size_t kind = random.below(kinds.size());
    const bool of_stream = kind >= 5;
    const auto fault =
        fmt::format("{}@{}:{}", kinds[kind], of_stream ? "stream" : "update", 1 + random.below(of_stream ? 3 : 12));
    scene.laboratory.faults.append(laboratory::FaultScript::parse(fault).value());
  }
}

}  // namespace

std::string name_at(BrokerKind broker, const std::string& symbol) {
  return broker == BrokerKind::trading212 ? symbol + std::string(us_stock) : symbol;
}

std::string symbol_at(BrokerKind broker, const std::string& name) {
  return broker == BrokerKind::trading212 && name.ends_with(us_stock) ? name.substr(0, name.size() - us_stock.size())
                                                                      : name;
}

Scene draw_scene(BrokerKind broker, std::uint64_t seed, Instant now) {
  Random random(seed);
  Scene scene;
  laboratory::LaboratorySettings& settings = scene.laboratory;
  settings.broker = broker;
  settings.exchange.seed = seed;
  settings.exchange.start = now;
  scene.fractional = random.below(2) == 0 && broker != BrokerKind::interactive_brokers;
  std::vector<Instrument> all = laboratory::usual_instruments();
  std::erase_if(all, [](const Instrument& one) { return !one.tradable || !one.fractionable || one.currency != "USD"; });
  const std::size_t count = 2 + random.below(4);
  for (std::size_t i = 0; i < count && !all.empty(); ++i) {
    const std::size_t drawn = random.below(all.size());
    scene.symbols.push_back(all[drawn].symbol);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(drawn));
  }
  // Some are held already, and too much of one of them: sells come first then.
  settings.exchange.cash = Decimal::whole(2'000 + static_cast<std::int64_t>(random.below(20'000)));
  for (const std::string& symbol : scene.symbols) {
    if (random.below(2) == 0) {
      settings.exchange.quantities[name_at(broker, symbol)] =
          Decimal::whole(1 + static_cast<std::int64_t>(random.below(60)));
    }
  }
  // Time here goes by requests, so that a program which asks often would be told so at once; storms come by the script.
  settings.rate_limits = false;
  settings.exchange.rules.pieces_max = 1 + static_cast<int>(random.below(4));
  settings.faults = laboratory::FaultScript::random(seed * 7919 + 1, static_cast<int>(random.below(5)), 8);
  if (broker == BrokerKind::alpaca) draw_stream(scene, seed);
  const std::size_t kill_count = random.below(3);
  for (std::size_t i = 0; i < kill_count; ++i) scene.kills.push_back(1 + random.below(40));
  draw_together(scene, seed);
  std::sort(scene.kills.begin(), scene.kills.end());
  return scene;
}

Scene scene_of(const laboratory::Scenario& scenario, Instant now) {
  Scene scene;
  laboratory::LaboratorySettings& settings = scene.laboratory;
  settings.exchange.start = now;
  settings.exchange.cash = Decimal::whole(30'000);
  settings.rate_limits = false;
  apply(scenario, settings);
  scene.symbols = {"SPY", "QQQ", "IWM", "EFA"};
  settings.exchange.quantities[name_at(settings.broker, "SPY")] = Decimal::whole(60);
  if (const auto calendar = calendar_named(scenario.calendar); calendar && scenario.calendar != "24x7") {
    // While its market is open, whenever this is run.
    const Instant open = (*calendar)->open((*calendar)->last_completed_session(now));
    settings.exchange.start = Instant::from_seconds(open.nanoseconds() / 1'000'000'000 + 3'600);
  }
  if (!scenario.overnight.empty()) {
    // The night ends before the open of the last completed session: its close is of the new day's shares.
    const Instant open = new_york()->open(new_york()->last_completed_session(now));
    settings.exchange.start = Instant::from_seconds(open.nanoseconds() / 1'000'000'000 - 4 * 3'600);
  }
  // A program that lives on has the ids it used in its memory.
  scene.dies_with_gateway = scenario.name == "ids-rolled-back";
  if (scenario.other_account) scene.live_account = "PA0000000000";
  return scene;
}

SceneDay first_day(Instant now) { return {new_york()->previous_session(new_york()->last_completed_session(now))}; }

SceneDay next_day(const laboratory::Exchange& truth, std::string_view overnight, Instant now) {
  SceneDay day{new_york()->last_completed_session(now)};
  for (const auto& [symbol, instrument] : truth.instruments()) day.closes[symbol] = instrument.price;
  const laboratory::FaultScript script = laboratory::FaultScript::parse(overnight).value();
  for (const laboratory::Fault& fault : script.faults()) {
    if (fault.kind != laboratory::FaultKind::split && fault.kind != laboratory::FaultKind::split_untold) continue;
    day.splits[fault.symbol] = static_cast<double>(fault.number) / static_cast<double>(fault.for_each);
  }
  return day;
}

void write_prices(const Scene& scene, const SceneDay& day, const std::filesystem::path& folder) {
  std::vector<Date> days{day.session};
  while (days.size() < 40) days.push_back(new_york()->previous_session(days.back()));
  std::ofstream prices(folder / "prices.csv");
  prices << "date,symbol,close,split\n";
  for (std::size_t i = days.size(); i-- > 0;) {
    for (std::size_t s = 0; s < scene.symbols.size(); ++s) {
      for (const Instrument& instrument : laboratory::usual_instruments()) {
        if (instrument.symbol != scene.symbols[s]) continue;
        // A little up and down, and at the end what the exchange asks.
        const auto told = day.closes.find(instrument.symbol);
        const Decimal close = i == 0 && told != day.closes.end() ? told->second : instrument.price;
        const std::int64_t wave = i == 0 ? 0 : static_cast<std::int64_t>((i * (s + 3)) % 7) - 3;
        const std::int64_t price = close.billionths() / 10'000'000 * (1000 + wave) / 1000;
        const auto split = day.splits.find(instrument.symbol);
        prices << fmt::format("{},{},{}.{:02},{}\n", days[i].to_string(), instrument.symbol, price / 100, price % 100,
                              i == 0 && split != day.splits.end() ? split->second : 1.0);
      }
    }
  }
}

void write_scene(const Scene& scene, BrokerKind broker, const std::string& url, const std::filesystem::path& folder,
                 Instant now) {
  std::filesystem::create_directories(folder);
  write_prices(scene, {new_york()->last_completed_session(now)}, folder);
  std::ofstream(folder / "config.yaml") << fmt::format(
      "mode: {}\n"
      "portfolio: {{tickers: [{}]}}\n"
      "provider: {{use: csv, path: prices.csv}}\n"
      "strategy: {{use: equal_weight, glide_path: false, lookback_days: 30}}\n"
      "constraints: {{max_weight: 100%}}\n"
      "rebalance: {{threshold: none, min_trade: $20, cash_buffer: ${}}}\n"
      "broker:\n  use: {}\n{}"
      "execution: {{fill_seconds_max: 2, cancel_seconds_max: 1, cash_seconds_max: 1, poll_milliseconds: 10, "
      "outside_market_hours: true}}\n"
      "analytics: []\n"
      "log: {{level: warning, format: text}}\n",
      scene.live_account.empty() ? "paper" : fmt::format("live\nlive: {{account: {}}}", scene.live_account),
      fmt::join(scene.symbols, ", "), scene.cash_buffer.to_string(), name_of(broker), broker_keys(scene, broker, url));
}

}  // namespace rebalancer::trials
