#include <algorithm>
#include <cctype>
#include <limits>
#include <string>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "plugins/support/failure.hpp"
#include "raw_bars.hpp"
#include "schema_json.hpp"

namespace {

using namespace rebalancer::sdk;
namespace yahoo = rebalancer::yahoo;

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '.' || c == '-' || c == '_') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

// The start of a body, printable, for a message.
std::string beginning(std::string_view body) {
  std::string out(body.substr(0, 80));
  std::ranges::replace_if(
      out, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return body.size() > out.size() ? out + "..." : out;
}

class Yahoo final : public Provider {
 public:
  Yahoo(Host host, std::string_view config_json)
      : Provider(host, config_json),
        currency_(host.text("currency")),
        timeout_ms_(static_cast<std::int64_t>(host.number("timeout"))) {
    const std::string base = host.setting("base_url").value_or("");
    if (base.empty()) {
      bases_ = {"https://query1.finance.yahoo.com", "https://query2.finance.yahoo.com"};
    } else {
      bases_ = {base.substr(0, base.find_last_not_of('/') + 1)};
    }
  }

  void bars(std::span<const rb_str> symbols, rb_date from, rb_date to, const Emit& emit) override {
    if (symbols.empty()) throw Failure(RB_INVALID, "there is no list of all symbols: name them");
    std::size_t done = 0;
    std::size_t base = 0;
    for (const rb_str& symbol : symbols) {
      if (host().cancelled()) throw Failure(RB_UNAVAILABLE, "stopped before all symbols were fetched");
      one(std::string(view(symbol)), from, to, base, emit);
      host().progress(++done, symbols.size());
    }
  }

 private:
  void one(const std::string& symbol, rb_date from, rb_date to, std::size_t& base, const Emit& emit) {
    const rb_instant now = host().now();
    const std::int64_t now_s = now / 1'000'000'000;
    const std::int64_t from_s = (static_cast<std::int64_t>(from) - 1) * 86'400;  // no zone is a day ahead of UTC
    if (from > to || from_s >= now_s) {
      emit(symbol, {}, "yahoo");
      return;
    }
    // Up to now, whatever `to` is: only with every later split known can the prices be brought back to what they were.
    const std::string path = fmt::format(
        "/v8/finance/chart/{}?period1={}&period2={}&interval=1d&events=div%2Csplits%2CcapitalGains"
        "&includePrePost=false&includeAdjustedClose=true",
        percent_encoded(symbol), from_s, now_s);
    const auto chart = checked(symbol, answer(path, base));

    const auto raw = yahoo::raw_bars(chart, rebalancer::Instant::from_nanoseconds(now),
                                     rebalancer::Date::from_days(from), rebalancer::Date::from_days(to));
    if (!raw)
      throw Failure(rebalancer::plugin_support::code_of(raw.error().code),
                    fmt::format("answer for {}: {}", symbol, raw.error().message));
    for (const std::string& note : raw->notes) host().warning(fmt::format("{}: {}", symbol, note));

    std::vector<rb_bar> bars;
    bars.reserve(raw->bars.size());
    for (const rebalancer::Bar& bar : raw->bars) {
      bars.push_back(
          {bar.date.days(), 0, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.dividend, bar.split_ratio});
    }
    emit(symbol, bars, "yahoo");
  }

  // The second host stands in when the first does not answer or is broken, and then stays in use for this call.
  HttpResponse answer(const std::string& path, std::size_t& base) {
    while (true) {
      const bool last = base + 1 == bases_.size();
      try {
        HttpResponse response =
            host().http("GET", bases_[base] + path, "Accept: application/json\r\n", {}, timeout_ms_);
        if (response.status < 500 || last) return response;
        host().warning(fmt::format("{} answered {}, asking the next host", bases_[base], response.status));
      } catch (const Failure& failure) {
        if (last || (failure.code() != RB_UNAVAILABLE && failure.code() != RB_TIMEOUT) || host().cancelled()) throw;
        host().warning(fmt::format("no answer of {}, asking the next host", bases_[base]));
      }
      ++base;
    }
  }

  yahoo::Chart checked(const std::string& symbol, const HttpResponse& response) const {
    const int status = response.status;
    if (status == 429) {
      throw Failure(RB_UNAVAILABLE, fmt::format("too many requests, asking for {} (HTTP 429): the limit counts by "
                                                "address and lasts minutes, try again later or use another provider",
                                                symbol));
    }
    const auto chart = yahoo::parse_chart(response.body);
    const bool says_no = status < 500 && !chart &&
                         (chart.error().code == rebalancer::ErrorCode::not_found ||
                          chart.error().code == rebalancer::ErrorCode::rejected);
    const bool says_nothing = status < 500 && chart && chart->symbol.empty();
    if (status != 200 && !says_no && !says_nothing) {
      throw Failure(status >= 500 ? RB_UNAVAILABLE : RB_REJECTED,
                    fmt::format("HTTP {} for {}: {}", status, symbol, beginning(response.body)));
    }
    if (!chart && chart.error().code == rebalancer::ErrorCode::not_found) {
      throw Failure(RB_NOT_FOUND, fmt::format("no symbol {}: {}", symbol, chart.error().message));
    }
    if (!chart) {
      throw Failure(rebalancer::plugin_support::code_of(chart.error().code),
                    fmt::format("answer for {}: {}", symbol, chart.error().message));
    }
    if (says_nothing) return *chart;

    if (chart->symbol != symbol) {
      throw Failure(RB_INVALID, fmt::format("answer for {} is about {}", symbol, chart->symbol));
    }
    if (chart->rows.empty()) return *chart;
    if (chart->granularity != "1d") {
      throw Failure(RB_INVALID, fmt::format("answer for {} has bars of \"{}\", must be of one day (1d)", symbol,
                                            chart->granularity));
    }
    const std::string currency = yahoo::unit_of(chart->currency).currency;
    if (currency_ != "any" && currency != currency_) {
      throw Failure(RB_REJECTED, fmt::format("{} is quoted in \"{}\", must be {} (set currency; all symbols of a "
                                             "portfolio and its account share one)",
                                             symbol, chart->currency, currency_));
    }
    return *chart;
  }

  std::string currency_;
  std::int64_t timeout_ms_;
  std::vector<std::string> bases_;
};

}  // namespace

REBALANCER_PROVIDER(Yahoo, "yahoo", "1.0.0", "Daily prices, dividends and splits from Yahoo Finance.", schema_json)
