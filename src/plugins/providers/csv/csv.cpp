// Prices from one file of the user's.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "core/base/nearest.hpp"
#include "core/market/price_csv.hpp"
#include "plugins/support/failure.hpp"
#include "schema_json.hpp"
#include "text_file.hpp"

namespace {

using namespace rebalancer;

constexpr std::size_t bytes_max = 512U << 20U;

rb_bar plain(const Bar& bar) {
  return {bar.date.days(), 0, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio};
}

class CsvProvider final : public sdk::Provider {
 public:
  CsvProvider(sdk::Host host, std::string_view config) : Provider(host, config), path_(host.text("path")) {}

  // No symbols: all the file has.
  void bars(std::span<const rb_str> symbols, rb_date from, rb_date to, const Emit& emit) override {
    read_if_changed();
    std::vector<const BarTable*> wanted;
    for (const rb_str symbol : symbols) wanted.push_back(&table_of(sdk::view(symbol)));
    if (symbols.empty()) {
      for (const BarTable& table : csv_.tables) wanted.push_back(&table);
    }
    std::vector<rb_bar> bars;
    for (const BarTable* table : wanted) {
      bars.clear();
      for (const Bar& bar : table->bars()) {
        if (bar.date.days() >= from && bar.date.days() <= to) bars.push_back(plain(bar));
      }
      emit(table->symbol().str(), bars, table->source(), table->basis() == PriceBasis::raw ? RB_RAW : RB_ADJUSTED);
    }
  }

 private:
  struct Stamp {
    std::filesystem::file_time_type time;
    std::uintmax_t bytes;
    bool operator==(const Stamp&) const = default;
  };

  void read_if_changed() {
    std::error_code ignored;  // a file that cannot be asked is read, and says why it cannot
    const Stamp stamp{std::filesystem::last_write_time(path_, ignored), std::filesystem::file_size(path_, ignored)};
    if (read_ == stamp) return;
    read_.reset();
    csv_ = {};
    const auto text = read_text_file(path_, bytes_max);
    if (!text) throw plugin_support::failure(text.error());
    const std::string name = std::filesystem::path(path_).filename().string();
    auto csv = parse_price_csv(*text, path_, "csv " + name);
    if (!csv) throw plugin_support::failure(csv.error());
    for (const std::string& warning : csv->warnings) host().warning(path_ + ": " + warning);
    csv_ = *std::move(csv);
    read_ = stamp;
  }

  const BarTable& table_of(std::string_view symbol) const {
    std::vector<std::string> names;
    for (const BarTable& table : csv_.tables) {
      if (table.symbol().str() == symbol) return table;
      names.push_back(table.symbol().str());
    }
    const auto near = nearest_name(symbol, names);
    constexpr std::size_t shown_max = 10;
    const bool is_long = names.size() > shown_max;
    if (is_long) names.resize(shown_max);
    throw sdk::Failure(RB_NOT_FOUND,
                       fmt::format("{} is not in {}{}; it has {}{}", symbol, path_,
                                   near ? " (did you mean " + *near + "?)" : "", fmt::join(names, ", "),
                                   is_long ? fmt::format(" and {} more", csv_.tables.size() - shown_max) : ""));
  }

  std::string path_;
  std::optional<Stamp> read_;
  PriceCsv csv_;
};

}  // namespace

REBALANCER_LOCAL_PROVIDER(CsvProvider, "csv", "1.0.0", "Prices from a file: wide or long CSV, plain or gzipped.",
                          schema_json)
