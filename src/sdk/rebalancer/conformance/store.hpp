#pragma once
#include <algorithm>

#include <rebalancer/conformance/provider.hpp>

namespace rebalancer::sdk::conformance {

// Wants a store that is empty: `config_json` names a place of its own.
class StoreCheck {
 public:
  StoreCheck(const rb_plugin& plugin, const Options& options, Findings& findings)
      : findings_(findings), subject_(plugin, options.config_json) {
    if (!options.symbols.empty()) symbol_ = options.symbols.front();
  }

  void run() {
    if (subject_.self() == nullptr) return;
    const double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<rb_bar> bars;
    for (rb_date day = 100; day < 105; ++day) bars.push_back({day, 0, none, none, none, 10.0 + day, 1e6, 0, 1});
    check_never_seen();
    expect(write(bars, 1000), 5, "writing five days");
    expect(write(bars, 2000), 0, "writing the same five days again");
    bars[2].close = 99;
    expect(write(bars, 3000), 1, "writing them again with one day revised");
    expect_read(bars, now_, "what is known now");
    bars[2].close = 112;
    expect_read(bars, 2000, "what was known before the revision");
    expect_read({}, 999, "what was known before anything was written");
    check_range();
    check_symbols();
  }

 private:
  static constexpr rb_instant now_ = std::numeric_limits<rb_instant>::max();

  std::uint64_t write(const std::vector<rb_bar>& bars, rb_instant known_at) {
    const rb_bars table{sizeof(rb_bars), lent(symbol_), lent("conformance"), RB_RAW, 0, bars.data(), bars.size()};
    std::uint64_t count = 0;
    subject_.run(findings_, "write",
                 [&] { return subject_.api<rb_store>().write(subject_.self(), &table, known_at, &count); });
    return count;
  }
  void expect(std::uint64_t count, std::uint64_t wanted, const std::string& what) {
    findings_.require(count == wanted, Sentence() << what << " stored " << count << " facts, must be " << wanted);
  }
  void expect_read(const std::vector<rb_bar>& bars, rb_instant known_by, const std::string& what) {
    Emitted out;
    const auto code = subject_.run(findings_, "read", [&] {
      return subject_.api<rb_store>().read(subject_.self(), lent(symbol_), 0, 1000, known_by, &Emitted::take, &out);
    });
    if (code != RB_OK) return findings_.add("read refused: " + subject_.host.reason);
    if (!findings_.require(out.tables.size() == 1, what + ": must be one table")) return;
    const auto& stored = out.tables.front().bars;
    findings_.require(std::equal(bars.begin(), bars.end(), stored.begin(), stored.end(), same_bar),
                      what + " is not what was written");
  }
  void check_never_seen() {
    rb_date first = 0;
    rb_date last = 0;
    const auto code = subject_.run(findings_, "range", [&] {
      return subject_.api<rb_store>().range(subject_.self(), lent("UNSEEN"), &first, &last);
    });
    findings_.require(code == RB_NOT_FOUND, "range of a symbol never seen must be RB_NOT_FOUND");
  }
  void check_range() {
    rb_date first = 0;
    rb_date last = 0;
    const auto code = subject_.run(findings_, "range", [&] {
      return subject_.api<rb_store>().range(subject_.self(), lent(symbol_), &first, &last);
    });
    findings_.require(code == RB_OK && first == 100 && last == 104,
                      Sentence() << "range is " << first << " to " << last << ", must be 100 to 104");
  }
  void check_symbols() {
    std::vector<std::string> names;
    const auto take = [](void* ctx, rb_str text) {
      static_cast<std::vector<std::string>*>(ctx)->push_back(text_of(text));
    };
    subject_.run(findings_, "symbols", [&] { return subject_.api<rb_store>().symbols(subject_.self(), take, &names); });
    findings_.require(names == std::vector<std::string>{symbol_}, "symbols must name the one symbol written");
  }

  Findings& findings_;
  Subject subject_;
  std::string symbol_ = "SPY";
};

}  // namespace rebalancer::sdk::conformance
