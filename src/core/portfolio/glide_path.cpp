#include "core/portfolio/glide_path.hpp"

#include <cmath>

namespace rebalancer {
namespace {

struct Knot {
  double age_years;
  double equity;
};
constexpr Knot knots[] = {{30, 0.90}, {50, 0.70}, {65, 0.40}};

// The same day of another year; 29 February counts as 1 March where there is none.
Date anniversary(Date birth, int year) {
  const Result<Date> same = Date::make(year, birth.month(), birth.day());
  return same ? *same : Date::make(year, 3, 1).value();
}

}  // namespace

Result<double> equity_share(double age_years) {
  if (!(age_years >= 0 && age_years <= 130)) {
    return fail(ErrorCode::invalid, "age is {}, must be between 0 and 130 years", age_years);
  }
  if (age_years <= knots[0].age_years) return knots[0].equity;
  for (std::size_t i = 1; i < std::size(knots); ++i) {
    const Knot& from = knots[i - 1];
    const Knot& to = knots[i];
    if (age_years > to.age_years) continue;
    const double share = (age_years - from.age_years) / (to.age_years - from.age_years);
    return from.equity + share * (to.equity - from.equity);
  }
  return std::end(knots)[-1].equity;
}

Result<double> age_on(Date birth, Date on) {
  if (on < birth) {
    return fail(ErrorCode::invalid, "birth date {} is after {}", birth.to_string(), on.to_string());
  }
  int years = on.year() - birth.year();
  if (on < anniversary(birth, on.year())) --years;
  const Date last = anniversary(birth, birth.year() + years);
  // The calendar of Date ends with 2199.
  const int next_year = birth.year() + years + 1;
  const Date next = next_year > 2199 ? last.plus_days(365) : anniversary(birth, next_year);
  return years + static_cast<double>(on.days() - last.days()) / (next.days() - last.days());
}

Result<double> share_on(const std::vector<std::pair<double, double>>& curve, double x) {
  if (curve.empty()) return fail(ErrorCode::invalid, "a glide path needs at least one point");
  if (!std::isfinite(x)) return fail(ErrorCode::invalid, "the glide path is asked at {}, must be a number", x);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    const auto& [at, share] = curve[i];
    if (!std::isfinite(at) || (i > 0 && at <= curve[i - 1].first)) {
      return fail(ErrorCode::invalid, "point {} of the glide path is at {}, must be a number above the one before",
                  i + 1, at);
    }
    if (!(share >= 0 && share <= 1)) {
      return fail(ErrorCode::invalid, "the glide path's share at {} is {}, must be between 0 and 1", at, share);
    }
  }
  if (x <= curve.front().first) return curve.front().second;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    if (x > curve[i].first) continue;
    const double part = (x - curve[i - 1].first) / (curve[i].first - curve[i - 1].first);
    return curve[i - 1].second + part * (curve[i].second - curve[i - 1].second);
  }
  return curve.back().second;
}

namespace {

Result<SleeveShares> divided(const Result<double>& equity, double bonds_of_safe) {
  if (!(bonds_of_safe >= 0 && bonds_of_safe <= 1)) {
    return fail(ErrorCode::invalid, "bonds' share of the safe sleeve is {}, must be between 0 and 1", bonds_of_safe);
  }
  if (!equity) return fail(equity.error());
  const double safe = 1 - *equity;
  const double bond = safe * bonds_of_safe;
  return SleeveShares{*equity, bond, safe - bond};
}

}  // namespace

Result<SleeveShares> sleeve_shares(double age_years, double bonds_of_safe) {
  return divided(equity_share(age_years), bonds_of_safe);
}

Result<SleeveShares> sleeve_shares(const std::vector<std::pair<double, double>>& curve, double x,
                                   double bonds_of_safe) {
  return divided(share_on(curve, x), bonds_of_safe);
}

}  // namespace rebalancer
