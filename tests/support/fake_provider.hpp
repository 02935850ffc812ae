// A provider that tells what a test gave it, and remembers what it was asked.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ports/provider.hpp"

namespace rebalancer::test {

class FakeProvider final : public Provider {
 public:
  struct Request {
    std::vector<Symbol> symbols;
    Date from, to;
  };

  explicit FakeProvider(std::string name = "fake") : source(name), name_(std::move(name)) {}

  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] bool simulated() const override { return makes_up_prices; }
  [[nodiscard]] bool is_local() const override { return local; }
  Result<std::vector<BarTable>> bars(std::span<const Symbol> symbols, Date from, Date to, std::stop_token) override {
    requests.push_back({{symbols.begin(), symbols.end()}, from, to});
    if (failure) return fail(*failure);
    std::vector<BarTable> tables;
    for (const Symbol& symbol : symbols) {
      std::vector<Bar> bars;
      for (const auto& [date, bar] : history[symbol]) {
        if (date >= from && date <= to) bars.push_back(bar);
      }
      auto table = BarTable::make(symbol, std::move(bars), basis, source);
      if (!table) return fail(table.error());
      tables.push_back(*std::move(table));
    }
    return tables;
  }

  void tell(const Symbol& symbol, Date date, double close) {
    Bar bar;
    bar.date = date;
    bar.close = close;
    history[symbol][date] = bar;
  }

  std::map<Symbol, std::map<Date, Bar>> history;
  PriceBasis basis = PriceBasis::raw;
  std::string source;
  bool makes_up_prices = false;
  bool local = false;
  std::optional<Error> failure;  // what every call answers while it is set
  std::vector<Request> requests;

 private:
  std::string name_;
};

}  // namespace rebalancer::test
