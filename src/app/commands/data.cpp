// data: what the price store holds, and moving prices in and out of it.
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/price_file.hpp"
#include "core/base/json_text.hpp"
#include "core/market/price_csv.hpp"
#include "services/look_json.hpp"

namespace rebalancer::app {
namespace {

int quality(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto fetcher = (*application)->fetcher();
  if (!fetcher) return context.report(fetcher.error());
  auto day = (*application)->session(arguments.date("as-of"));
  if (!day) return context.report(day.error());
  const Config& config = (*application)->config();
  auto tables = (*fetcher)->stored(config.portfolio.tickers, *day, config.lookback_days + 1);
  if (!tables) return context.report(Area::store, tables.error());
  const QualityVerdict verdict = judge_quality(*tables, **(*application)->calendar(), *day, config.quality);
  if (context.global.json) {
    context.out << quality_json(verdict, *day) << '\n';
  } else {
    for (const QualityFinding& finding : verdict.findings) {
      const Color color = finding.severity == Severity::stop ? Color::red : Color::yellow;
      context.out << context.terminal.out_paint(color, fmt::format("{:<8}", name_of(finding.severity))) << ' '
                  << finding.check << ": " << finding.message << '\n';
    }
    context.out << fmt::format("{} bars of {} symbols examined up to {}: {}\n", verdict.bars_examined, tables->size(),
                               day->to_string(), verdict.stops() ? "not fit to decide on" : "fit to decide on");
  }
  return static_cast<int>(verdict.stops() ? ExitCode::data : ExitCode::ok);
}

// Every bar of a price file becomes a fact of the store, known from now on.
int import_file(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  const std::string file = *arguments.positional("FILE");
  InstanceOptions instance;
  instance.clock = &(*application)->clock();
  instance.events = &(*application)->events();
  auto tables = read_price_tables((*application)->plugins(), file, instance);
  if (!tables) return context.report(Area::file, tables.error());
  auto store = (*application)->price_store();
  if (!store) return context.report(store.error());
  std::size_t bars = 0;
  std::size_t stored = 0;
  const Instant now = (*application)->clock().now();
  for (const BarTable& table : *tables) {
    auto written = (*store)->write(table, now);
    if (!written) return context.report(Area::store, written.error());
    bars += table.bars().size();
    stored += *written;
  }
  if (context.global.json) {
    context.out << JsonText()
                       .object()
                       .member("file", file)
                       .member("symbols", tables->size())
                       .member("bars", bars)
                       .member("bars_new", stored)
                       .end()
                       .str()
                << '\n';
  } else {
    context.out << fmt::format("{}: {} bars of {} symbols, {} new\n", file, bars, tables->size(), stored);
  }
  return static_cast<int>(ExitCode::ok);
}

// The store's bars in the long form, as known now, on stdout.
int export_all(Context& context, const ParsedArguments& arguments) {
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  auto store = (*application)->price_store();
  if (!store) return context.report(store.error());
  auto symbols = (*store)->symbols();
  if (!symbols) return context.report(Area::store, symbols.error());
  const Date from = arguments.date("from").value_or(*Date::make(1900, 1, 1));
  const Date to = arguments.date("to").value_or(*Date::make(2199, 12, 31));
  std::vector<BarTable> tables;
  for (const Symbol& symbol : *symbols) {
    auto table = (*store)->read(symbol, from, to, std::nullopt);
    if (!table) return context.report(Area::store, table.error());
    if (!table->bars().empty()) tables.push_back(*std::move(table));
  }
  if (tables.empty()) return context.report(Area::store, {ErrorCode::not_found, "no prices are stored for these days"});
  auto csv = long_csv(tables);
  if (!csv) return context.report(Area::store, csv.error());
  if (context.global.json) {
    context.out << JsonText().object().member("csv", *csv).end().str() << '\n';
  } else {
    context.out << *csv;
  }
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command data_command() {
  return {.name = "data",
          .summary = "the price store",
          .subcommands = {
              {.name = "quality",
               .summary = "judge the stored prices: gaps, jumps, frozen runs, age",
               .options = {{.name = "as-of",
                            .placeholder = "DATE",
                            .type = ValueType::date,
                            .help = "up to the session on or before this day"}},
               .run = &quality},
              {.name = "import",
               .summary = "store the prices of a CSV file (wide or long, may be .gz)",
               .positionals = {{.name = "FILE", .help = "a price file", .type = ValueType::file}},
               .run = &import_file},
              {.name = "export",
               .summary = "print the stored prices as CSV, long form",
               .options = {{.name = "from", .placeholder = "DATE", .type = ValueType::date, .help = "first day"},
                           {.name = "to", .placeholder = "DATE", .type = ValueType::date, .help = "last day"}},
               .run = &export_all}}};
}

}  // namespace rebalancer::app
