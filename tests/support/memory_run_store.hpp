// A journal that forgets everything, with the rules of the real one (run_store_contract.hpp tests both), and with
// writes that can be made to fail.
#pragma once
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ports/run_store.hpp"

namespace rebalancer::test {

class MemoryRunStore final : public RunStore {
 public:
  // The write after this many more fails, and all that follow; none: no write fails.
  std::optional<int> writes_left;
  int writes = 0;

  Result<void> begin_run(const RunRecord& run) override {
    if (find(run.id) != nullptr) return fail(ErrorCode::conflict, "run {} is in the journal already", run.id);
    if (auto allowed = write(); !allowed) return allowed;
    runs_.push_back(run);
    return {};
  }
  Result<void> commit_plan(const PlanRecord& plan, const std::vector<OrderRecord>& orders) override {
    for (const OrderRecord& order : orders) {
      if (order.state != OrderState::intent) return fail(ErrorCode::invalid, "order is not an intent");
      if (order.run_id != plan.run_id) return fail(ErrorCode::invalid, "order is not of run {}", plan.run_id);
    }
    const RunRecord* run = find(plan.run_id);
    if (run == nullptr) return fail(ErrorCode::not_found, "run {} never began", plan.run_id);
    if (run->finished_at) return fail(ErrorCode::conflict, "run {} has finished already", plan.run_id);
    if (plans_.contains(plan.run_id)) return fail(ErrorCode::conflict, "run {} has a plan already", plan.run_id);
    std::set<std::string> fresh;
    std::set<int> places;
    for (const OrderRecord& order : orders) {
      if (find_order(order.order.client_id) != nullptr || !fresh.insert(order.order.client_id).second ||
          !places.insert(order.sequence).second) {
        return fail(ErrorCode::conflict, "order {} is in the journal already", order.order.client_id);
      }
    }
    if (auto allowed = write(); !allowed) return allowed;
    plans_.emplace(plan.run_id, plan);
    for (const OrderRecord& order : orders) {
      OrderReport first;
      first.client_id = order.order.client_id;
      first.state = OrderState::intent;
      first.at = order.report.at;
      orders_.push_back(order);
      orders_.back().report = first;
      events_.push_back(std::move(first));
    }
    return {};
  }
  Result<void> update_order(const OrderReport& report) override { return record_answer(report, {}); }
  Result<void> record_answer(const OrderReport& report, const std::vector<Fill>& fills) override {
    OrderRecord* record = find_order(report.client_id);
    if (record == nullptr) return fail(ErrorCode::not_found, "order {} is not in the journal", report.client_id);
    if (!is_legal(record->state, report.state)) {
      return fail(ErrorCode::conflict, "order {} is {}, cannot become {}", report.client_id, name_of(record->state),
                  name_of(report.state));
    }
    if (report.filled < record->report.filled || report.filled > record->order.quantity) {
      return fail(ErrorCode::conflict, "order {} reports {} filled", report.client_id, report.filled.to_string());
    }
    const auto fresh = new_fills(fills);
    if (!fresh) return fail(fresh.error());
    if (auto allowed = write(); !allowed) return allowed;
    fills_.insert(fills_.end(), fresh->begin(), fresh->end());
    OrderReport next = report;
    if (next.broker_id.empty()) next.broker_id = record->report.broker_id;
    if (!next.average_price) next.average_price = record->report.average_price;
    next.fee = std::max(next.fee, record->report.fee);
    record->report = next;
    record->state = report.state;
    if (report.state == OrderState::sending) sent_.insert(report.client_id);
    events_.push_back(report);
    history.push_back(fmt::format("{} {}", report.client_id, name_of(report.state)));
    return {};
  }
  Result<std::size_t> add_fills(const std::vector<Fill>& fills) override {
    const auto fresh = new_fills(fills);
    if (!fresh) return fail(fresh.error());
    if (!fresh->empty()) {
      if (auto allowed = write(); !allowed) return fail(allowed.error());
    }
    fills_.insert(fills_.end(), fresh->begin(), fresh->end());
    return fresh->size();
  }
  Result<void> finish_run(const RunRecord& run, const SealRecord& seal, const std::optional<Book>& book) override {
    if (!run.finished_at) return fail(ErrorCode::invalid, "run {} has no end", run.id);
    if (seal.run_id != run.id) return fail(ErrorCode::invalid, "the seal is of run {}, not {}", seal.run_id, run.id);
    if (!is_digest(seal.sha256) || !is_digest(seal.previous)) return fail(ErrorCode::invalid, "the seal has no digest");
    if (book && !is_sorted(*book)) return fail(ErrorCode::invalid, "the book's positions are not sorted");
    RunRecord* known = find(run.id);
    if (known == nullptr) return fail(ErrorCode::not_found, "run {} is not in the journal", run.id);
    if (known->finished_at) return fail(ErrorCode::conflict, "run {} has finished already", run.id);
    const std::int64_t sequence = seals_.empty() ? 1 : seals_.back().sequence + 1;
    const std::string previous = seals_.empty() ? std::string(64, '0') : seals_.back().sha256;
    if (seal.sequence != sequence || seal.previous != previous) {
      return fail(ErrorCode::conflict, "seal {} follows {}, the next is seal {} and follows {}", seal.sequence,
                  seal.previous, sequence, previous);
    }
    if (auto allowed = write(); !allowed) return allowed;
    known->finished_at = run.finished_at;
    known->outcome = run.outcome;
    known->reason = run.reason;
    known->exit_code = run.exit_code;
    known->report_json = run.report_json;
    seals_.push_back(seal);
    if (book) books_.push_back({*known, *book, fills_.size(), events_.size()});
    if (const auto plan = plans_.find(run.id); plan != plans_.end()) plan->second.draft.clear();
    return {};
  }
  Result<void> bind_owner(const JournalOwner& owner) override {
    const auto named = [](const JournalOwner& one) {
      return fmt::format("{} account \"{}\" at {}", one.real_money ? "real money" : "paper", one.account, one.broker);
    };
    if (owner_ && *owner_ != owner) {
      return fail(ErrorCode::conflict, "the journal holds orders of {}, not of {}", named(*owner_), named(owner));
    }
    if (owner_) return {};
    if (owner.real_money && !orders_.empty()) {
      return fail(ErrorCode::conflict, "the journal holds orders of an account it does not name, not surely of {}",
                  named(owner));
    }
    if (auto allowed = write(); !allowed) return allowed;
    owner_ = owner;
    return {};
  }
  Result<std::optional<RunRecord>> run(std::string_view id_prefix) override {
    if (id_prefix.empty()) return fail(ErrorCode::invalid, "a run's id is empty");
    std::optional<RunRecord> found;
    for (const RunRecord& run : runs_) {
      if (run.id == id_prefix) return std::optional<RunRecord>(run);
    }
    for (const RunRecord& run : runs_) {
      if (!run.id.starts_with(id_prefix)) continue;
      if (found) return fail(ErrorCode::conflict, "{} is the beginning of several runs", id_prefix);
      found = run;
    }
    return found;
  }
  Result<std::vector<RunRecord>> runs(int count_max) override {
    std::vector<RunRecord> found(runs_.rbegin(), runs_.rend());
    std::stable_sort(found.begin(), found.end(),
                     [](const RunRecord& a, const RunRecord& b) { return a.started_at > b.started_at; });
    if (found.size() > static_cast<std::size_t>(std::max(0, count_max))) {
      found.erase(found.begin() + std::max(0, count_max), found.end());
    }
    return found;
  }
  Result<std::optional<RunRecord>> traded_run(std::string_view portfolio, Date session) override {
    std::optional<RunRecord> latest;
    for (const RunRecord& run : runs_) {
      if (run.portfolio != portfolio || run.session != session) continue;
      const bool sent = std::any_of(orders_.begin(), orders_.end(), [&](const OrderRecord& order) {
        return order.run_id == run.id && sent_.contains(order.order.client_id);
      });
      if (sent && (!latest || latest->started_at <= run.started_at)) latest = run;
    }
    return latest;
  }
  Result<std::vector<RunRecord>> unfinished_runs(std::string_view portfolio) override {
    std::vector<RunRecord> found;
    for (const RunRecord& run : runs_) {
      if (run.portfolio == portfolio && !run.finished_at) found.push_back(run);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const RunRecord& a, const RunRecord& b) { return a.started_at < b.started_at; });
    return found;
  }
  Result<std::optional<PlanRecord>> plan_of(std::string_view run_id) override {
    const auto found = plans_.find(std::string(run_id));
    return found == plans_.end() ? std::optional<PlanRecord>() : found->second;
  }
  Result<std::optional<OrderRecord>> order(std::string_view client_id) override {
    const OrderRecord* found = find_order(client_id);
    return found == nullptr ? std::optional<OrderRecord>() : *found;
  }
  Result<std::vector<OrderReport>> history_of(std::string_view client_id) override {
    std::vector<OrderReport> found;
    for (const OrderReport& event : events_) {
      if (event.client_id == client_id) found.push_back(event);
    }
    return found;
  }
  Result<std::vector<OrderRecord>> orders_of(std::string_view run_id) override {
    std::vector<OrderRecord> found;
    for (const OrderRecord& order : orders_) {
      if (order.run_id == run_id) found.push_back(order);
    }
    std::sort(found.begin(), found.end(),
              [](const OrderRecord& a, const OrderRecord& b) { return a.sequence < b.sequence; });
    return found;
  }
  Result<std::vector<OrderRecord>> orders(int count_max) override {
    std::vector<OrderRecord> found(orders_.rbegin(), orders_.rend());
    if (found.size() > static_cast<std::size_t>(std::max(0, count_max))) {
      found.erase(found.begin() + std::max(0, count_max), found.end());
    }
    return found;
  }
  Result<std::vector<OrderRecord>> orders_lacking_fills() override {
    std::vector<OrderRecord> found;
    for (const OrderRecord& order : orders_) {
      Decimal told;
      for (const Fill& fill : fills_) {
        if (fill.client_id == order.order.client_id) told = add(told, fill.quantity.decimal()).value();
      }
      if (is_terminal(order.state) && order.report.filled.decimal() > told) found.push_back(order);
    }
    return found;
  }
  Result<std::vector<OrderRecord>> open_orders() override {
    std::vector<OrderRecord> found;
    for (const OrderRecord& order : orders_) {
      if (!is_terminal(order.state)) found.push_back(order);
    }
    return found;
  }
  Result<std::vector<Fill>> fills_of(std::string_view client_id) override {
    std::vector<Fill> found;
    for (const Fill& fill : fills_) {
      if (fill.client_id == client_id) found.push_back(fill);
    }
    return found;
  }
  Result<Decimal> traded_value(std::string_view portfolio, Date session) override {
    Decimal total;
    const auto count = [&](Decimal quantity, const std::optional<Price>& price) {
      if (price && quantity.is_positive()) {
        total = add(total, multiply(quantity, price->decimal(), Rounding::ceiling).value()).value();
      }
    };
    for (const OrderRecord& order : orders_) {
      const RunRecord& run = *find(order.run_id);
      if (run.portfolio != portfolio || run.session != session || !sent_.contains(order.order.client_id)) continue;
      Decimal told;
      for (const Fill& fill : fills_) {
        if (fill.client_id != order.order.client_id) continue;
        count(fill.quantity.decimal(), fill.price);
        told = add(told, fill.quantity.decimal()).value();
      }
      const bool open = !is_terminal(order.state);
      const Decimal all = open ? order.order.quantity.decimal() : order.report.filled.decimal();
      const auto at = order.order.limit ? order.order.limit : order.reference;
      count(subtract(all, told).value(), !open && order.report.average_price ? order.report.average_price : at);
    }
    return total;
  }
  Result<std::vector<std::string>> sent_orders(std::string_view portfolio, Date session) override {
    std::vector<std::string> found;
    for (const OrderRecord& order : orders_) {
      const RunRecord& run = *find(order.run_id);
      const bool counts = run.portfolio == portfolio && run.session == session;
      if (counts && sent_.contains(order.order.client_id)) found.push_back(order.order.client_id);
    }
    return found;
  }
  Result<std::optional<SealRecord>> last_seal() override {
    return seals_.empty() ? std::optional<SealRecord>() : seals_.back();
  }
  Result<std::vector<SealRecord>> seals() override { return seals_; }
  Result<std::optional<ExpectedBook>> expected_book(std::string_view portfolio) override {
    const auto last = std::find_if(books_.rbegin(), books_.rend(),
                                   [&](const SeenBook& seen) { return seen.run.portfolio == portfolio; });
    if (last == books_.rend()) return std::optional<ExpectedBook>();
    ExpectedBook expected{last->book, last->run.id, *last->run.finished_at};
    for (const Fill& fill : unseen_fills(*last)) {
      if (auto applied = apply(expected.book, fill); !applied) return fail(applied.error());
    }
    return std::optional<ExpectedBook>(std::move(expected));
  }

  std::vector<std::string> history;  // "client-id state" of every update, in order

 private:
  struct SeenBook {
    RunRecord run;
    Book book;
    std::size_t fills;  // that the journal had then
    std::size_t events;
  };

  static bool is_digest(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  }
  static bool is_sorted(const Book& book) {
    for (std::size_t i = 0; i < book.positions.size(); ++i) {
      if (book.positions[i].quantity.decimal().is_zero()) return false;
      if (i > 0 && book.positions[i].symbol <= book.positions[i - 1].symbol) return false;
    }
    return true;
  }
  // Told since, less what a report had counted by then.
  std::vector<Fill> unseen_fills(const SeenBook& last) const {
    const auto split = fills_.begin() + static_cast<std::ptrdiff_t>(last.fills);
    std::map<std::string, Decimal> seen;
    for (std::size_t i = 0; i < last.events; ++i) {
      Decimal& most = seen[events_[i].client_id];
      most = std::max(most, events_[i].filled.decimal());
    }
    for (auto fill = fills_.begin(); fill != split; ++fill) {
      Decimal& left = seen[fill->client_id];
      left = subtract(left, fill->quantity.decimal()).value();
    }
    std::vector<Fill> unseen(split, fills_.end());
    std::stable_sort(unseen.begin(), unseen.end(), [](const Fill& a, const Fill& b) { return a.at < b.at; });
    for (Fill& fill : unseen) {
      Decimal& left = seen[fill.client_id];
      const Decimal part = std::clamp(left, Decimal(), fill.quantity.decimal());
      left = subtract(left, part).value();
      fill.quantity = Quantity(subtract(fill.quantity.decimal(), part).value());
    }
    std::erase_if(unseen, [](const Fill& fill) { return fill.quantity.decimal().is_zero(); });
    return unseen;
  }
  static Result<void> apply(Book& book, const Fill& fill) {
    const bool buys = fill.side == Side::buy;
    auto value = value_of(fill.quantity, fill.price, book.cash.currency(), Rounding::half_even);
    if (!value) return fail(value.error());
    auto cash = buys ? subtract(book.cash, *value) : add(book.cash, *value);
    if (cash) cash = subtract(*cash, fill.fee);
    if (!cash) return fail(cash.error());
    book.cash = *cash;
    auto place = std::lower_bound(book.positions.begin(), book.positions.end(), fill.symbol,
                                  [](const Position& position, const Symbol& name) { return position.symbol < name; });
    if (place == book.positions.end() || place->symbol != fill.symbol) {
      place = book.positions.insert(place, {fill.symbol, Quantity()});
    }
    const Decimal quantity = fill.quantity.decimal();
    auto held = buys ? add(place->quantity.decimal(), quantity) : subtract(place->quantity.decimal(), quantity);
    if (!held) return fail(held.error());
    place->quantity = Quantity(*held);
    if (held->is_zero()) book.positions.erase(place);
    return {};
  }
  // Those not applied yet, each once.
  Result<std::vector<Fill>> new_fills(const std::vector<Fill>& fills) {
    std::vector<Fill> fresh;
    const auto same = [](const Fill& a, const Fill& b) {
      return a.client_id == b.client_id && a.symbol == b.symbol && a.side == b.side && a.quantity == b.quantity &&
             a.price == b.price && a.fee == b.fee;
    };
    for (const Fill& fill : fills) {
      const auto is_it = [&](const Fill& other) { return other.id == fill.id; };
      auto known = std::find_if(fills_.begin(), fills_.end(), is_it);
      if (known == fills_.end()) {
        known = std::find_if(fresh.begin(), fresh.end(), is_it);
        if (known == fresh.end()) {
          const OrderRecord* order = find_order(fill.client_id);
          if (order == nullptr) return fail(ErrorCode::not_found, "order {} is not in the journal", fill.client_id);
          if (order->order.symbol != fill.symbol || order->order.side != fill.side) {
            return fail(ErrorCode::conflict, "fill {} is not of its order", fill.id);
          }
          fresh.push_back(fill);
          continue;
        }
      }
      if (!same(*known, fill)) return fail(ErrorCode::conflict, "fill {} was applied with other content", fill.id);
    }
    return fresh;
  }
  Result<void> write() {
    if (writes_left && *writes_left <= 0) return fail(ErrorCode::exhausted, "journal: the disk is full");
    if (writes_left) --*writes_left;
    ++writes;
    return {};
  }
  RunRecord* find(std::string_view id) {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const RunRecord& run) { return run.id == id; });
    return found == runs_.end() ? nullptr : &*found;
  }
  OrderRecord* find_order(std::string_view client_id) {
    const auto found = std::find_if(orders_.begin(), orders_.end(),
                                    [&](const OrderRecord& order) { return order.order.client_id == client_id; });
    return found == orders_.end() ? nullptr : &*found;
  }
  std::vector<RunRecord> runs_;
  std::vector<OrderRecord> orders_;
  std::vector<Fill> fills_;
  std::set<std::string> sent_;
  std::map<std::string, PlanRecord> plans_;
  std::vector<OrderReport> events_;
  std::vector<SealRecord> seals_;
  std::vector<SeenBook> books_;
  std::optional<JournalOwner> owner_;
};

}  // namespace rebalancer::test
