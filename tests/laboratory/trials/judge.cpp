#include "judge.hpp"

#include <map>

#include <fmt/format.h>

#include "adapters/sqlite/run_store.hpp"

namespace rebalancer::trials {
namespace {

using laboratory::Exchange;
using laboratory::ExchangeOrder;

class Judge {
 public:
  Judge(const Exchange& truth, RunStore& store, const Scene& scene, bool told)
      : truth_(truth), store_(store), scene_(scene), told_(told) {}

  Verdict verdict() {
    for (std::string& law : std::vector<std::string>(truth_.broken_laws())) say("{}", law);
    check_orders_at_the_broker();
    check_orders_in_the_journal();
    check_cash();
    compare_books();
    return std::move(verdict_);
  }

 private:
  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    verdict_.violations.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  // Nothing is there that was not written down first, and nothing more of it than was meant.
  void check_orders_at_the_broker() {
    std::map<std::string, int> copies;
    for (const ExchangeOrder& order : truth_.orders()) {
      const std::string& id = order.request.client_id;
      ++copies[id];
      const auto known = store_.order(id);
      if (!known) return say("the journal cannot be read: {}", known.error().message);
      if (!*known) {
        say("the broker has order {} ({} {} {}), the journal has not", id, name_of(order.request.side),
            order.request.quantity.to_string(), order.request.symbol);
        continue;
      }
      const Order& meant = (*known)->order;
      if (order.filled > meant.quantity.decimal()) {
        say("order {}: {} filled, {} were meant", id, order.filled.to_string(), meant.quantity.to_string());
      }
      if (order.request.symbol != meant.symbol.str() || order.request.side != meant.side) {
        say("order {} is {} {} at the broker and {} {} in the journal", id, name_of(order.request.side),
            order.request.symbol, name_of(meant.side), meant.symbol);
      }
    }
    for (const auto& [id, count] : copies) {
      if (count > 1) say("order {} is {} times at the broker", id, count);
    }
    // Whatever ids it has: one side of one symbol of one run is one order.
    std::map<std::string, Decimal> filled, meant;
    for (const ExchangeOrder& order : truth_.orders()) {
      const auto known = store_.order(order.request.client_id);
      const std::string run = known && *known ? (*known)->run_id : "no run";
      Decimal& sum = filled[fmt::format("{} {} {}", run, name_of(order.request.side), order.request.symbol)];
      sum = add(sum, order.filled).value();
    }
    const auto records = store_.orders(10'000);
    if (!records) return say("the journal cannot be read: {}", records.error().message);
    for (const OrderRecord& record : *records) {
      Decimal& sum =
          meant[fmt::format("{} {} {}", record.run_id, name_of(record.order.side), record.order.symbol.str())];
      sum = add(sum, record.order.quantity.decimal()).value();
    }
    for (const auto& [what, sum] : filled) {
      if (sum > meant[what]) say("{}: {} filled, {} were meant", what, sum.to_string(), meant[what].to_string());
    }
  }

  // What it says ended has ended so at the broker; what it does not know it says; no fill is at the wrong order.
  void check_orders_in_the_journal() {
    const auto records = store_.orders(10'000);
    if (!records) return say("the journal cannot be read: {}", records.error().message);
    for (const OrderRecord& record : *records) {
      const std::string& id = record.order.client_id;
      const ExchangeOrder* order = truth_.order_of(id);
      const Decimal told = record.report.filled.decimal();
      if (!is_terminal(record.state)) {
        if (!told_) say("order {} is {} at the end, and nobody is told", id, name_of(record.state));
        continue;
      }
      const Decimal actual = order == nullptr ? Decimal() : order->filled;
      if (told != actual) {
        say("order {} is {} with {} filled in the journal, {} at the broker", id, name_of(record.state),
            told.to_string(), actual.to_string());
      }
      if (order != nullptr && !laboratory::is_done(order->status)) {
        say("order {} is {} in the journal and {} at the broker", id, name_of(record.state), name_of(order->status));
      }
      check_fills(record, actual);
    }
  }

  void check_fills(const OrderRecord& record, Decimal actual) {
    const auto fills = store_.fills_of(record.order.client_id);
    if (!fills) return say("the journal cannot be read: {}", fills.error().message);
    Decimal sum;
    for (const Fill& fill : *fills) {
      sum = add(sum, fill.quantity.decimal()).value();
      if (fill.symbol != record.order.symbol || fill.side != record.order.side) {
        say("fill {} is {} {}, its order {} {} {}", fill.id, name_of(fill.side), fill.symbol, record.order.client_id,
            name_of(record.order.side), record.order.symbol);
      }
    }
    if (sum > actual) {
      say("order {}: its fills sum to {}, the broker filled {}", record.order.client_id, sum.to_string(),
          actual.to_string());
    }
    if (sum < actual && !told_) {
      say("order {}: its fills sum to {}, the broker filled {}, and nobody is told", record.order.client_id,
          sum.to_string(), actual.to_string());
    }
  }

  // At every moment, not only at the end.
  void check_cash() {
    Decimal cash = truth_.settings().cash;
    // An account that began below the buffer may stay there, but no buy may take from it.
    const Decimal floor = std::min(cash, scene_.cash_buffer);
    for (const laboratory::Execution& execution : truth_.executions()) {
      cash = add(cash, execution.cash_change).value();
      if (execution.side == Side::buy && execution.order != 0 && cash < floor) {
        say("cash is {} after a buy of {} {}, the buffer is {}", cash.to_string(), execution.quantity.to_string(),
            execution.symbol, scene_.cash_buffer.to_string());
      }
    }
  }

  void compare_books() {
    const auto expected = store_.expected_book("default");
    if (!expected) return say("the journal cannot be read: {}", expected.error().message);
    if (!*expected) {
      verdict_.agrees = true;
      return;
    }
    const Book& book = (*expected)->book;
    verdict_.agrees = book.cash.amount() == truth_.cash() && book.positions.size() == truth_.holdings().size();
    for (const Position& position : book.positions) {
      verdict_.agrees = verdict_.agrees && position.quantity.decimal() == truth_.quantity_of(position.symbol.str());
    }
  }

  const Exchange& truth_;
  RunStore& store_;
  const Scene& scene_;
  bool told_;
  Verdict verdict_;
};

}  // namespace

Verdict judge(const Exchange& truth, const std::filesystem::path& journal, const Scene& scene, bool told) {
  Verdict verdict;
  if (!std::filesystem::exists(journal)) {
    // Killed before it had one: then the broker must have nothing of it either.
    if (!truth.orders().empty()) verdict.violations.emplace_back("the broker has orders, and there is no journal");
    verdict.agrees = true;
    return verdict;
  }
  auto store = sqlite::SqliteRunStore::open(journal.string());
  if (!store) {
    verdict.violations.push_back("the journal cannot be opened: " + store.error().message);
    return verdict;
  }
  return Judge(truth, **store, scene, told).verdict();
}

}  // namespace rebalancer::trials
