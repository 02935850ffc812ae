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
  Result<void> add_intents(const std::vector<OrderRecord>& orders) override {
    std::set<std::string> fresh;
    std::set<std::pair<std::string, int>> places;
    for (const OrderRecord& known : orders_) places.emplace(known.run_id, known.sequence);
    for (const OrderRecord& order : orders) {
      if (order.state != OrderState::intent) return fail(ErrorCode::invalid, "order is not an intent");
      if (find(order.run_id) == nullptr) return fail(ErrorCode::not_found, "run {} never began", order.run_id);
      if (find_order(order.order.client_id) != nullptr || !fresh.insert(order.order.client_id).second ||
          !places.emplace(order.run_id, order.sequence).second) {
        return fail(ErrorCode::conflict, "order {} is in the journal already", order.order.client_id);
      }
    }
    if (auto allowed = write(); !allowed) return allowed;
    orders_.insert(orders_.end(), orders.begin(), orders.end());
    for (OrderRecord& order : orders_) order.report.client_id = order.order.client_id;
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
  Result<void> finish_run(const RunRecord& run) override {
    RunRecord* known = find(run.id);
    if (!run.finished_at) return fail(ErrorCode::invalid, "run {} has no end", run.id);
    if (known == nullptr) return fail(ErrorCode::not_found, "run {} is not in the journal", run.id);
    if (known->finished_at) return fail(ErrorCode::conflict, "run {} has finished already", run.id);
    if (auto allowed = write(); !allowed) return allowed;
    known->finished_at = run.finished_at;
    known->outcome = run.outcome;
    known->reason = run.reason;
    known->exit_code = run.exit_code;
    known->report_json = run.report_json;
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
    for (const RunRecord& run : runs_) {
      if (run.portfolio != portfolio || run.session != session) continue;
      for (const OrderRecord& order : orders_) {
        if (order.run_id == run.id && sent_.contains(order.order.client_id)) return std::optional<RunRecord>(run);
      }
    }
    return std::optional<RunRecord>();
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

  std::vector<std::string> history;  // "client-id state" of every update, in order

 private:
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
};

}  // namespace rebalancer::test
