#include "judge.hpp"

#include <map>
#include <set>

#include <fmt/format.h>

#include "adapters/sqlite/run_store.hpp"

namespace rebalancer::trials {
namespace {

using laboratory::Exchange;
using laboratory::ExchangeOrder;

class Judge {
 public:
  Judge(const Exchange& truth, RunStore& store, const Scene& scene, bool told)
      : truth_(truth), store_(store), scene_(scene), broker_(scene.laboratory.broker), told_(told) {}

  Verdict verdict() {
    for (const std::string& law : truth_.broken_laws()) say("account", "{}", law);
    match();
    check_orders_at_the_broker();
    check_orders_in_the_journal();
    check_cash();
    compare_books();
    return std::move(verdict_);
  }

 private:
  template <class... Args>
  void say(std::string_view law, fmt::format_string<Args...> format, Args&&... args) {
    verdict_.violations.push_back(fmt::format("{}: {}", law, fmt::format(format, std::forward<Args>(args)...)));
  }

  // The journal's order behind one of the broker's: by our id where the broker keeps it, else by its own id, and where
  // the answer was lost by what it looks like, as long as the journal says that it does not know.
  void match() {
    const auto records = store_.orders(10'000);
    if (!records) return say("journal", "it cannot be read: {}", records.error().message);
    records_ = *records;
    std::set<std::string> taken;
    const auto claim = [&](const ExchangeOrder& order, const auto& fits) {
      if (match_.contains(order.number)) return;
      for (const OrderRecord& record : records_) {
        if (taken.contains(record.order.client_id) || !fits(record)) continue;
        match_.emplace(order.number, &record);
        taken.insert(record.order.client_id);
        return;
      }
    };
    for (const ExchangeOrder& order : truth_.orders()) {
      claim(order, [&](const OrderRecord& record) {
        return !order.request.client_id.empty() && record.order.client_id == order.request.client_id;
      });
      // Trading 212 numbers its orders one after the other.
      claim(order, [&](const OrderRecord& record) {
        const std::string& id = record.report.broker_id;
        return broker_ == laboratory::BrokerKind::trading212 && id.size() > 6 &&
               std::stoull(id.substr(id.size() - 6)) == order.number;
      });
    }
    for (const ExchangeOrder& order : truth_.orders()) {
      claim(order, [&](const OrderRecord& record) {
        return broker_ == laboratory::BrokerKind::trading212 && !is_terminal(record.state) &&
               record.order.symbol.str() == symbol_at(broker_, order.request.symbol) &&
               record.order.side == order.request.side && record.order.quantity.decimal() == order.request.quantity;
      });
    }
  }
  [[nodiscard]] const ExchangeOrder* order_of(const OrderRecord& record) const {
    for (const auto& [number, matched] : match_) {
      if (matched->order.client_id == record.order.client_id) return &truth_.orders()[number - 1];
    }
    return nullptr;
  }

  // Nothing is there that was not written down first, and nothing more of it than was meant.
  void check_orders_at_the_broker() {
    std::map<std::string, Decimal> filled, meant;
    for (const ExchangeOrder& order : truth_.orders()) {
      const auto found = match_.find(order.number);
      if (found == match_.end()) {
        say("unwritten", "the broker has order {} \"{}\" ({} {} {}), the journal has not", order.number,
            order.request.client_id, name_of(order.request.side), order.request.quantity.to_string(),
            order.request.symbol);
        continue;
      }
      const Order& wanted = found->second->order;
      const std::string& id = wanted.client_id;
      if (order.filled > wanted.quantity.decimal()) {
        say("too much", "order {}: {} filled, {} were meant", id, order.filled.to_string(),
            wanted.quantity.to_string());
      }
      if (symbol_at(broker_, order.request.symbol) != wanted.symbol.str() || order.request.side != wanted.side) {
        say("mistaken", "order {} is {} {} at the broker and {} {} in the journal", id, name_of(order.request.side),
            order.request.symbol, name_of(wanted.side), wanted.symbol);
      }
      Decimal& sum = filled[fmt::format("{} {} {}", found->second->run_id, name_of(wanted.side), wanted.symbol.str())];
      sum = add(sum, order.filled).value();
    }
    // Whatever ids it has: one side of one symbol of one run is one order.
    for (const OrderRecord& record : records_) {
      Decimal& sum =
          meant[fmt::format("{} {} {}", record.run_id, name_of(record.order.side), record.order.symbol.str())];
      sum = add(sum, record.order.quantity.decimal()).value();
    }
    for (const auto& [what, sum] : filled) {
      if (sum > meant[what])
        say("too much", "{}: {} filled, {} were meant", what, sum.to_string(), meant[what].to_string());
    }
  }

  // What it says ended has ended so at the broker; what it does not know it says; no fill is at the wrong order.
  void check_orders_in_the_journal() {
    for (const OrderRecord& record : records_) {
      const std::string& id = record.order.client_id;
      const ExchangeOrder* order = order_of(record);
      const Decimal told = record.report.filled.decimal();
      if (!is_terminal(record.state)) {
        if (!told_) say("unsaid", "order {} is {} at the end, and nobody is told", id, name_of(record.state));
        continue;
      }
      const Decimal actual = order == nullptr ? Decimal() : order->filled;
      if (told != actual) {
        say("untrue", "order {} is {} with {} filled in the journal, {} at the broker", id, name_of(record.state),
            told.to_string(), actual.to_string());
      }
      if (order != nullptr && !laboratory::is_done(order->status)) {
        say("untrue", "order {} is {} in the journal and {} at the broker", id, name_of(record.state),
            name_of(order->status));
      }
      check_fills(record, actual);
    }
  }

  void check_fills(const OrderRecord& record, Decimal actual) {
    const auto fills = store_.fills_of(record.order.client_id);
    if (!fills) return say("journal", "it cannot be read: {}", fills.error().message);
    Decimal sum;
    for (const Fill& fill : *fills) {
      sum = add(sum, fill.quantity.decimal()).value();
      if (fill.symbol != record.order.symbol || fill.side != record.order.side) {
        say("mistaken", "fill {} is {} {}, its order {} {} {}", fill.id, name_of(fill.side), fill.symbol,
            record.order.client_id, name_of(record.order.side), record.order.symbol);
      }
    }
    if (sum > actual) {
      say("counted twice", "order {}: its fills sum to {}, the broker filled {}", record.order.client_id,
          sum.to_string(), actual.to_string());
    }
    if (sum < actual && !told_) {
      say("unsaid", "order {}: its fills sum to {}, the broker filled {}, and nobody is told", record.order.client_id,
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
        say("buffer", "cash is {} after a buy of {} {}, the buffer is {}", cash.to_string(),
            execution.quantity.to_string(), execution.symbol, scene_.cash_buffer.to_string());
      }
    }
  }

  void compare_books() {
    const auto expected = store_.expected_book("default");
    if (!expected) return say("journal", "it cannot be read: {}", expected.error().message);
    if (!*expected) {
      verdict_.agrees = true;
      return;
    }
    const Book& book = (*expected)->book;
    verdict_.agrees = book.cash.amount() == truth_.cash() && book.positions.size() == truth_.holdings().size();
    for (const Position& position : book.positions) {
      verdict_.agrees =
          verdict_.agrees && position.quantity.decimal() == truth_.quantity_of(name_at(broker_, position.symbol.str()));
    }
  }

  const Exchange& truth_;
  RunStore& store_;
  const Scene& scene_;
  laboratory::BrokerKind broker_;
  bool told_;
  std::vector<OrderRecord> records_;
  std::map<std::uint64_t, const OrderRecord*> match_;  // by the broker's number
  Verdict verdict_;
};

}  // namespace

Verdict judge(const Exchange& truth, const std::filesystem::path& journal, const Scene& scene, bool told) {
  Verdict verdict;
  if (!std::filesystem::exists(journal)) {
    // Killed before it had one: then the broker must have nothing of it either.
    if (!truth.orders().empty())
      verdict.violations.emplace_back("unwritten: the broker has orders, and there is no journal");
    verdict.agrees = true;
    return verdict;
  }
  auto store = sqlite::SqliteRunStore::open(journal.string());
  if (!store) {
    verdict.violations.push_back("journal: it cannot be opened: " + store.error().message);
    return verdict;
  }
  return Judge(truth, **store, scene, told).verdict();
}

}  // namespace rebalancer::trials
