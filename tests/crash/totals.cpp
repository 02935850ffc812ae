#include "totals.hpp"

#include <algorithm>

#include <boost/json.hpp>

namespace rebalancer::crash {
namespace {

template <std::size_t size>
void keep(std::array<char, size>& room, std::string_view text) {
  room.fill('\0');
  std::copy_n(text.begin(), std::min(text.size(), size - 1), room.begin());
}

}  // namespace

void Totals::count(const TrialEnd& end, const std::string& command) {
  ++trials;
  lives += static_cast<std::uint64_t>(end.lives);
  kills += static_cast<std::uint64_t>(end.kills);
  if (!end.failure) {
    if (end.whole) ++whole;
    if (end.parked) ++parked;
    return;
  }
  if (++failures > 1) return;
  failed_after = trials;
  keep(what, end.failure->what);
  keep(text, end.failure->text);
  keep(again, command);
}

void Totals::add(const Totals& other) {
  trials += other.trials;
  lives += other.lives;
  kills += other.kills;
  whole += other.whole;
  parked += other.parked;
  if (failures == 0 && other.failures > 0) {
    failed_after = other.failed_after;
    what = other.what;
    text = other.text;
    again = other.again;
  }
  failures += other.failures;
}

std::string line_of(const Totals& totals, std::string_view title) {
  std::string line =
      fmt::format("{:<28} {:>7} trials {:>8} lives {:>8} deaths {:>7} all filled {:>6} parked {:>5} failed", title,
                  totals.trials, totals.lives, totals.kills, totals.whole, totals.parked, totals.failures);
  if (totals.failures > 0) {
    line += fmt::format("\n  {} (trial {}): {}\n  again: {}", totals.what.data(), totals.failed_after,
                        totals.text.data(), totals.again.data());
  }
  return line;
}

std::string json_of(const Totals& totals, std::string_view title) {
  boost::json::object json{{"title", title},           {"trials", totals.trials}, {"lives", totals.lives},
                           {"deaths", totals.kills},   {"whole", totals.whole},   {"parked", totals.parked},
                           {"failed", totals.failures}};
  if (totals.failures > 0) {
    json["first"] = {{"after", totals.failed_after},
                     {"what", totals.what.data()},
                     {"text", totals.text.data()},
                     {"again", totals.again.data()}};
  }
  return boost::json::serialize(json);
}

}  // namespace rebalancer::crash
