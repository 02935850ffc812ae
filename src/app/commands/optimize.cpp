// optimize: target weights from a price file, without any configuration.
#include <cmath>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "adapters/system/log_events.hpp"
#include "adapters/system/system_clock.hpp"
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/optimize_options.hpp"
#include "app/optimize_text.hpp"
#include "app/plugin_folders.hpp"
#include "app/price_file.hpp"
#include "app/report_text.hpp"
#include "app/units.hpp"
#include "services/look_json.hpp"
#include "services/optimizer.hpp"

namespace rebalancer::app {
namespace {

constexpr double ewma_decay_min = 0.5, ewma_decay_max = 0.9999;

std::string to_text(const Solved& solved, const Terminal& terminal) {
  const OptimizerResult& result = solved.result;
  std::string out =
      terminal.out_paint(Color::bold, fmt::format("{} on prices up to {}", solved.strategy, solved.as_of.to_string())) +
      "\n";
  for (const Weight& entry : result.weights.entries()) {
    const auto bar = static_cast<int>(std::lround(std::clamp(entry.fraction, 0.0, 1.0) * 40));
    std::string blocks;
    for (int i = 0; i < bar; ++i) blocks += "█";
    out += fmt::format("  {:<16} {:>7.2f}%  {}\n", entry.symbol, 100 * entry.fraction + 0.0, blocks);
  }
  out += fmt::format("expected return {:.2f}%, volatility {:.2f}%, Sharpe ratio {}\n", 100 * result.expected_return,
                     100 * result.volatility,
                     result.sharpe_ratio ? fmt::format("{:.3f}", *result.sharpe_ratio) : "none (no volatility)");
  if (result.certificate) {
    out += fmt::format("certificate: KKT residual {:.1e}, duality gap {:.1e}, largest violation {:.1e}; solved in {}\n",
                       result.certificate->kkt_residual, result.certificate->duality_gap,
                       result.certificate->max_violation, duration_text(solved.seconds));
  }
  return out;
}

// --param name=value pairs as the strategy's section; the schema turns the texts into its types.
boost::json::object section_of(const std::vector<std::string>& parameters, std::string& wrong) {
  boost::json::object section;
  for (const std::string& parameter : parameters) {
    const auto equals = parameter.find('=');
    if (equals == std::string::npos || equals == 0) {
      wrong = parameter;
      return {};
    }
    section[parameter.substr(0, equals)] = parameter.substr(equals + 1);
  }
  return section;
}

// --param lambda=0.97 is of the risk model ewma, which the strategies do not know.
Result<void> take_lambda(boost::json::object& section, OptimizerSettings& settings) {
  const auto* given = section.if_contains("lambda");
  if (given == nullptr || settings.risk_model != "ewma") return {};
  const auto decay = parse_number(std::string_view(given->as_string()), ewma_decay_min, ewma_decay_max);
  if (!decay) {
    return fail(ErrorCode::invalid, "--param lambda is \"{}\", {}", std::string_view(given->as_string()),
                decay.error().message);
  }
  settings.ewma_decay = *decay;
  section.erase("lambda");
  return {};
}

int optimize_prices(Context& context, const ParsedArguments& arguments) {
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

  std::string wrong;
  boost::json::object section = section_of(arguments.all("param"), wrong);
  if (!wrong.empty()) {
    return context.report(Area::command_line,
                          {ErrorCode::invalid, fmt::format("--param is \"{}\", must be name=value", wrong)});
  }
  OptimizerSettings settings = read_price_settings(arguments);
  settings.ewma_decay = arguments.number("ewma-decay").value_or(settings.ewma_decay);
  if (auto whole = check_companions(arguments); !whole) return context.report(Area::command_line, whole.error());
  if (auto taken = take_lambda(section, settings); !taken) {
    return context.report(Area::command_line, taken.error());
  }
  const std::string name = arguments.text("strategy").value_or("max_sharpe");
  auto found = plugins.find(PluginKind::strategy, name);
  if (!found) {
    return context.report(found.error().code == ErrorCode::not_found ? Area::command_line : Area::plugin,
                          found.error());
  }
  instance.section = "--param";
  instance.text_values = true;
  auto strategy = plugins.create_strategy(name, section, instance);
  if (!strategy) return context.report(Area::command_line, strategy.error());

  settings.cost_rate = arguments.number("cost-bps").value_or(0) * 1e-4;
  settings.cost_quadratic = arguments.number("cost-quadratic").value_or(0);
  settings.turnover_max = arguments.number("turnover-max");
  settings.gross_max = arguments.number("gross-max");
  settings.tracking_error_max = arguments.number("tracking-error-max");
  settings.position_min = arguments.number("position-min").value_or(0);
  settings.positions_max = static_cast<int>(arguments.integer("positions-max").value_or(0));
  if (auto read = read_limits(arguments, settings); !read) return context.report(Area::command_line, read.error());
  auto benchmark = read_benchmark(arguments, plugins, *prices, instance);
  if (!benchmark) return context.report(Area::file, benchmark.error());
  settings.benchmark_prices = *std::move(benchmark);
  std::optional<Weights> current;
  if (arguments.has("current")) {
    auto read = read_weights(arguments.assignments("current"));
    if (!read) {
      return context.report(Area::command_line, {ErrorCode::invalid, "--current: " + read.error().message});
    }
    current = *std::move(read);
  }

  const auto started = clock.monotonic();
  auto result = optimize(**strategy, *prices, settings, current);
  const double seconds = std::chrono::duration<double>(clock.monotonic() - started).count();
  if (!result) return context.report(Area::strategy, result.error());
  const Solved solved{*std::move(result), name, prices->dates().back(), seconds};
  std::optional<ShareBook> book;
  if (const auto money = arguments.money("money")) {
    auto shares = read_shares(*money, *prices, solved.result.weights);
    if (!shares) return context.report(Area::strategy, shares.error());
    book = *std::move(shares);
  }
  if (!context.global.json) {
    context.out << to_text(solved, context.terminal) << explained(solved.result.report_json)
                << (book ? shares_text(*prices, *book) : "");
    return static_cast<int>(ExitCode::ok);
  }
  std::string json = optimization_json(solved);
  if (book) json = json.substr(0, json.size() - 1) + ",\"whole_shares\":" + shares_json(*prices, *book) + "}";
  context.out << json << '\n';
  return static_cast<int>(ExitCode::ok);
}

// The configured portfolio's target, from stored prices.
int optimize_configured(Context& context, const ParsedArguments& arguments) {
  for (const char* option : {"strategy",     "risk-model",    "expected-returns",
                             "risk-free",    "min-weight",    "max-weight",
                             "current",      "cost-bps",      "cost-quadratic",
                             "turnover-max", "gross-max",     "tracking-error-max",
                             "position-min", "positions-max", "ewma-decay",
                             "benchmark",    "bounds",        "label",
                             "group",        "money",         "from"}) {
    if (arguments.has(option)) {
      return context.report(Area::command_line, {ErrorCode::invalid, fmt::format("--{} goes with --prices; without it "
                                                                                 "the configuration decides",
                                                                                 option)});
    }
  }
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto pipeline = (*application)->pipeline({}, Application::Purpose::look, arguments.date("to"));
  if (!pipeline) return context.report(pipeline.error());
  const RunReport report = (*pipeline)->run({.as_of = arguments.date("to"), .fetch = false, .journal = false});
  if (!report.optimized) {
    return context.report({.exit_code = exit_code_of(report), .message = report.reason});
  }
  double seconds = 0;
  for (const StageReport& stage : report.stages) {
    if (stage.stage == Stage::optimize) seconds = stage.seconds;
  }
  if (!context.global.json) context.out << banner(report, context.terminal) << '\n';
  const Solved solved{*report.optimized, report.strategy, report.as_of, seconds};
  context.out << (context.global.json ? optimization_json(solved) + "\n"
                                      : to_text(solved, context.terminal) + explained(solved.result.report_json));
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command optimize_command() {
  Command command{
      .name = "optimize",
      .summary = "target weights, from a price file or the configured portfolio",
      .details =
          "With --prices it needs no configuration: every symbol of the file is allocated. Without it, the "
          "configured portfolio is optimized on the prices that are stored.",
      .options =
          {{.name = "prices", .placeholder = "FILE", .type = ValueType::file, .help = "CSV of prices, may be .gz"},
           {.name = "strategy",
            .placeholder = "NAME",
            .type = ValueType::text,
            .help = "a strategy plugin (plugins list)",
            .default_text = "max_sharpe"},
           {.name = "current",
            .placeholder = "A=0.5,B=0.5",
            .type = ValueType::assignments,
            .help = "weights held now"},
           {.name = "cost-bps",
            .placeholder = "BP",
            .type = ValueType::number,
            .help = "cost of trading, in basis points of the value traded",
            .default_text = "0",
            .minimum = 0,
            .maximum = 10'000},
           {.name = "cost-quadratic",
            .placeholder = "Q",
            .type = ValueType::number,
            .help = "trading the fraction x in one symbol also costs Q x^2",
            .default_text = "0",
            .minimum = 0,
            .maximum = 100},
           {.name = "turnover-max",
            .placeholder = "T",
            .type = ValueType::fraction,
            .help = "most purchases and sales together, from --current",
            .minimum = 0,
            .maximum = 100},
           {.name = "gross-max",
            .placeholder = "G",
            .type = ValueType::fraction,
            .help = "most long and short together",
            .minimum = 1,
            .maximum = 100},
           {.name = "tracking-error-max",
            .placeholder = "E",
            .type = ValueType::fraction,
            .help = "against --benchmark, per year",
            .minimum = 0,
            .maximum = 10},
           {.name = "bounds",
            .placeholder = "A=10%..40%",
            .type = ValueType::text,
            .help = "weights of one symbol, instead of the two above",
            .repeatable = true},
           {.name = "label",
            .placeholder = "tech=A,B",
            .type = ValueType::text,
            .help = "gives symbols a label, for --group",
            .repeatable = true},
           {.name = "group",
            .placeholder = "\"tech <= 25%\"",
            .type = ValueType::text,
            .help = "limits the symbols of a label, or a sum such as A + B",
            .repeatable = true},
           {.name = "position-min",
            .placeholder = "W",
            .type = ValueType::fraction,
            .help = "least weight of a position that is held",
            .default_text = "0",
            .minimum = 0,
            .maximum = 1},
           {.name = "positions-max",
            .placeholder = "N",
            .type = ValueType::integer,
            .help = "most positions; 0 is any number",
            .default_text = "0",
            .minimum = 0,
            .maximum = 10'000},
           {.name = "ewma-decay",
            .placeholder = "D",
            .type = ValueType::number,
            .help = "of the risk model ewma",
            .default_text = "0.94",
            .minimum = ewma_decay_min,
            .maximum = ewma_decay_max},
           {.name = "money",
            .placeholder = "AMOUNT",
            .type = ValueType::money,
            .help = "also finds the best book of whole shares for it"},
           {.name = "param",
            .placeholder = "NAME=VALUE",
            .type = ValueType::text,
            .help = "a setting of the strategy (plugins schema NAME)",
            .repeatable = true}},
      .run = [](Context& context, const ParsedArguments& arguments) {
        return arguments.has("prices") ? optimize_prices(context, arguments) : optimize_configured(context, arguments);
      }};
  append_price_options(command.options);
  return command;
}

}  // namespace rebalancer::app
