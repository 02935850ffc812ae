#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <set>

#include "adapters/plugin_host/broker_answers.hpp"
#include "adapters/plugin_host/instance.hpp"

namespace rebalancer {
namespace {

constexpr std::size_t answers_max = 100'000;

// Gathers the answers of one call. A callback runs in the plugin's frames: nothing may be thrown through them.
template <class Value, class Told, class Convert>
struct Gatherer {
  Convert convert;
  std::vector<Value> values;
  std::string broken;

  static void take(void* ctx, const Told* told) noexcept {
    auto& gatherer = *static_cast<Gatherer*>(ctx);
    if (!gatherer.broken.empty()) return;
    try {
      if (gatherer.values.size() >= answers_max) {
        gatherer.broken = fmt::format("more than {} answers", answers_max);
      } else if (auto value = gatherer.convert(told)) {
        gatherer.values.push_back(*std::move(value));
      } else {
        gatherer.broken = value.error().message;
      }
    } catch (const std::exception& error) {
      gatherer.broken = error.what();
    }
  }
};

template <class Value, class Told, class Convert>
Gatherer<Value, Told, Convert> gather(Convert convert) {
  return {std::move(convert), {}, {}};
}

rb_str str(std::string_view text) { return {text.data(), text.size()}; }

using OrderedQuantities = std::map<std::string, Quantity, std::less<>>;

// Reads a report twice: first to learn whose it is, then against what was ordered under that id.
struct ReadReport {
  const OrderedQuantities* ordered;
  Result<OrderReport> operator()(const rb_order_report* told) const {
    auto report = report_from(told, std::nullopt);
    if (!report) return report;
    const auto found = ordered->find(report->client_id);
    return found == ordered->end() ? report : report_from(told, found->second);
  }
};

class BrokerProxy final : public Broker {
 public:
  explicit BrokerProxy(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<BrokerCapabilities> capabilities() override {
    const auto lock = instance_->enter();
    rb_capabilities told{};
    told.size = sizeof told;
    told.flags = RB_MARKET_ORDERS | RB_LIMIT_ORDERS;
    told.quantity_increment = Decimal::scale;
    told.price_increment = Decimal::scale / 100;
    told.lookup_lag_s = BrokerCapabilities().lookup_lag_s;
    auto called = instance_->run("capabilities", [&] { return api().capabilities(instance_->self(), &told); });
    if (!called) return fail(called.error());
    auto own = capabilities_from(told);
    if (!own) return instance_->returned("{}", own.error().message);
    return own;
  }

  Result<Account> account() override {
    const auto lock = instance_->enter();
    return account_locked();
  }

  Result<std::vector<Position>> positions() override {
    const auto lock = instance_->enter();
    auto answers = gather<Position, rb_position>(&position_from);
    auto called =
        instance_->run("positions", [&] { return api().positions(instance_->self(), &answers.take, &answers); });
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    auto& positions = answers.values;
    std::erase_if(positions, [](const Position& position) { return position.quantity == Quantity(); });
    std::sort(positions.begin(), positions.end(), [](const auto& a, const auto& b) { return a.symbol < b.symbol; });
    for (std::size_t i = 1; i < positions.size(); ++i) {
      if (positions[i].symbol == positions[i - 1].symbol) {
        return instance_->returned("two positions of {}", positions[i].symbol);
      }
    }
    return std::move(positions);
  }

  Result<OrderReport> submit(const Order& order, const GatePass&) override {
    const auto lock = instance_->enter();
    const rb_order lent{sizeof(rb_order),
                        str(order.client_id),
                        str(order.symbol.str()),
                        order.side == Side::buy ? RB_BUY : RB_SELL,
                        0,
                        order.quantity.decimal().billionths(),
                        order.limit ? order.limit->decimal().billionths() : 0};
    // Before the call: whatever happens in it, its fills are judged by what was ordered.
    ordered_.insert_or_assign(order.client_id, order.quantity);
    return one_report("submit", order.client_id,
                      [&](rb_on_order take, void* ctx) { return api().submit(instance_->self(), &lent, take, ctx); });
  }

  Result<OrderReport> find_order(std::string_view client_id) override {
    const auto lock = instance_->enter();
    return one_report("find_order", client_id, [&](rb_on_order take, void* ctx) {
      return api().find_order(instance_->self(), str(client_id), take, ctx);
    });
  }

  Result<std::vector<OrderReport>> open_orders() override {
    const auto lock = instance_->enter();
    auto answers = gather<OrderReport, rb_order_report>(ReadReport{&ordered_});
    auto called =
        instance_->run("open_orders", [&] { return api().open_orders(instance_->self(), &answers.take, &answers); });
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    std::set<std::string_view> seen;
    for (const OrderReport& report : answers.values) {
      if (is_terminal(report.state)) {
        return instance_->returned("order {} as open, which is {}", report.client_id, name_of(report.state));
      }
      if (!report.client_id.empty() && !seen.insert(report.client_id).second) {
        return instance_->returned("order {} twice", report.client_id);
      }
    }
    return std::move(answers.values);
  }

  Result<void> cancel(std::string_view client_id) override {
    const auto lock = instance_->enter();
    return instance_->run("cancel", [&] { return api().cancel(instance_->self(), str(client_id)); });
  }

  Result<std::vector<Fill>> fills(std::string_view client_id) override {
    const auto lock = instance_->enter();
    if (!currency_) {
      if (auto known = account_locked(); !known) return fail(known.error());
    }
    auto answers = gather<Fill, rb_fill>([this](const rb_fill* told) { return fill_from(told, *currency_); });
    auto called = instance_->run(
        "fills", [&] { return api().fills(instance_->self(), str(client_id), &answers.take, &answers); });
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    if (auto kept = check(answers.values, client_id); !kept) return fail(kept.error());
    return std::move(answers.values);
  }

  Result<std::optional<std::vector<AccountMovement>>> movements(Instant from) override {
    using Told = std::optional<std::vector<AccountMovement>>;
    const auto lock = instance_->enter();
    if (!REBALANCER_COVERS(api(), rb_broker, movements) || api().movements == nullptr) return Told();
    if (!currency_) {
      if (auto known = account_locked(); !known) return fail(known.error());
    }
    auto answers = gather<AccountMovement, rb_movement>(
        [this](const rb_movement* told) { return movement_from(told, *currency_); });
    auto called = instance_->run(
        "movements", [&] { return api().movements(instance_->self(), from.nanoseconds(), &answers.take, &answers); });
    if (!called && called.error().code == ErrorCode::not_found) return Told();
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    std::set<std::string_view> seen;
    for (const AccountMovement& movement : answers.values) {
      if (!seen.insert(movement.id).second) return instance_->returned("movement {} twice", movement.id);
    }
    std::stable_sort(answers.values.begin(), answers.values.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    return Told(std::move(answers.values));
  }

  Result<void> set_marks(const PriceList& prices, Date session) override {
    const auto lock = instance_->enter();
    if (!REBALANCER_COVERS(api(), rb_broker, set_marks) || api().set_marks == nullptr) return {};
    std::vector<rb_mark> marks;
    marks.reserve(prices.size());
    for (const auto& [symbol, price] : prices) marks.push_back({str(symbol.str()), price.decimal().billionths()});
    return instance_->run(
        "set_marks", [&] { return api().set_marks(instance_->self(), marks.data(), marks.size(), session.days()); });
  }

 private:
  [[nodiscard]] const rb_broker& api() const { return instance_->api<rb_broker>(); }

  template <class Call>
  Result<OrderReport> one_report(std::string_view function, std::string_view client_id, Call call) {
    auto answers = gather<OrderReport, rb_order_report>(ReadReport{&ordered_});
    auto called = instance_->run(function, [&] { return call(&answers.take, &answers); });
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    if (answers.values.size() != 1) {
      return instance_->returned("{} reports on order {}, must be one", answers.values.size(), client_id);
    }
    if (answers.values.front().client_id != client_id) {
      return instance_->returned("a report on order \"{}\" when asked for \"{}\"", answers.values.front().client_id,
                                 client_id);
    }
    return std::move(answers.values.front());
  }

  Result<Account> account_locked() {
    auto answers = gather<Account, rb_account>(&account_from);
    auto called = instance_->run("account", [&] { return api().account(instance_->self(), &answers.take, &answers); });
    if (!called) return fail(called.error());
    if (!answers.broken.empty()) return instance_->returned("{}", answers.broken);
    if (answers.values.size() != 1) return instance_->returned("{} accounts, must be one", answers.values.size());
    currency_ = answers.values.front().cash.currency();
    return std::move(answers.values.front());
  }

  Result<void> check(const std::vector<Fill>& fills, std::string_view client_id) const {
    std::set<std::string_view> seen;
    Decimal sum;
    for (const Fill& fill : fills) {
      if (fill.client_id != client_id) {
        return instance_->returned("a fill of order \"{}\" when asked for \"{}\"", fill.client_id, client_id);
      }
      if (!seen.insert(fill.id).second) return instance_->returned("fill {} twice", fill.id);
      const auto next = add(sum, fill.quantity.decimal());
      if (!next) return instance_->returned("fills of order {} that overflow", client_id);
      sum = *next;
    }
    const auto limit = ordered_.find(client_id);
    if (limit != ordered_.end() && sum > limit->second.decimal()) {
      return instance_->returned("fills of {} for order {} of {}", sum.to_string(), client_id,
                                 limit->second.to_string());
    }
    return {};
  }

  std::unique_ptr<Instance> instance_;
  std::optional<Currency> currency_;
  OrderedQuantities ordered_;  // what this process sent, by client id
};

}  // namespace

std::unique_ptr<Broker> make_broker_proxy(std::unique_ptr<Instance> instance) {
  return std::make_unique<BrokerProxy>(std::move(instance));
}

}  // namespace rebalancer
