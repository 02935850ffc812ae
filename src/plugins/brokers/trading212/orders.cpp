#include "orders.hpp"

#include <algorithm>
#include <cstdlib>

namespace trading212 {

namespace sdk = rebalancer::sdk;
namespace support = rebalancer::plugin_support;
using sdk::Failure;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t pending_period_ns = 5 * second_ns;
constexpr std::int64_t history_period_ns = 10 * second_ns;
constexpr std::int64_t look_period_max_ns = 10 * second_ns;
// What was there before is known by its id; the time only keeps out what is too old to have been seen then. So it may
// be generous, and a clock that is set wrong by hours hides no order.
constexpr std::int64_t clock_tolerance_ns = 12 * 3600 * second_ns;
constexpr int pages_max = 4;

// A row that cannot be understood stops what it may concern, and nothing else.
void refuse_trouble(const WireOrder& order) {
  if (!order.trouble.empty()) {
    throw Failure(RB_UNAVAILABLE, "the answer cannot be understood: " + order.trouble);
  }
}

bool is_older(const WireItem& item, std::int64_t than) { return item.fill && item.fill->at.nanoseconds() < than; }

void add_fill(Standing& standing, const WireFill& fill) {
  const bool known = std::any_of(standing.fills.begin(), standing.fills.end(),
                                 [&](const WireFill& other) { return other.id == fill.id; });
  if (known) return;
  const auto total = add(standing.filled, fill.quantity);
  if (!total) throw support::BadAnswer(fmt::format("fill {}: {}", fill.id, total.error().message));
  standing.filled = *total;
  standing.fills.push_back(fill);
}

}  // namespace

Decimal fee_of(const Standing& standing, const std::string& currency) {
  Decimal fee;
  for (const WireFill& fill : standing.fills) {
    if (!fill.fee_currency.empty() && fill.fee_currency != currency) {
      throw support::BadAnswer(
          fmt::format("fill {}: its fees are in {}, the account in {}", fill.id, fill.fee_currency, currency));
    }
    const auto sum = add(fee, fill.fee);
    if (!sum) throw support::BadAnswer(fmt::format("fill {}: {}", fill.id, sum.error().message));
    fee = *sum;
  }
  return fee;
}

Decimal average_price(const Standing& standing) {
  Decimal value;
  for (const WireFill& fill : standing.fills) {
    const auto part = multiply(fill.price, fill.quantity, rebalancer::Rounding::half_even);
    const auto sum = part ? add(value, *part) : part;
    if (!sum) throw support::BadAnswer(fmt::format("fill {}: {}", fill.id, sum.error().message));
    value = *sum;
  }
  // Of one price it is that price, whatever the rounding.
  const bool same = std::all_of(standing.fills.begin(), standing.fills.end(),
                                [&](const WireFill& fill) { return fill.price == standing.fills.front().price; });
  if (same && !standing.fills.empty()) return standing.fills.front().price;
  const auto average = divide(value, standing.filled, rebalancer::Rounding::half_even);
  if (!average) throw support::BadAnswer(fmt::format("order {}: {}", standing.order.id, average.error().message));
  return *average;
}

bool Orders::is_recent(std::int64_t at, std::int64_t period_ns) const {
  const std::int64_t age = host_.now() - at;
  return age >= 0 && age < period_ns;
}

// All looks that belong together, or none: a part of them would use up what the next attempt needs.
void Orders::check_looks() const {
  for (const Endpoint endpoint : {Endpoint::pending, Endpoint::history, Endpoint::positions}) {
    client_.check_room(endpoint, second_ns);
  }
}

std::int64_t Orders::held(const std::string& ticker) {
  Decimal total;
  for (const WirePosition& position : client_.positions(ticker)) {
    if (position.ticker != ticker) continue;
    const auto sum = add(total, position.quantity);
    if (!sum) throw Failure(RB_UNAVAILABLE, fmt::format("position {}: {}", ticker, sum.error().message));
    total = *sum;
  }
  return total.billionths();
}

void Orders::take_stock(Entry& entry) {
  check_looks();
  // In this order: what leaves the pending ones in between is in the history.
  for (const WireOrder& order : client_.pending()) {
    if (order.ticker.empty() || order.ticker == entry.ticker) refuse_trouble(order);
    if (order.ticker == entry.ticker) entry.stock.insert(order.id);
  }
  // Of a row of the history its id is enough.
  for (const WireItem& item : client_.history(entry.ticker).items) {
    if (!item.order.id.empty()) entry.stock.insert(item.order.id);
  }
  entry.held = held(entry.ticker);
}

bool Orders::could_be(const Entry& entry, const WireOrder& order) {
  return order.ticker == entry.ticker && order.quantity && order.quantity->billionths() == entry.quantity &&
         (order.initiated_from.empty() || order.initiated_from == "API") && !entry.stock.contains(order.id) &&
         (!order.created_at || order.created_at->nanoseconds() >= entry.sent_at - clock_tolerance_ns);
}

std::map<std::string, std::string> Orders::owners_of(const std::vector<WireOrder>& orders) {
  std::map<std::string, std::string> owners;
  std::map<std::string, std::set<std::string>> claims, claimed;  // by our id, by the broker's
  const std::vector<Entry> questions = ledger_.open_questions();
  for (const WireOrder& order : orders) {
    if (const auto owner = ledger_.owner_of(order.id)) {
      owners[order.id] = owner->client_id;
      continue;
    }
    if (!order.trouble.empty()) continue;
    for (const Entry& entry : questions) {
      if (!could_be(entry, order)) continue;
      claims[entry.client_id].insert(order.id);
      claimed[order.id].insert(entry.client_id);
    }
  }
  for (const auto& [client_id, ids] : claims) {
    if (ids.size() == 1 && claimed[*ids.begin()].size() == 1) owners[*ids.begin()] = client_id;
  }
  return owners;
}

std::vector<WireItem> Orders::history_since(const std::string& ticker, std::int64_t from) {
  std::vector<WireItem> items;
  std::string path;
  for (int page = 0; page < pages_max; ++page) {
    Client::Page read = client_.history(ticker, path);
    // Only of a fill it is known when it took its place in the list.
    const bool reached =
        std::any_of(read.items.begin(), read.items.end(), [&](const WireItem& item) { return is_older(item, from); });
    std::move(read.items.begin(), read.items.end(), std::back_inserter(items));
    path = std::move(read.next);
    if (reached || path.empty()) return items;
  }
  throw Failure(RB_UNAVAILABLE, fmt::format("the order history of {} is too long to be searched", ticker));
}

std::int64_t Orders::look_period_ns(std::int64_t settle_ns) { return std::min(look_period_max_ns, settle_ns / 3); }

bool Orders::is_absence_proved(const Entry& entry) const {
  const auto look = looks_.find(entry.client_id);
  return look != looks_.end() && look->second.code == RB_NOT_FOUND && entry.absent_since != 0 &&
         look->second.at - entry.absent_since >= settle_ns_;
}

void Orders::identify(Entry& entry, Look look) {
  const auto made = looks_.find(entry.client_id);
  const bool recent = made != looks_.end() && is_recent(made->second.at, look_period_ns(settle_ns_));
  try {
    if (!recent || look == Look::fresh) check_looks();
  } catch (const Failure&) {
    if (!recent) throw;
    look = Look::recent;
  }
  if (recent && look == Look::recent) throw Failure(made->second.code, made->second.why);
  const std::int64_t now = host_.now();
  const std::string what = fmt::format("order {} ({} of {})", entry.client_id,
                                       Decimal::from_billionths(entry.quantity).to_string(), entry.symbol);
  try {
    look_for(entry, what, now);
    looks_.erase(entry.client_id);
  } catch (const Failure& failure) {
    const std::string why = failure.why().empty() ? what + ": the look for it just now failed" : failure.why();
    looks_.insert_or_assign(entry.client_id, LookMade{now, failure.code(), why});
    throw;
  }
}

// The broker's ids of the orders that it could be.
std::set<std::string> Orders::candidates(const Entry& entry) {
  std::set<std::string> ids;
  const auto consider = [&](const WireOrder& order) {
    if (!order.ticker.empty() && order.ticker != entry.ticker) return;
    if (!order.id.empty() && (entry.stock.contains(order.id) || ledger_.owner_of(order.id))) return;
    refuse_trouble(order);
    if (could_be(entry, order)) ids.insert(order.id);
  };
  for (const WireOrder& order : client_.pending()) consider(order);
  for (const WireItem& item : history_since(entry.ticker, entry.sent_at - clock_tolerance_ns)) {
    if (item.traded) consider(item.order);
  }
  return ids;
}

void Orders::look_for(Entry& entry, const std::string& what, std::int64_t now) {
  const std::set<std::string> ids = candidates(entry);
  if (ids.size() > 1) {
    std::string list;
    for (const std::string& id : ids) list += (list.empty() ? "" : ", ") + id;
    throw Failure(RB_CONFLICT, fmt::format("{}: several orders of the broker could be it: {}", what, list));
  }
  if (ids.size() == 1) {
    // Another order of ours whose answer was lost may be the same in everything that can be seen.
    for (const Entry& other : ledger_.open_questions()) {
      if (other.client_id == entry.client_id || other.ticker != entry.ticker || other.quantity != entry.quantity ||
          other.stock.contains(*ids.begin())) {
        continue;
      }
      throw Failure(RB_CONFLICT,
                    fmt::format("{}: the broker's order {} could be it or {}", what, *ids.begin(), other.client_id));
    }
    ledger_.set_taken(entry.client_id, *ids.begin());
    entry.fate = Fate::taken;
    entry.broker_id = *ids.begin();
    host_.info(fmt::format("{}: it is the broker's order {}", what, entry.broker_id));
    return;
  }

  const std::int64_t held_now = held(entry.ticker);
  if (held_now != entry.held) {
    // Something happened; a look that shows nothing of it proves nothing either.
    ledger_.set_absent_since(entry.client_id, 0);
    entry.absent_since = 0;
    const std::int64_t last_sent_at = std::max(entry.sent_at, entry.resent_at);
    throw Failure(now - last_sent_at >= settle_ns_ ? RB_CONFLICT : RB_UNAVAILABLE,
                  fmt::format("{}: the broker shows no such order, but holds {} of {} and held {} before", what,
                              Decimal::from_billionths(held_now).to_string(), entry.ticker,
                              Decimal::from_billionths(entry.held).to_string()));
  }
  if (entry.absent_since == 0 || entry.absent_since > now) {
    ledger_.set_absent_since(entry.client_id, now);
    entry.absent_since = now;
  }
  throw Failure(RB_NOT_FOUND,
                fmt::format("{}: Trading 212 shows no such order, and the position is as it was before", what));
}

const std::vector<WireOrder>& Orders::recent_pending() {
  if (!pending_ || !is_recent(pending_->at, pending_period_ns)) {
    const std::int64_t at = host_.now();
    pending_ = Pending{client_.pending(), at};
  }
  return pending_->orders;
}

void Orders::read_history() {
  const std::int64_t at = host_.now();
  Client::Page page = client_.history({});
  history_ = History{std::move(page.items), std::move(page.next), at};
}

// `whole`: only when all that the order filled is there.
std::optional<Standing> Orders::in_history(const std::string& id, bool whole) const {
  if (!history_) return std::nullopt;
  return understood(RB_UNAVAILABLE, [&]() -> std::optional<Standing> {
    std::optional<Standing> found;
    for (const WireItem& item : history_->items) {
      if (item.order.id != id) continue;
      if (!found) found = Standing{item.order, {}, {}};
      if (!item.order.trouble.empty()) throw support::BadAnswer(item.order.trouble);
      const bool later =
          item.order.filled > found->order.filled || (item.order.filled == found->order.filled && is_final(item.order));
      if (later) found->order = item.order;
      if (item.fill) add_fill(*found, *item.fill);
    }
    if (!found) return std::nullopt;
    if (!found->order.says_filled) {
      const bool all = found->order.status == "FILLED" && found->order.quantity;
      const std::int64_t ordered = all ? std::abs(found->order.quantity->billionths()) : 0;
      found->order.filled = all ? Decimal::from_billionths(ordered) : found->filled;
    }
    if (found->filled > found->order.filled) {
      throw support::BadAnswer(fmt::format("order {}: {} filled, its fills are {}", id, found->order.filled.to_string(),
                                           found->filled.to_string()));
    }
    if (whole && found->filled != found->order.filled) return std::nullopt;
    return found;
  });
}

// A pending order says how much is filled and not at which price; the fills that the history has already say both.
Standing Orders::pending_standing(const WireOrder& order) {
  Standing standing{order, {}, {}};
  const bool part = order.says_filled ? order.filled.is_positive() : order.status == "PARTIALLY_FILLED";
  if (!part) return standing;
  if (!history_ || !is_recent(history_->at, history_period_ns)) {
    try {
      read_history();
    } catch (const Failure& failure) {
      if (failure.code() != RB_EXHAUSTED) throw;
    }
  }
  if (auto told = in_history(order.id, false)) {
    standing.fills = std::move(told->fills);
    standing.filled = told->filled;
  }
  return standing;
}

Standing Orders::standing(const Entry& entry) {
  const std::string& id = entry.broker_id;
  for (const WireOrder& order : recent_pending()) {
    if (order.id != id) continue;
    refuse_trouble(order);
    return pending_standing(order);
  }
  // What was read before it ended says only how far it was then.
  if (auto found = in_history(id, true); found && is_final(found->order)) return *std::move(found);
  read_history();
  for (int page = 1; page < pages_max && !in_history(id, true); ++page) {
    const bool reached = std::any_of(history_->items.begin(), history_->items.end(), [&](const WireItem& item) {
      return is_older(item, entry.sent_at - clock_tolerance_ns);
    });
    if (reached || history_->next.empty()) break;
    Client::Page more = client_.history({}, history_->next);
    std::move(more.items.begin(), more.items.end(), std::back_inserter(history_->items));
    history_->next = std::move(more.next);
  }
  auto found = in_history(id, true);
  if (found && is_final(found->order)) return *std::move(found);
  if (const auto order = client_.order(id)) return pending_standing(*order);
  if (found) return *std::move(found);
  if (const auto part = in_history(id, false)) {
    throw Failure(RB_UNAVAILABLE,
                  fmt::format("order {}: {} are filled, the history shows {} of them so far", entry.client_id,
                              part->order.filled.to_string(), part->filled.to_string()));
  }
  throw Failure(RB_UNAVAILABLE,
                fmt::format("order {}: Trading 212 took it as {} and shows it neither as pending nor in "
                            "the history yet",
                            entry.client_id, id));
}

}  // namespace trading212
