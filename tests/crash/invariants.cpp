#include "invariants.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "adapters/sqlite/run_store.hpp"
#include "adapters/system/decision_files.hpp"
#include "adapters/system/digest.hpp"
#include "services/decision_verify.hpp"
#include "shared_broker.hpp"

namespace rebalancer::crash {
namespace {

template <class... Args>
Failure failure(std::string what, fmt::format_string<Args...> format, Args&&... args) {
  return {std::move(what), fmt::format(format, std::forward<Args>(args)...)};
}

std::string_view id_of(const HeldOrder& order) { return order.client_id.data(); }

// What the journal has to say, read by the real thing.
struct Journal {
  std::vector<RunRecord> runs;
  std::map<std::string, OrderRecord, std::less<>> orders;
  std::map<std::string, std::vector<Fill>, std::less<>> fills;
  std::vector<SealRecord> seals;
};

Result<Journal> read_journal(const Files& files) {
  auto store = sqlite::SqliteRunStore::open(files.journal.string());
  if (!store) return fail(store.error());
  Journal journal;
  auto runs = (*store)->runs(1000);
  if (!runs) return fail(runs.error());
  journal.runs = *std::move(runs);
  auto orders = (*store)->orders(1000);
  if (!orders) return fail(orders.error());
  for (const OrderRecord& order : *orders) {
    auto fills = (*store)->fills_of(order.order.client_id);
    if (!fills) return fail(fills.error());
    journal.fills[order.order.client_id] = *std::move(fills);
    journal.orders.emplace(order.order.client_id, order);
  }
  auto seals = (*store)->seals();
  if (!seals) return fail(seals.error());
  journal.seals = *std::move(seals);
  return journal;
}

std::optional<Failure> compare_fills(const std::vector<Fill>& told, const std::vector<Fill>& kept,
                                     std::string_view id) {
  std::map<std::string, const Fill*> by_id;
  for (const Fill& fill : kept) {
    if (!by_id.emplace(fill.id, &fill).second) return failure("fills", "{}: fill {} is there twice", id, fill.id);
  }
  for (const Fill& fill : told) {
    const auto found = by_id.find(fill.id);
    if (found == by_id.end()) return failure("fills", "{}: the journal lacks fill {}", id, fill.id);
    const Fill& known = *found->second;
    if (known.quantity != fill.quantity || known.price != fill.price || known.fee != fill.fee) {
      return failure("fills", "{}: fill {} is another one in the journal", id, fill.id);
    }
    by_id.erase(found);
  }
  if (by_id.empty()) return std::nullopt;
  return failure("fills", "{}: the broker knows nothing of fill {}", id, by_id.begin()->first);
}

// Every order at the broker is in the journal with the same content and, once its end is known there, the same end.
std::optional<Failure> compare_order(const Ending& ending, const Journal& journal, const HeldOrder& held) {
  const auto found = journal.orders.find(id_of(held));
  if (found == journal.orders.end()) return failure("lost", "the journal knows nothing of order {}", id_of(held));
  const OrderRecord& record = found->second;
  const bool same = record.order.symbol.str() == ending.world.books.symbol.at(held.symbol).data() &&
                    record.order.side == held.side && record.order.quantity.decimal().billionths() == held.quantity;
  if (!same) return failure("plan", "order {} at the broker is not the one in the journal", id_of(held));
  if (!is_terminal(record.state)) {
    if (ending.parked) return std::nullopt;
    return failure("unsaid", "order {} is {}, the run says it is done", id_of(held), name_of(record.state));
  }
  if (record.state != held.state || record.report.filled.decimal().billionths() != held.filled) {
    return failure("lost", "order {} is {} with {} filled at the broker, {} with {} in the journal", id_of(held),
                   name_of(held.state), Decimal::from_billionths(held.filled).to_string(), name_of(record.state),
                   record.report.filled.to_string());
  }
  if (record.report.fee.billionths() != held.fee) {
    return failure("fills", "order {}: the fee is {} at the broker, {} in the journal", id_of(held),
                   Decimal::from_billionths(held.fee).to_string(), record.report.fee.to_string());
  }
  // Single fills that the broker did not tell in time come with a later run; the sum is known.
  const auto& kept = journal.fills.find(id_of(held))->second;
  return compare_fills(fills_of(ending.world.books, held), kept, id_of(held));
}

std::optional<Failure> compare_with_broker(const Ending& ending, const Journal& journal) {
  const BrokerBooks& books = ending.world.books;
  std::vector<std::string> traders;  // in the order of their trades
  for (std::size_t i = 0; i < books.orders; ++i) {
    if (auto wrong = compare_order(ending, journal, books.order.at(i))) return wrong;
    const std::string& run = journal.orders.find(id_of(books.order.at(i)))->second.run_id;
    if (std::find(traders.begin(), traders.end(), run) == traders.end()) traders.push_back(run);
  }
  // Another run of the session trades only what the one before it did not get.
  for (std::size_t i = 0; i + 1 < traders.size(); ++i) {
    const bool undone = std::any_of(journal.orders.begin(), journal.orders.end(), [&](const auto& entry) {
      const OrderRecord& record = entry.second;
      return record.run_id == traders[i] && record.state == OrderState::cancelled &&
             record.report.filled < record.order.quantity;
    });
    if (!undone)
      return failure("plan", "run {} had traded all, and run {} traded once more", traders[i], traders[i + 1]);
  }
  for (const auto& [id, record] : journal.orders) {
    const bool there = std::any_of(books.order.begin(), books.order.begin() + static_cast<std::ptrdiff_t>(books.orders),
                                   [&](const HeldOrder& held) { return id_of(held) == id; });
    if (!there && record.report.filled.decimal().is_positive()) {
      return failure("lost", "the journal says {} of {} filled, the broker never had it",
                     record.report.filled.to_string(), id);
    }
    if (!there && !is_terminal(record.state) && !ending.parked) {
      return failure("unsaid", "order {} is {}, the run says it is done", id, name_of(record.state));
    }
  }
  return std::nullopt;
}

// One decision for every run that is over, each whole, unchanged, and in its place in the chain.
std::optional<Failure> judge_decisions(const Ending& ending, const Journal& journal) {
  const auto over = static_cast<std::size_t>(std::count_if(
      journal.runs.begin(), journal.runs.end(), [](const RunRecord& run) { return run.finished_at.has_value(); }));
  if (over != journal.runs.size()) return failure("decision", "{} runs never ended", journal.runs.size() - over);
  if (journal.seals.size() != over) return failure("decision", "{} seals of {} runs", journal.seals.size(), over);

  system::DecisionFiles decisions(ending.files.decisions);
  auto ids = decisions.ids();
  if (!ids) return failure("decision", "{}", ids.error().message);
  std::vector<NamedDecision> named;
  for (const std::string& id : *ids) {
    auto text = decisions.read(id);
    if (!text) return failure("decision", "{}", text.error().message);
    named.push_back({id + ".json", *std::move(text)});
  }
  const auto chain = verify_chain(named, &system::sha256_hex, journal.seals);
  if (!chain) return failure("decision", "{}", chain.error().message);
  return std::nullopt;
}

bool same_account(const BrokerBooks& a, const BrokerBooks& b) { return a.shares == b.shares && a.cash == b.cash; }

// What the broker cannot be asked about, and does not remove a second copy of, only a human can find out.
bool may_be_parked(const Scene& scene) {
  using Dedupe = BrokerCapabilities::Dedupe;
  using Lookup = BrokerCapabilities::Lookup;
  if (scene.capabilities.lookup == Lookup::by_client_id) return false;
  return scene.capabilities.dedupe != Dedupe::permanent || scene.refuses_duplicates || scene.fault_percent > 0;
}

std::string_view run_of(const HeldOrder& order) { return id_of(order).substr(0, 3 + 32); }

std::int64_t slack_of(const World& world, const Baseline& baseline, std::size_t symbol) {
  return std::max(world.shares_before.at(symbol), baseline.books.shares.at(symbol)) / 25 + Decimal::scale;
}

bool is_near(const World& world, const Baseline& baseline) {
  for (std::size_t i = 0; i < world.books.symbols; ++i) {
    if (std::abs(world.books.shares.at(i) - baseline.books.shares.at(i)) > slack_of(world, baseline, i)) return false;
  }
  return true;
}

// However many runs it took: no symbol is bought or sold past where one undisturbed run brings it, but for what that
// one left over, having reserved cash for the worst price.
std::optional<Failure> judge_positions(const World& world, const Baseline& baseline) {
  const BrokerBooks& books = world.books;
  for (std::size_t i = 0; i < books.symbols; ++i) {
    const std::int64_t before = world.shares_before.at(i);
    const std::int64_t target = baseline.books.shares.at(i);
    const std::int64_t slack = slack_of(world, baseline, i);
    const std::int64_t held = books.shares.at(i);
    if (held >= std::min(before, target) - slack && held <= std::max(before, target) + slack) continue;
    return failure("doubled", "{} of {} are held, {} were and an undisturbed run ends with {}",
                   Decimal::from_billionths(held).to_string(), books.symbol.at(i).data(),
                   Decimal::from_billionths(before).to_string(), Decimal::from_billionths(target).to_string());
  }
  return std::nullopt;
}

}  // namespace

std::optional<Failure> judge_books(const World& world, const Baseline& baseline, const PipelineSettings& settings) {
  const BrokerBooks& books = world.books;
  std::map<std::pair<std::size_t, Side>, std::int64_t> intended;
  for (std::size_t i = 0; i < baseline.books.orders; ++i) {
    const HeldOrder& order = baseline.books.order.at(i);
    intended[{order.symbol, order.side}] = order.quantity;
  }
  std::map<std::string, std::string_view> accepted;  // by run, symbol and side
  std::map<std::pair<std::size_t, Side>, const HeldOrder*> working;
  for (std::size_t i = 0; i < books.orders; ++i) {
    const HeldOrder& order = books.order.at(i);
    const std::pair leg{order.symbol, order.side};
    const std::string_view symbol = order.symbol < books.symbols ? books.symbol.at(order.symbol).data() : "?";
    if (order.filled > order.quantity) return failure("doubled", "order {} filled beyond its quantity", id_of(order));
    const std::string run(run_of(order));
    const auto [first, is_first] =
        accepted.emplace(fmt::format("{} {} {}", run, name_of(order.side), symbol), id_of(order));
    if (!is_first) {
      return failure("doubled", "the {} of {} was accepted as {} and as {}", name_of(order.side), symbol, first->second,
                     id_of(order));
    }
    if (!is_terminal(order.state) && !working.emplace(leg, &order).second) {
      return failure("doubled", "two orders to {} {} are at work at once", name_of(order.side), symbol);
    }
    // What the first run of the session meant is known; a later one means what is missing then.
    if (run != run_of(books.order.front())) continue;
    const auto wanted = intended.find(leg);
    if (wanted == intended.end()) {
      return failure("plan", "{} of {} was sent and never planned", name_of(order.side), symbol);
    }
    if (order.quantity != wanted->second) {
      return failure("doubled", "{} {} of {} intended, {} accepted, {} filled", name_of(order.side), wanted->second,
                     symbol, order.quantity, order.filled);
    }
  }
  if (auto wrong = judge_positions(world, baseline)) return wrong;
  if (books.lowest_cash < settings.rebalance.cash_buffer.billionths()) {
    return failure("cash", "the cash fell to {}", Decimal::from_billionths(books.lowest_cash).to_string());
  }
  const auto shorted = std::find_if(books.shares.begin(), books.shares.end(), [](std::int64_t n) { return n < 0; });
  if (shorted != books.shares.end()) return failure("doubled", "more was sold than was there");
  return std::nullopt;
}

std::optional<Failure> judge_end(const Ending& ending, bool& whole) {
  const auto journal = read_journal(ending.files);
  if (!journal) return failure("corrupt", "{}", journal.error().message);
  if (auto wrong = compare_with_broker(ending, *journal)) return wrong;
  if (auto wrong = judge_decisions(ending, *journal)) return wrong;

  const bool ambiguity = ending.disturbed || ending.world.submits_failed > 0 || ending.world.requests_failed > 0;
  if (ending.parked && (!ambiguity || !may_be_parked(ending.scene))) {
    return failure("parked", "it waits for a human, though {}: {}",
                   ambiguity ? "this broker can tell" : "nothing was ever in doubt", ending.world.life.reason.data());
  }
  const BrokerBooks& books = ending.world.books;
  const auto end_of_orders = books.order.begin() + static_cast<std::ptrdiff_t>(books.orders);
  const bool one_run = std::all_of(books.order.begin(), end_of_orders, [&](const HeldOrder& order) {
    return run_of(order) == run_of(books.order.front());
  });
  // A run that plans what another left undone reserves cash of its own: it brings the account close by, not to the
  // cent.
  whole = one_run ? books.orders == ending.baseline.books.orders &&
                        std::all_of(books.order.begin(), end_of_orders,
                                    [](const HeldOrder& order) { return order.state == OrderState::filled; })
                  : is_near(ending.world, ending.baseline);
  // With a broker that never fails, only a human's turn keeps the end of an undisturbed run away.
  const bool calm = ending.scene.fault_percent == 0;
  if (calm && !ending.parked && !whole) {
    return failure("lost", "nothing went wrong at the broker, and not all was bought: {}",
                   ending.world.life.reason.data());
  }
  if (whole && one_run && !same_account(ending.world.books, ending.baseline.books)) {
    return failure("positions", "everything filled, and the account is not where an undisturbed run brings it");
  }
  return std::nullopt;
}

}  // namespace rebalancer::crash
