// Wrong in the way its configuration says.
#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class BadStore final : public Store {
 public:
  using Store::Store;
  std::uint64_t write(const rb_bars& bars, rb_instant) override { return wrong("count") ? bars.count + 1 : bars.count; }
  void read(std::string_view symbol, rb_date, rb_date, rb_instant, const Provider::Emit& emit) override {
    if (wrong("silent")) return;
    emit(wrong("other") ? "ZZZ" : symbol, {}, "");
    if (wrong("twice")) emit(symbol, {}, "");
  }
  std::optional<std::pair<rb_date, rb_date>> range(std::string_view) override {
    if (wrong("backwards")) return std::pair(10, 5);
    if (wrong("never")) return std::nullopt;
    return std::pair(5, 10);
  }
  std::vector<std::string> symbols() override {
    if (wrong("symbol")) return {"not a symbol"};
    if (wrong("symbol_twice")) return {"SPY", "SPY"};
    return {"SPY", "BND"};
  }

 private:
  bool wrong(std::string_view what) const { return host().text("wrong") == what; }
};
REBALANCER_STORE(BadStore, "bad_store", "1.0.0", "A test.",
                 R"({"properties": {"wrong": {"type": "string", "default": "nothing"}}})")
