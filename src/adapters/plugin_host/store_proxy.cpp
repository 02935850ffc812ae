#include <algorithm>
#include <cstddef>
#include <limits>

#include "adapters/plugin_host/bars.hpp"

namespace rebalancer {
namespace {

constexpr std::size_t symbols_max = 100'000;

class StoreProxy final : public PriceStore {
 public:
  explicit StoreProxy(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<std::size_t> write(const BarTable& table, Instant known_at) override {
    const auto lock = instance_->enter();
    const std::vector<rb_bar> bars = lent_bars(table);
    const rb_bars lent = lent_table(table, bars);
    std::uint64_t new_count = 0;
    auto called = instance_->run("write", [&] {
      return instance_->api<rb_store>().write(instance_->self(), &lent, known_at.nanoseconds(), &new_count);
    });
    if (!called) return fail(called.error());
    if (new_count > bars.size()) return instance_->returned("{} new facts of {} written", new_count, bars.size());
    return static_cast<std::size_t>(new_count);
  }

  Result<BarTable> read(const Symbol& symbol, Date from, Date to, std::optional<Instant> known_by) override {
    const auto lock = instance_->enter();
    const rb_instant limit = known_by ? known_by->nanoseconds() : std::numeric_limits<rb_instant>::max();
    BarCollector collector(from, to, "");
    auto called = instance_->run("read", [&] {
      return instance_->api<rb_store>().read(instance_->self(), lent(symbol), from.days(), to.days(), limit,
                                             &BarCollector::on_bars, &collector);
    });
    if (!called) return fail(called.error());
    if (!collector.broken().empty()) return instance_->returned("{}", collector.broken());
    if (collector.tables().size() != 1) {
      return instance_->returned("{} tables for {}, must be one", collector.tables().size(), symbol);
    }
    BarTable& table = collector.tables().front();
    if (table.symbol() != symbol) return instance_->returned("{} when asked for {}", table.symbol(), symbol);
    return std::move(table);
  }

  Result<std::optional<Date>> last_date(const Symbol& symbol) override {
    auto range = range_of(symbol);
    if (!range) return fail(range.error());
    return *range ? std::optional((*range)->second) : std::nullopt;
  }
  Result<std::optional<Date>> first_date(const Symbol& symbol) override {
    auto range = range_of(symbol);
    if (!range) return fail(range.error());
    return *range ? std::optional((*range)->first) : std::nullopt;
  }

  Result<std::vector<Symbol>> symbols() override {
    const auto lock = instance_->enter();
    Names names;
    auto called = instance_->run(
        "symbols", [&] { return instance_->api<rb_store>().symbols(instance_->self(), &Names::on_text, &names); });
    if (!called) return fail(called.error());
    if (names.texts.size() > symbols_max) return instance_->returned("more than {} symbols", symbols_max);
    std::vector<Symbol> symbols;
    for (const std::string& name : names.texts) {
      auto symbol = Symbol::parse(name);
      if (!symbol) return instance_->returned("a bad symbol: {}", symbol.error().message);
      symbols.push_back(*std::move(symbol));
    }
    std::sort(symbols.begin(), symbols.end());
    const auto twice = std::adjacent_find(symbols.begin(), symbols.end());
    if (twice != symbols.end()) return instance_->returned("{} twice", *twice);
    return symbols;
  }

 private:
  struct Names {
    std::vector<std::string> texts;
    static void on_text(void* ctx, rb_str text) noexcept {
      auto& texts = static_cast<Names*>(ctx)->texts;
      if (texts.size() <= symbols_max) texts.push_back(printable(text, 40));
    }
  };
  static rb_str lent(const Symbol& symbol) { return {symbol.str().data(), symbol.str().size()}; }

  // None: never seen.
  Result<std::optional<std::pair<Date, Date>>> range_of(const Symbol& symbol) {
    const auto lock = instance_->enter();
    rb_date first = 0;
    rb_date last = 0;
    auto called = instance_->run(
        "range", [&] { return instance_->api<rb_store>().range(instance_->self(), lent(symbol), &first, &last); });
    if (!called && called.error().code == ErrorCode::not_found) return std::nullopt;
    if (!called) return fail(called.error());
    if (first > last) return instance_->returned("a range of {} that ends before it starts", symbol);
    return std::pair(Date::from_days(first), Date::from_days(last));
  }

  std::unique_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<PriceStore> make_store_proxy(std::unique_ptr<Instance> instance) {
  return std::make_unique<StoreProxy>(std::move(instance));
}

}  // namespace rebalancer
