#include <algorithm>
#include <cstddef>
#include <map>

#include "adapters/plugin_host/bars.hpp"

namespace rebalancer {
namespace {

class ProviderProxy final : public Provider {
 public:
  explicit ProviderProxy(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  std::string name() const override { return instance_->name(); }
  bool simulated() const override {
    const auto& api = instance_->api<rb_provider>();
    return (api.flags & RB_SIMULATED) != 0;
  }
  bool is_local() const override { return (instance_->api<rb_provider>().flags & RB_LOCAL) != 0; }

  Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to,
                                     std::stop_token stop) override {
    const auto lock = instance_->enter(std::move(stop));
    std::vector<rb_str> names;
    names.reserve(symbols.size());
    for (const Symbol& symbol : symbols) names.push_back({symbol.str().data(), symbol.str().size()});
    BarCollector collector(from, to, instance_->name());
    auto called = instance_->run("bars", [&] {
      return instance_->api<rb_provider>().bars(instance_->self(), names.data(), names.size(), from.days(), to.days(),
                                                &BarCollector::on_bars, &collector);
    });
    if (!called) return fail(called.error());
    if (!collector.broken().empty()) return instance_->returned("{}", collector.broken());
    return symbols.empty() ? all_told(collector.tables()) : as_asked(collector.tables(), symbols);
  }

 private:
  Result<std::vector<BarTable>> all_told(std::vector<BarTable>& tables) const {
    std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) { return a.symbol() < b.symbol(); });
    for (std::size_t i = 1; i < tables.size(); ++i) {
      if (tables[i].symbol() == tables[i - 1].symbol()) return instance_->returned("{} twice", tables[i].symbol());
    }
    return std::move(tables);
  }

  Result<std::vector<BarTable>> as_asked(std::vector<BarTable>& tables, std::span<const Symbol> symbols) const {
    std::map<Symbol, BarTable*> by_symbol;
    for (BarTable& table : tables) {
      if (std::find(symbols.begin(), symbols.end(), table.symbol()) == symbols.end()) {
        return instance_->returned("{}, which nobody asked for", table.symbol());
      }
      if (!by_symbol.emplace(table.symbol(), &table).second) return instance_->returned("{} twice", table.symbol());
    }
    std::vector<BarTable> ordered;
    ordered.reserve(symbols.size());
    for (const Symbol& symbol : symbols) {
      const auto found = by_symbol.find(symbol);
      if (found == by_symbol.end()) return instance_->returned("no table for {}", symbol);
      ordered.push_back(*found->second);
    }
    return ordered;
  }

  std::unique_ptr<Instance> instance_;
};

}  // namespace

std::unique_ptr<Provider> make_provider_proxy(std::unique_ptr<Instance> instance) {
  return std::make_unique<ProviderProxy>(std::move(instance));
}

}  // namespace rebalancer
