// From the decision to the last order sent: a hundred orders to a simulated Alpaca that answers at once, through the
// real program, its journal on this disk.
//   order_flow_bench [BINARY] [ORDERS] [RUNS]        the binary beside it, 100 orders, 11 runs
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "adapters/system/system_clock.hpp"
#include "core/market/calendar.hpp"
#include "laboratory/laboratory.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace {

using namespace rebalancer;
using Stopwatch = std::chrono::steady_clock;

struct Moments {
  Stopwatch::time_point first_look, first_order, last_order;  // as requests arrive at the broker
  int orders = 0;
};

std::string symbol_of(int number) { return fmt::format("S{:03}", number); }

void write_folder(const std::filesystem::path& folder, const std::string& url, int count, Instant now) {
  const auto calendar = calendar_named("XNYS").value();
  std::vector<Date> days{calendar->last_completed_session(now)};
  while (days.size() < 40) days.push_back(calendar->session_on_or_before(Date::from_days(days.back().days() - 1)));
  std::vector<std::string> symbols;
  for (int i = 0; i < count; ++i) symbols.push_back(symbol_of(i));
  std::ofstream prices(folder / "prices.csv");
  prices << "date," << fmt::format("{}", fmt::join(symbols, ",")) << '\n';
  for (std::size_t day = days.size(); day-- > 0;) {
    prices << days[day].to_string();
    for (int i = 0; i < count; ++i)
      prices << fmt::format(",{}.{:02}", 50 + i, day == 0 ? 0U : (day * 7 + unsigned(i)) % 50);
    prices << '\n';
  }
  std::ofstream(folder / "config.yaml") << fmt::format(
      "mode: paper\nportfolio: {{tickers: [{}]}}\nprovider: {{use: csv, path: prices.csv}}\n"
      "strategy: {{use: equal_weight, glide_path: false, lookback_days: 30}}\nconstraints: {{max_weight: 100%}}\n"
      "rebalance: {{threshold: none, min_trade: $1}}\nlimits: {{orders_max: 2000, orders_per_day: 2000}}\n"
      "broker: {{use: alpaca, api_key: \"${{LAB_KEY}}\", secret_key: \"${{LAB_KEY}}\", base_url: {}}}\n"
      "execution: {{poll_milliseconds: 10, outside_market_hours: true}}\nanalytics: []\nlog: {{level: error, format: "
      "text}}\n",
      fmt::join(symbols, ", "), url);
}

}  // namespace

int main(int count, char** words) {
  const auto beside = std::filesystem::path(words[0]).replace_filename("rebalancer");
  const std::string binary = std::filesystem::absolute(count > 1 ? words[1] : beside).string();
  const int orders = count > 2 ? std::atoi(words[2]) : 100;
  const int runs = count > 3 ? std::atoi(words[3]) : 11;
  if (!std::filesystem::exists(binary) || orders < 1 || runs < 1) {
    std::cerr << "usage: order_flow_bench [BINARY] [ORDERS] [RUNS]\n";
    return 2;
  }
  std::vector<double> flows, apart;
  for (int run = 0; run < runs; ++run) {
    test::TemporaryDirectory directory;
    const Instant now = system::SystemClock().now();
    laboratory::LaboratorySettings settings;
    settings.exchange.start = now;
    settings.exchange.cash = Decimal::whole(1'000'000);
    settings.exchange.rules = {.pieces_max = 1, .fill_pause_max = {}, .cancel_pause_max = {}};
    settings.rate_limits = false;
    for (int i = 0; i < orders; ++i) {
      settings.exchange.instruments.push_back({.symbol = symbol_of(i), .price = Decimal::whole(50 + i)});
    }
    Moments seen;
    settings.tell = [&seen](std::string_view line) {
      const auto at = Stopwatch::now();
      // The last thing looked at before orders are made is the account they are for.
      if (seen.orders == 0 && line.starts_with("account")) seen.first_look = at;
      if (!line.starts_with("submit")) return;
      if (seen.orders++ == 0) seen.first_order = at;
      seen.last_order = at;
    };
    auto broker = laboratory::Laboratory::start(std::move(settings));
    if (!broker) {
      std::cerr << broker.error().message << '\n';
      return 1;
    }
    write_folder(directory.path(), (*broker)->url(), orders, now);
    const auto done = test::run_process({binary, "--config", "config.yaml", "run"}, directory.path(), {"LAB_KEY=LAB"});
    if (done.exit_code != 0 || seen.orders != orders) {
      std::cerr << fmt::format("exit code {}, {} orders: {}\n", done.exit_code, seen.orders, done.err);
      return 1;
    }
    const auto between = [](Stopwatch::time_point from, Stopwatch::time_point to) {
      return std::chrono::duration<double, std::milli>(to - from).count();
    };
    flows.push_back(between(seen.first_look, seen.last_order));
    apart.push_back(between(seen.first_order, seen.last_order) / std::max(1, orders - 1));
  }
  std::sort(flows.begin(), flows.end());
  std::sort(apart.begin(), apart.end());
  std::cout << fmt::format(
      "{} orders, {} runs: decision to last order sent, median {:.0f} ms (least {:.0f}, most {:.0f}); one "
      "order {:.2f} ms\n",
      orders, runs, flows[flows.size() / 2], flows.front(), flows.back(), apart[apart.size() / 2]);
}
