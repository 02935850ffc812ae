#include "core/portfolio/share_allocation.hpp"

#include <algorithm>
#include <numeric>

namespace rebalancer {
namespace {

__extension__ using Wide = __int128;

// Everything in billionths. With V the sum of the values the objective is 2 (V - U), U = sum min(price shares, value):
// money below a target is all of use, a share that reaches over it only in part. Start from the whole shares below
// every target; what that leaves, the rests of the values, is the room of a knapsack, whose items are
//   - one share over a target: takes the price, gains the rest (a second one gains nothing);
//   - a share given back: takes minus the price, gains minus the price.
// Its continuous optimum takes the former in the order of gain per money up to a break. From there the search goes
// outwards, one item on either side at a time, and keeps of all books met those that no other one beats in both room
// and gain, and whose bound is above the best book (Pisinger, "A minimal algorithm for the 0-1 knapsack problem",
// 1997): what is in doubt are a few items around the break.
class Search {
 public:
  Search(std::span<const ShareTarget> targets, std::int64_t nodes_max) : nodes_max_(nodes_max) {
    for (const ShareTarget& target : targets) {
      Item item;
      item.price = target.price.billionths();
      item.full = target.value.billionths() / item.price;
      item.rest = target.value.billionths() % item.price;
      total_ += target.value.billionths();
      room_ += item.rest;
      best_.push_back(item.full);
      items_.push_back(item);
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Item& item = items_[i];
      if (item.full > 0) givers_.push_back(i);
      // One that alone costs more than there is cannot go over.
      if (item.rest > 0 && item.full * item.price <= total_ - item.price) over_.push_back(i);
    }
    std::sort(over_.begin(), over_.end(), [this](std::size_t a, std::size_t b) {
      const auto left = static_cast<Wide>(items_[a].rest) * items_[b].price;
      const auto right = static_cast<Wide>(items_[b].rest) * items_[a].price;
      return left != right ? left > right : a < b;
    });
    std::sort(givers_.begin(), givers_.end(), [this](std::size_t a, std::size_t b) {
      return items_[a].price != items_[b].price ? items_[a].price > items_[b].price : a < b;
    });
  }

  void offer(const std::vector<std::int64_t>& shares) {
    const std::int64_t gain = room_ - loss_of(shares);
    if (gain <= best_gain_) return;
    best_gain_ = gain;
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
    State start{room_, 0, nothing};
    right_ = 0;
    while (right_ < over_.size() && items_[over_[right_]].price <= start.room) {
      start.room -= items_[over_[right_]].price;
      start.gain += items_[over_[right_]].rest;
      ++right_;
    }
    left_ = break_ = right_;
    states_.clear();
    keep(start);
    while (!states_.empty() && (left_ > 0 || right_ < over_.size())) {
      if (right_ < over_.size()) {
        const std::size_t index = over_[right_++];
        if (!branch(index, 1, -items_[index].price, items_[index].rest)) return stop();
      }
      if (left_ > 0) {
        const std::size_t index = over_[--left_];
        if (!branch(index, -1, items_[index].price, -items_[index].rest)) return stop();
      }
    }
    give();
  }

  [[nodiscard]] std::int64_t total() const { return total_; }
  [[nodiscard]] std::int64_t best_loss() const { return room_ - best_gain_; }
  [[nodiscard]] std::int64_t bound() const { return room_ - std::max(best_gain_, open_gain_); }
  [[nodiscard]] std::int64_t nodes() const { return nodes_; }
  [[nodiscard]] std::vector<std::int64_t> best() const {
    if (best_step_ == none) return best_;
    std::vector<std::int64_t> shares;
    for (const Item& item : items_) shares.push_back(item.full);
    for (std::size_t k = 0; k < break_; ++k) ++shares[over_[k]];
    for (std::int32_t at = best_step_; at != nothing; at = steps_[static_cast<std::size_t>(at)].before) {
      const Step& step = steps_[static_cast<std::size_t>(at)];
      shares[step.item] += step.shares;
    }
    return shares;
  }

 private:
  static constexpr std::int32_t nothing = -1;  // no step: the continuous optimum, rounded down
  static constexpr std::int32_t none = -2;     // no state: the book that was offered
  struct Item {
    std::int64_t price = 0, full = 0, rest = 0;  // value = full * price + rest
  };
  struct State {
    std::int64_t room;  // money not spent; negative: spent too much
    std::int64_t gain;
    std::int32_t step;
  };
  struct Step {
    std::int32_t before;
    std::uint32_t item;
    std::int64_t shares;
  };

  // No book reached from the state gains more. Room can be filled at best at the rate of the next item that is not
  // taken, missing room freed at that of the next one that is, or by giving back what is of full use.
  [[nodiscard]] std::int64_t bound_of(const State& state) const {
    if (state.room >= 0) {
      if (right_ == over_.size()) return state.gain;
      const Item& next = items_[over_[right_]];
      return state.gain + static_cast<std::int64_t>(static_cast<Wide>(state.room) * next.rest / next.price);
    }
    if (left_ == 0) return state.gain + state.room;
    const Item& next = items_[over_[left_ - 1]];
    // Rounded up: the bound stays a bound.
    return state.gain -
           static_cast<std::int64_t>((static_cast<Wide>(-state.room) * next.rest + next.price - 1) / next.price);
  }

  // States come with falling room; those that gain less than one with more room are beaten.
  void keep(const State& state) {
    if (state.room >= 0 && state.gain > best_gain_) {
      best_gain_ = state.gain;
      best_step_ = state.step;
    }
    // Whoever ends within the budget was never further above it than the budget: the items taken cost no more.
    if (state.room < -total_ || (!states_.empty() && state.gain <= states_.back().gain)) return;
    if (bound_of(state) > best_gain_) states_.push_back(state);
  }

  // Every state without the change and with it; false when the nodes do not suffice.
  bool branch(std::size_t index, std::int64_t shares, std::int64_t room, std::int64_t gain) {
    const auto examined = static_cast<std::int64_t>(2 * states_.size());
    if (examined > nodes_max_ - nodes_) return false;
    nodes_ += examined;
    before_.swap(states_);
    states_.clear();
    std::size_t stay = 0, change = 0;
    while (stay < before_.size() || change < before_.size()) {
      bool changes = stay == before_.size();
      if (!changes && change < before_.size()) {
        const std::int64_t other_room = before_[change].room + room, other_gain = before_[change].gain + gain;
        changes = other_room != before_[stay].room ? other_room > before_[stay].room : other_gain > before_[stay].gain;
      }
      if (!changes) {
        keep(before_[stay++]);
        continue;
      }
      const State& from = before_[change++];
      steps_.push_back({from.step, static_cast<std::uint32_t>(index), shares});
      const auto step = static_cast<std::int32_t>(steps_.size() - 1);
      const std::size_t kept = states_.size();
      keep({from.room + room, from.gain + gain, step});
      if (kept == states_.size() && best_step_ != step) steps_.pop_back();
    }
    return true;
  }

  // What is settled over the targets may cost too much: shares below them are given back, several at once in powers of
  // two.
  void give() {
    for (const std::size_t index : givers_) {
      if (states_.empty()) return;
      const Item& item = items_[index];
      const std::int64_t missing = std::max<std::int64_t>(0, -states_.back().room);
      std::int64_t left = std::min(item.full, missing / item.price + (missing % item.price > 0 ? 1 : 0));
      for (std::int64_t count = 1; left > 0 && !states_.empty(); count *= 2) {
        const std::int64_t given = std::min(count, left);
        left -= given;
        if (!branch(index, -given, given * item.price, -given * item.price)) return stop();
      }
    }
  }

  void stop() {
    for (const State& state : states_) open_gain_ = std::max(open_gain_, bound_of(state));
  }

  std::vector<Item> items_;
  std::vector<std::size_t> over_, givers_;        // by falling gain per money; by falling price
  std::size_t left_ = 0, right_ = 0, break_ = 0;  // over_[left_, right_) were looked at
  std::vector<State> states_, before_;
  std::vector<Step> steps_;
  std::vector<std::int64_t> best_;
  std::int32_t best_step_ = none;
  std::int64_t total_ = 0, room_ = 0, best_gain_ = 0, open_gain_ = 0, nodes_ = 0, nodes_max_;
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
  search.offer(book.greedy_shares);
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
