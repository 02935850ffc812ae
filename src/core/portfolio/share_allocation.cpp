#include "core/portfolio/share_allocation.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace rebalancer {
namespace {

__extension__ using Wide = __int128;

// Everything in billionths. With V the sum of the values the objective is 2 (V - U), U = sum min(price shares, value):
// money below a target is all of use, a share that reaches over it only in part. So at most one share goes over, and
// the loss V - U is what the shares over their targets waste and what is left over.
class Search {
 public:
  Search(std::span<const ShareTarget> targets, std::int64_t nodes_max) : nodes_left_(nodes_max) {
    for (const ShareTarget& target : targets) {
      Item item;
      item.price = target.price.billionths();
      item.full = target.value.billionths() / item.price;
      item.rest = target.value.billionths() % item.price;
      total_ += target.value.billionths();
      items_.push_back(item);
    }
    // Who may go over: those of whose price the most is of use come first.
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (items_[i].rest > 0) over_.push_back(i);
    }
    std::sort(over_.begin(), over_.end(), [this](std::size_t a, std::size_t b) {
      const auto left = static_cast<Wide>(items_[a].rest) * items_[b].price;
      const auto right = static_cast<Wide>(items_[b].rest) * items_[a].price;
      return left != right ? left > right : a < b;
    });
    is_over_.assign(items_.size(), false);
    // Without anything over, the rests are left over.
    best_loss_ = 0;
    for (const Item& item : items_) best_loss_ += item.rest;
    for (const Item& item : items_) best_.push_back(item.full);
  }

  void offer(const std::vector<std::int64_t>& shares, std::int64_t loss) {
    if (loss >= best_loss_) return;
    best_loss_ = loss;
    best_ = shares;
  }
  [[nodiscard]] std::int64_t loss_of(const std::vector<std::int64_t>& shares) const {
    std::int64_t useful = 0;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      useful += std::min(shares[i] * items_[i].price, items_[i].full * items_[i].price + items_[i].rest);
    }
    return total_ - useful;
  }

  void run() {
    std::int64_t below = 0;
    for (const Item& item : items_) below += item.full * item.price;
    decide(0, total_, below, 0);
  }

  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] std::int64_t best_loss() const { return best_loss_; }
  [[nodiscard]] std::int64_t bound() const { return std::min(best_loss_, open_bound_); }
  [[nodiscard]] const std::vector<std::int64_t>& best() const { return best_; }
  [[nodiscard]] std::int64_t nodes() const { return nodes_; }

 private:
  struct Item {
    std::int64_t price = 0, full = 0, rest = 0;  // value = full * price + rest
  };

  bool count(std::int64_t bound) {
    ++nodes_;
    if (nodes_left_-- > 0) return true;
    open_bound_ = std::min(open_bound_, bound);
    return false;
  }

  // `budget` is left for those not over, who could use `below` of it; `waste` is lost already. The bound lets the rest
  // go over in parts, in the order of over_.
  [[nodiscard]] std::int64_t bound_of(std::size_t next, std::int64_t budget, std::int64_t below,
                                      std::int64_t waste) const {
    std::int64_t spare = budget - below;
    if (spare <= 0) return waste;
    std::int64_t loss = waste + spare;
    for (; next < over_.size() && spare > 0; ++next) {
      const Item& item = items_[over_[next]];
      if (item.price <= spare) {
        loss -= item.rest;
        spare -= item.price;
      } else {
        // Rounded up: the bound stays a bound.
        const auto part = (static_cast<Wide>(item.rest) * spare + item.price - 1) / item.price;
        loss -= static_cast<std::int64_t>(part);
        spare = 0;
      }
    }
    return std::max(loss, waste);
  }

  void decide(std::size_t next, std::int64_t budget, std::int64_t below, std::int64_t waste) {
    const std::int64_t bound = bound_of(next, budget, below, waste);
    if (bound >= best_loss_ || !count(bound)) return;
    if (next == over_.size()) {
      settle(budget, below, waste);
      return;
    }
    const std::size_t index = over_[next];
    const Item& item = items_[index];
    const std::int64_t whole = (item.full + 1) * item.price;
    if (whole <= budget) {
      is_over_[index] = true;
      decide(next + 1, budget - whole, below - item.full * item.price, waste + item.price - item.rest);
      is_over_[index] = false;
    }
    decide(next + 1, budget, below, waste);
  }

  // Who goes over is settled; the others get all they can use, or shares worth at least what is missing are taken away,
  // as little more as possible.
  void settle(std::int64_t budget, std::int64_t below, std::int64_t waste) {
    shares_.clear();
    for (std::size_t i = 0; i < items_.size(); ++i) shares_.push_back(items_[i].full + (is_over_[i] ? 1 : 0));
    if (below <= budget) {
      offer(shares_, waste + budget - below);
      return;
    }
    givers_.clear();
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (!is_over_[i] && items_[i].full > 0) givers_.push_back(i);
    }
    std::sort(givers_.begin(), givers_.end(), [this](std::size_t a, std::size_t b) {
      return items_[a].price != items_[b].price ? items_[a].price > items_[b].price : a < b;
    });
    give(0, below - budget, below, waste);
  }

  // `missing` money is still to be freed by shares of givers_[next..], who have `rest` in all.
  void give(std::size_t next, std::int64_t missing, std::int64_t rest, std::int64_t waste) {
    if (missing <= 0) {
      offer(shares_, waste - missing);
      return;
    }
    if (missing > rest || best_loss_ <= waste || next == givers_.size() || !count(waste)) return;
    const std::size_t index = givers_[next];
    const Item& item = items_[index];
    const std::int64_t most = std::min(item.full, (missing + item.price - 1) / item.price);
    const std::int64_t others = rest - item.full * item.price;
    for (std::int64_t given = most; given >= 0; --given) {
      if (missing - given * item.price > others) break;  // the others cannot make up for fewer
      shares_[index] = item.full - given;
      give(next + 1, missing - given * item.price, others, waste);
      if (best_loss_ <= waste || nodes_left_ <= 0) break;
    }
    if (nodes_left_ <= 0) open_bound_ = std::min(open_bound_, waste);
    shares_[index] = item.full;
  }

  std::vector<Item> items_;
  std::vector<std::size_t> over_, givers_;
  std::vector<bool> is_over_;
  std::vector<std::int64_t> shares_, best_;
  std::int64_t total_ = 0, best_loss_ = 0, nodes_ = 0, nodes_left_;
  std::int64_t open_bound_ = std::numeric_limits<std::int64_t>::max();
};

// PyPortfolioOpt's greedy_portfolio: round down in order of weight, then buy one share at a time of what lags its
// target most; when that is too dear, of the next.
std::vector<std::int64_t> greedy(std::span<const ShareTarget> targets, std::int64_t total) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].value.is_positive()) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return targets[a].value > targets[b].value; });
  std::vector<std::int64_t> shares(targets.size(), 0);
  std::int64_t left = total;
  const auto price = [&](std::size_t i) { return targets[i].price.billionths(); };
  for (const std::size_t i : order) {
    shares[i] = targets[i].value.billionths() / price(i);
    left -= shares[i] * price(i);
  }
  while (left > 0 && !order.empty()) {
    long double held = 0;
    for (const std::size_t i : order) held += static_cast<long double>(shares[i]) * static_cast<long double>(price(i));
    if (held <= 0) held = 1;
    std::vector<std::pair<long double, std::size_t>> lags;
    for (const std::size_t i : order) {
      const long double wanted =
          static_cast<long double>(targets[i].value.billionths()) / static_cast<long double>(total);
      lags.emplace_back(wanted - static_cast<long double>(shares[i]) * static_cast<long double>(price(i)) / held, i);
    }
    std::stable_sort(lags.begin(), lags.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    // The rule gives up after ten that are too dear, or when the next one has its weight already.
    std::size_t tried = 0;
    while (tried < lags.size() && tried <= 10 && price(lags[tried].second) > left) ++tried;
    if (tried >= lags.size() || tried > 10 || lags[tried].first <= 0) break;
    const std::size_t chosen = lags[tried].second;
    ++shares[chosen];
    left -= price(chosen);
  }
  return shares;
}

}  // namespace

Result<ShareBook> allocate_shares(std::span<const ShareTarget> targets, std::int64_t nodes_max) {
  Decimal total;
  for (const ShareTarget& target : targets) {
    if (target.value.is_negative()) {
      return fail(ErrorCode::invalid, "a target value is {}, must be at least 0: a book of whole shares is long only",
                  target.value.to_string());
    }
    if (!target.price.is_positive()) {
      return fail(ErrorCode::invalid, "a price is {}, must be positive", target.price.to_string());
    }
    const auto sum = add(total, target.value);
    if (!sum) return fail(sum.error());
    total = *sum;
  }
  // Twice the loss, and one share over a target, must still be a Decimal.
  for (const ShareTarget& target : targets) {
    const auto room = add(total, target.price);
    if (!room || !add(*room, *room)) return fail(ErrorCode::invalid, "the sum of the values is too large");
  }
  Search search(targets, nodes_max);
  ShareBook book;
  book.greedy_shares = greedy(targets, total.billionths());
  const std::int64_t greedy_loss = search.loss_of(book.greedy_shares);
  search.offer(book.greedy_shares, greedy_loss);
  search.run();
  book.shares = search.best();
  book.nodes = search.nodes();
  book.objective = Decimal::from_billionths(2 * search.best_loss());
  book.bound = Decimal::from_billionths(2 * search.bound());
  book.greedy_objective = Decimal::from_billionths(2 * greedy_loss);
  std::int64_t left = search.total();
  for (std::size_t i = 0; i < targets.size(); ++i) left -= book.shares[i] * targets[i].price.billionths();
  book.leftover = Decimal::from_billionths(left);
  return book;
}

}  // namespace rebalancer
