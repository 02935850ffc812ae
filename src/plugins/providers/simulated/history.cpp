#include "history.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"
#include "core/market/nyse.hpp"

// Only + - * / and sqrt here: their results are defined to the last bit, those of log, exp and cos are not.

using rebalancer::Date;
using rebalancer::Random;

namespace {

constexpr double sessions_per_year = 252;
constexpr double pull_per_year = 0.3;  // towards the trend
constexpr double tail_max = 12;        // standard deviations; keeps every return far from -1

// One generator per (seed, name, day): nothing depends on what was drawn before.
Random draws(std::uint64_t seed, std::uint64_t key, Date date) {
  Random mixed(seed ^ Random(key).next());
  return Random(mixed.next() ^ Random(static_cast<std::uint64_t>(date.days())).next());
}

// Standard normal to within a few percent in the body: the sum of twelve uniforms of 16 bits.
double near_normal(Random& random) {
  std::uint64_t sum = 0;
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t bits = random.next();
    sum += (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
  }
  return (static_cast<double>(sum) + 6) / 65536 - 6;
}

// Student t with four degrees of freedom, scaled to unit variance (its own is 2).
double fat_tailed(Random& random) {
  const double normal = near_normal(random);
  double chi_square = 0;
  for (int i = 0; i < 4; ++i) {
    const double part = near_normal(random);
    chi_square += part * part;
  }
  const double t = normal / std::sqrt(chi_square / 4 * 2);
  return std::clamp(t, -tail_max, tail_max);
}

// Prices are positive, so this rounds half up.
double rounded(double value, double steps_per_dollar) {
  return std::floor(value * steps_per_dollar + 0.5) / steps_per_dollar;
}
double cents(double value) { return std::max(0.01, rounded(value, 100)); }

double volatility_left(const Fund& fund) {
  return std::sqrt(std::max(0.0, 1 - fund.market * fund.market - fund.rates * fund.rates));
}

}  // namespace

std::span<const rb_bar> History::bars(std::string_view symbol, Date until) {
  extend(until);
  auto found = paths_.find(symbol);
  if (found == paths_.end()) {
    const Fund fund = fund_named(symbol);
    found = paths_
                .emplace(std::string(symbol),
                         Path{fund, hash_of(symbol), fund.first_price, fund.first_price, cents(fund.first_price), {}})
                .first;
  }
  Path& path = found->second;
  path.bars.reserve(sessions_.size());
  while (path.bars.size() < sessions_.size()) path.bars.push_back(next_bar(path, sessions_[path.bars.size()]));
  return path.bars;
}

void History::extend(Date until) {
  for (Date date = until_.plus_days(1); date <= until; date = date.plus_days(1)) {
    until_ = date;
    if (!rebalancer::nyse::is_session(date)) continue;
    Random market = draws(seed_, hash_of("market factor"), date);
    Random rates = draws(seed_, hash_of("rates factor"), date);
    Session session{date, fat_tailed(market), fat_tailed(rates), false, false, false};
    if (!sessions_.empty()) {
      const Date before = sessions_.back().date;
      const unsigned month = date.month();
      const bool new_month = before.month() != month;
      const auto is_first_from = [&](unsigned day) { return date.day() >= day && (new_month || before.day() < day); };
      session.pays_monthly = new_month;
      session.pays_quarterly = month % 3 == 0 && is_first_from(18);
      session.splits = month == 6 && date.year() % 4 == 0 && is_first_from(10);
    }
    sessions_.push_back(session);
  }
}

rb_bar History::next_bar(Path& path, const Session& session) const {
  const Fund& fund = path.fund;
  Random random = draws(seed_, path.key, session.date);
  const double shock =
      fund.market * session.market + fund.rates * session.rates + volatility_left(fund) * fat_tailed(random);

  rb_bar bar{};
  bar.date = session.date.days();
  bar.split_ratio = fund.splits && session.splits ? 2 : 1;
  path.price /= bar.split_ratio;
  path.trend /= bar.split_ratio;
  path.last_close /= bar.split_ratio;
  const bool pays = fund.pays_monthly ? session.pays_monthly : session.pays_quarterly;
  if (pays) {
    bar.dividend = rounded(path.price * fund.dividend_yield / (fund.pays_monthly ? 12 : 4), 10'000);
    path.price -= bar.dividend;
    path.last_close -= bar.dividend;
  }

  const double daily_volatility = fund.volatility / std::sqrt(sessions_per_year);
  const double pull = std::clamp(path.trend / path.price - 1, -0.5, 1.0) * pull_per_year / sessions_per_year;
  // What the fund pays out does not grow the trend of its price.
  path.trend *= 1 + (fund.growth - fund.dividend_yield) / sessions_per_year;
  const double change = fund.growth / sessions_per_year + pull + daily_volatility * shock;
  path.price *= 1 + std::max(change, -0.5);

  const double night = (random.uniform() - 0.5) * daily_volatility;
  const double above = random.uniform() * random.uniform() * daily_volatility;
  const double below = random.uniform() * random.uniform() * daily_volatility;
  bar.open = cents(path.last_close * (1 + night));
  bar.close = cents(path.price);
  bar.high = std::max({bar.open, bar.close, cents(std::max(bar.open, bar.close) * (1 + above))});
  bar.low = std::min({bar.open, bar.close, cents(std::min(bar.open, bar.close) * (1 - below))});
  bar.volume = std::floor(fund.volume * (0.6 + 0.5 * random.uniform() + 0.2 * std::min(std::abs(shock), 4.0)));
  path.last_close = bar.close;
  return bar;
}
