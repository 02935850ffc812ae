// frontier: every efficient portfolio, from a price file or the configured portfolio's stored prices.
#include "services/frontier.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "adapters/system/log_events.hpp"
#include "adapters/system/system_clock.hpp"
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/optimize_options.hpp"
#include "app/plugin_folders.hpp"
#include "app/price_file.hpp"
#include "services/derive.hpp"
#include "services/frontier_plot.hpp"

namespace rebalancer::app {
namespace {

constexpr int plot_rows = 20;
constexpr int plot_width_max = 110;
constexpr std::size_t names_width = 46;  // of the last column, in a table of 80

std::string to_text(const Frontier& frontier, const Terminal& terminal) {
  std::string out = terminal.out_paint(
      Color::bold, fmt::format("efficient frontier of {} symbols, {} corner portfolios, prices to {}\n",
                               frontier.assets.size(), frontier.corners.size(), frontier.as_of.to_string()));
  out += fmt::format("risk model {}, expected returns {}\n", frontier.risk_model, frontier.expected_returns);
  out += "  expected   volatility  Sharpe  largest weights\n";
  const auto row = [&](const CornerPortfolio& portfolio, std::string_view mark) {
    std::vector<std::pair<double, std::size_t>> held;
    for (std::size_t i = 0; i < frontier.assets.size(); ++i) {
      const double weight = portfolio.weights(static_cast<Eigen::Index>(i));
      if (std::abs(weight) > 5e-5) held.emplace_back(-std::abs(weight), i);
    }
    std::sort(held.begin(), held.end());
    // As many as fit into 80 columns, at most four.
    std::string names;
    for (std::size_t k = 0; k < held.size(); ++k) {
      const std::size_t i = held[k].second;
      const std::string name =
          fmt::format("{} {:.1f}%", frontier.assets[i].symbol, 100 * portfolio.weights(static_cast<Eigen::Index>(i)));
      const std::string rest = k + 1 < held.size() ? fmt::format("  and {} more", held.size() - k - 1) : "";
      if (k > 0 && (k == 4 || names.size() + 2 + name.size() + rest.size() > names_width)) {
        names += fmt::format("  and {} more", held.size() - k);
        break;
      }
      names += (k > 0 ? "  " : "") + name;
    }
    const double excess = portfolio.expected_return - frontier.risk_free_rate;
    out += fmt::format("{} {:>8.2f}%  {:>9.2f}%  {:>6}  {}\n", mark, 100 * portfolio.expected_return,
                       100 * portfolio.volatility,
                       portfolio.volatility > 0 ? fmt::format("{:.3f}", excess / portfolio.volatility) : "none", names);
  };
  for (const CornerPortfolio& corner : frontier.corners) row(corner, " ");
  if (frontier.tangency) {
    row(*frontier.tangency, "T");
    out +=
        "T is the portfolio of the highest Sharpe ratio; the first row has the highest\n"
        "return, the last corner the lowest variance\n";
  } else {
    out += frontier.no_tangency + "\n";
  }
  return out;
}

int show(Context& context, const ParsedArguments& arguments, const Result<Frontier>& frontier) {
  if (!frontier) return context.report(Area::strategy, frontier.error());
  if (const auto file = arguments.text("svg")) {
    std::ofstream out(std::filesystem::path(*file), std::ios::binary | std::ios::trunc);
    out << frontier_svg(*frontier);
    out.close();
    if (!out) {
      return context.report(Area::file, {ErrorCode::unavailable, fmt::format("{} cannot be written", *file)});
    }
    context.note(fmt::format("the picture is in {}", *file));
  }
  if (context.global.json) {
    context.out << frontier_json(*frontier) << '\n';
  } else if (arguments.has("plot")) {
    context.out << frontier_text(*frontier, std::min(context.terminal.width, plot_width_max), plot_rows);
  } else {
    context.out << to_text(*frontier, context.terminal);
  }
  return static_cast<int>(ExitCode::ok);
}

int points_of(const ParsedArguments& arguments) { return static_cast<int>(arguments.integer("points").value_or(50)); }

int frontier_of_file(Context& context, const ParsedArguments& arguments) {
  system::SystemClock clock;
  system::Secrets secrets;
  auto log = system::LogEvents::to_stderr({.level_min = EventLevel::warning}, clock, secrets);
  const PluginHost plugins = load_plugins({"plugins"});
  InstanceOptions instance;
  instance.clock = &clock;
  instance.events = log.get();
  auto prices =
      read_price_file(plugins, *arguments.text("prices"), arguments.date("from"), arguments.date("to"), instance);
  if (!prices) return context.report(Area::file, prices.error());
  if (auto whole = check_market(arguments); !whole) return context.report(Area::command_line, whole.error());
  OptimizerSettings settings = read_price_settings(arguments);
  auto benchmark = read_benchmark(arguments, plugins, *prices, instance);
  if (!benchmark) return context.report(Area::file, benchmark.error());
  settings.benchmark_prices = *std::move(benchmark);
  return show(context, arguments, frontier_of(*prices, settings, points_of(arguments), prices->dates().back()));
}

int frontier_of_portfolio(Context& context, const ParsedArguments& arguments) {
  for (const char* option :
       {"risk-model", "expected-returns", "risk-free", "min-weight", "max-weight", "benchmark", "from"}) {
    if (arguments.has(option)) {
      return context.report(
          Area::command_line,
          {ErrorCode::invalid, fmt::format("--{} goes with --prices; without it the configuration decides", option)});
    }
  }
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  const Config& config = (*application)->config();
  auto day = (*application)->session(arguments.date("to"));
  if (!day) return context.report(day.error());
  auto fetcher = (*application)->fetcher();
  if (!fetcher) return context.report(fetcher.error());
  const auto tables = (*fetcher)->stored(config.portfolio.tickers, *day, config.lookback_days + 1);
  if (!tables) return context.report(Area::store, tables.error());
  const auto priced = read_prices(*tables, config.portfolio.tickers, *day);
  if (!priced) return context.report(Area::store, priced.error());
  return show(context, arguments, frontier_of(priced->frame, config.optimizer, points_of(arguments), *day));
}

}  // namespace

Command frontier_command() {
  Command command{
      .name = "frontier",
      .summary = "every efficient portfolio, as a table, a plot or JSON",
      .details =
          "The corner portfolios, from the highest return to the lowest variance; between two neighbours every "
          "efficient portfolio is a mix of them. With --prices it needs no configuration; without it, the "
          "configured portfolio's stored prices, bounds and class limits are used. The glide path has no part in "
          "it.",
      .options =
          {{.name = "prices", .placeholder = "FILE", .type = ValueType::file, .help = "CSV of prices, may be .gz"},
           {.name = "points",
            .placeholder = "N",
            .type = ValueType::integer,
            .help = "portfolios spaced evenly in return, for the plot and the JSON",
            .default_text = "50",
            .minimum = 2,
            .maximum = 1000},
           {.name = "plot", .help = "draw it in the terminal"},
           {.name = "svg", .placeholder = "FILE", .type = ValueType::file, .help = "write a picture"}},
      .run = [](Context& context, const ParsedArguments& arguments) {
        return arguments.has("prices") ? frontier_of_file(context, arguments)
                                       : frontier_of_portfolio(context, arguments);
      }};
  append_price_options(command.options);
  return command;
}

}  // namespace rebalancer::app
