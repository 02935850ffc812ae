// Wrong in the way its configuration says.
#include <limits>

#include <rebalancer/plugin.hpp>

using namespace rebalancer::sdk;

class BadProvider final : public Provider {
 public:
  using Provider::Provider;
  void bars(std::span<const rb_str> symbols, rb_date from, rb_date, const Emit& emit) override {
    const std::string wrong = host().text("wrong");
    const double none = std::numeric_limits<double>::quiet_NaN();
    std::vector<rb_bar> days;
    for (rb_date day = from; day < from + 3; ++day) days.push_back({day, 0, 10, 11, 9, 10.5, none, 0, 1});
    if (wrong == "descending") std::swap(days[0].date, days[1].date);
    if (wrong == "same_day") days[1].date = days[0].date;
    if (wrong == "outside") days[0].date = from - 1;
    if (wrong == "infinite") days[0].close = std::numeric_limits<double>::infinity();
    if (wrong == "split") days[0].split_ratio = 0;
    if (wrong == "dividend") days[0].dividend = -1;
    if (wrong == "silent") return;
    if (wrong == "unasked") emit("ZZZ", days, "test");
    if (wrong == "bad_symbol") emit("not a symbol", days, "test");
    if (wrong == "basis") {
      const rb_bars out{sizeof(rb_bars), symbols[0], str("test"), 7, 0, days.data(), days.size()};
      return emit.on_bars(emit.ctx, &out);
    }
    if (wrong == "null_bars") {
      const rb_bars out{sizeof(rb_bars), symbols[0], str("test"), RB_RAW, 0, nullptr, 5};
      return emit.on_bars(emit.ctx, &out);
    }
    if (wrong == "huge_count") {
      const rb_bars out{sizeof(rb_bars), symbols[0], str("test"), RB_RAW, 0, days.data(), 1'000'000'000'000};
      return emit.on_bars(emit.ctx, &out);
    }
    for (const rb_str symbol : symbols) emit(view(symbol), days, "test");
    if (wrong == "twice") emit(view(symbols[0]), days, "test");
    if (wrong == "cancelled" && host().cancelled()) throw Failure(RB_EXHAUSTED, "told to stop");
    if (wrong == "http") (void)host().http("GET", "https://example.org/prices", "Accept: text/csv\r\n");
  }
};
REBALANCER_PROVIDER(BadProvider, "bad_provider", "1.0.0", "A test.",
                    R"({"properties": {"wrong": {"type": "string", "default": "nothing"}}})")
