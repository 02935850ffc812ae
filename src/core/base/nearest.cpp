#include "core/base/nearest.hpp"

#include <algorithm>
#include <vector>

namespace rebalancer {
namespace {

constexpr std::size_t length_max = 64;  // longer input is not a mistyped name

std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return result;
}

// Optimal string alignment distance.
std::size_t mistakes(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t wrong = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + wrong});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> nearest_name(std::string_view typed, std::span<const std::string> candidates) {
  if (typed.empty() || typed.size() > length_max) return std::nullopt;
  const std::string wanted = folded(typed);
  std::optional<std::string> best;
  std::size_t best_mistakes = 0;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > length_max) continue;
    const std::string folded_candidate = folded(candidate);
    std::size_t count = mistakes(wanted, folded_candidate);
    // An unfinished or over-long name ("turnover", "tickers_list") is meant too.
    const auto& [shorter, longer] = std::minmax(
        wanted, folded_candidate, [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
    const bool begins = shorter.size() >= 4 && longer.starts_with(shorter);
    if (begins) count = std::min(count, std::size_t{2});
    const std::size_t allowed = std::max<std::size_t>(1, std::min(wanted.size(), folded_candidate.size()) / 3);
    if (count > allowed && !begins) continue;
    if (!best || count < best_mistakes) {
      best = candidate;
      best_mistakes = count;
    }
  }
  return best;
}

}  // namespace rebalancer
