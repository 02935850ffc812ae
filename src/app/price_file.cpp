#include "app/price_file.hpp"

#include <filesystem>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "app/units.hpp"
#include "core/market/corporate_action.hpp"

namespace rebalancer::app {

namespace {

const Date earliest = *Date::make(1900, 1, 1);
const Date latest = *Date::make(2199, 12, 31);

}  // namespace

Result<std::vector<BarTable>> read_price_tables(const PluginHost& plugins, const std::string& file,
                                                const InstanceOptions& options, std::optional<Date> from,
                                                std::optional<Date> to) {
  InstanceOptions instance = options;
  instance.section = "--prices";
  const boost::json::object section{{"path", file}};
  auto provider = plugins.create_provider("csv", section, instance);
  if (!provider) return fail(provider.error());
  return (*provider)->bars({}, from.value_or(earliest), to.value_or(latest), options.stop);
}

Result<PriceFrame> read_price_file(const PluginHost& plugins, const std::string& file, std::optional<Date> from,
                                   std::optional<Date> to, const InstanceOptions& options) {
  auto tables = read_price_tables(plugins, file, options, from, to);
  if (!tables) return fail(tables.error());
  const Date first = from.value_or(earliest);
  const Date last = to.value_or(latest);
  auto frame = adjusted_frame(*tables, first, last);
  if (!frame) return fail(frame.error().code, "{}: {}", file, frame.error().message);
  if (frame->rows() == 0 || frame->cols() == 0) {
    return fail(ErrorCode::not_found, "{}: no prices between {} and {}", file, first.to_string(), last.to_string());
  }
  return frame;
}

Result<Weights> read_weights(const std::vector<std::pair<std::string, std::string>>& assignments) {
  std::vector<Weight> entries;
  for (const auto& [name, text] : assignments) {
    auto symbol = Symbol::parse(name);
    if (!symbol) return fail(symbol.error());
    auto fraction = parse_fraction(text, -10, 10);
    if (!fraction) return fail(ErrorCode::invalid, "{} is \"{}\", {}", name, text, fraction.error().message);
    entries.push_back({*std::move(symbol), *fraction});
  }
  return Weights::make(std::move(entries));
}

}  // namespace rebalancer::app
