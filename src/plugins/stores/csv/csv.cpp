// Prices in a folder of CSV files that people can read; see README.md.
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "core/market/fact.hpp"
#include "fact_file.hpp"
#include "plugins/support/failure.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer;

template <class T>
T taken(Result<T> result) {
  if (!result) throw plugin_support::failure(result.error());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class CsvStore final : public sdk::Store {
 public:
  CsvStore(sdk::Host host, std::string_view config) : Store(host, config), folder_(host.text("path")) {
    std::error_code why;
    std::filesystem::create_directories(folder_, why);
    if (!std::filesystem::is_directory(folder_)) {
      throw sdk::Failure(RB_UNAVAILABLE, fmt::format("{} is not a folder and cannot be made one{}", folder_,
                                                     why ? " (" + why.message() + ")" : ""));
    }
  }

  std::uint64_t write(const rb_bars& bars, rb_instant known_at) override {
    const Symbol symbol = taken(Symbol::parse(sdk::view(bars.symbol)));
    std::vector<Bar> own;
    for (const rb_bar& bar : std::span(bars.bars, static_cast<std::size_t>(bars.count))) {
      own.push_back({Date::from_days(bar.date), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend,
                     bar.split_ratio});
    }
    if (own.empty()) return 0;
    const auto basis = bars.basis == RB_RAW ? PriceBasis::raw : PriceBasis::adjusted;
    const auto table = taken(BarTable::make(symbol, std::move(own), basis, std::string(sdk::view(bars.source))));

    const FolderLock lock = taken(FolderLock::take(folder_));
    const auto known = latest(facts_of(symbol), table.bars().front().date, table.bars().back().date,
                              std::numeric_limits<rb_instant>::max());
    const auto facts = new_facts(known, table, Instant::from_nanoseconds(known_at));
    if (facts.empty()) return 0;
    const bool is_new = !std::filesystem::exists(path_of(symbol));
    std::string text = is_new ? std::string() : taken(read_file(path_of(symbol)));
    text += facts_text(facts, is_new);
    taken(replace_file(path_of(symbol), text));
    return facts.size();
  }

  void read(std::string_view name, rb_date from, rb_date to, rb_instant known_by,
            const sdk::Provider::Emit& emit) override {
    const Symbol symbol = taken(Symbol::parse(name));
    const auto facts = latest(facts_of(symbol), Date::from_days(from), Date::from_days(to), known_by);
    const auto table = taken(table_of(symbol, facts));
    std::vector<rb_bar> bars;
    for (const Bar& bar : table.bars()) {
      bars.push_back(
          {bar.date.days(), 0, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio});
    }
    emit(name, bars, table.source(), table.basis() == PriceBasis::raw ? RB_RAW : RB_ADJUSTED);
  }

  std::optional<std::pair<rb_date, rb_date>> range(std::string_view name) override {
    const auto& facts = facts_of(taken(Symbol::parse(name)));
    if (facts.empty()) return std::nullopt;
    const auto [first, last] = std::minmax_element(
        facts.begin(), facts.end(), [](const Fact& a, const Fact& b) { return a.bar.date < b.bar.date; });
    return std::pair(first->bar.date.days(), last->bar.date.days());
  }

  // Other files in the folder are not ours and do not count.
  std::vector<std::string> symbols() override {
    std::vector<std::string> names;
    std::error_code why;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, why)) {
      const std::string file = entry.path().filename().string();
      if (!file.ends_with(".csv")) continue;
      const auto symbol = Symbol::parse(file.substr(0, file.size() - 4));
      if (symbol && !facts_of(*symbol).empty()) names.push_back(symbol->str());
    }
    if (why) throw sdk::Failure(RB_UNAVAILABLE, fmt::format("{} cannot be listed ({})", folder_, why.message()));
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  // Tells one state of a file from another: every write gives it a new inode.
  struct Stamp {
    ino_t inode;
    off_t bytes;
    std::int64_t changed_seconds, changed_nanoseconds;
    bool operator==(const Stamp&) const = default;
  };
  struct Known {
    Stamp stamp;
    std::vector<Fact> facts;
  };

  [[nodiscard]] std::string path_of(const Symbol& symbol) const { return folder_ + "/" + symbol.str() + ".csv"; }

  const std::vector<Fact>& facts_of(const Symbol& symbol) {
    const std::string path = path_of(symbol);
    struct stat state {};
    if (::stat(path.c_str(), &state) != 0) {
      if (errno != ENOENT) {
        throw sdk::Failure(RB_UNAVAILABLE,
                           fmt::format("{} cannot be read ({})", path, std::generic_category().message(errno)));
      }
      known_.erase(symbol);
      static const std::vector<Fact> none;
      return none;
    }
    const Stamp stamp{state.st_ino, state.st_size, state.st_mtim.tv_sec, state.st_mtim.tv_nsec};
    const auto found = known_.find(symbol);
    if (found != known_.end() && found->second.stamp == stamp) return found->second.facts;
    auto facts = taken(parse_facts(taken(read_file(path)), path));
    return known_.insert_or_assign(symbol, Known{stamp, std::move(facts)}).first->second.facts;
  }

  // The latest fact of each day, ascending by day. Lines of one day stand in the order they became known.
  static std::vector<Fact> latest(const std::vector<Fact>& facts, Date from, Date to, rb_instant known_by) {
    std::map<Date, const Fact*> by_day;
    for (const Fact& fact : facts) {
      if (fact.bar.date < from || fact.bar.date > to || fact.known_at.nanoseconds() > known_by) continue;
      by_day[fact.bar.date] = &fact;
    }
    std::vector<Fact> found;
    for (const auto& [date, fact] : by_day) found.push_back(*fact);
    return found;
  }

  std::string folder_;
  std::map<Symbol, Known> known_;
};

}  // namespace

REBALANCER_STORE(CsvStore, "csv", "1.0.0", "Prices in a folder of CSV files, one per symbol, that people can read.",
                 schema_json)
