// Taking orders: what is refused and why, and what is known of the account.
#include "laboratory/exchange.hpp"

#include <algorithm>

#include "core/base/random.hpp"
#include "laboratory/arithmetic.hpp"

namespace rebalancer::laboratory {
namespace {

const Decimal one = Decimal::whole(1);
// Keeps every product far from the end of a decimal.
const Decimal value_max = Decimal::whole(100'000'000);
const Decimal quantity_max = Decimal::whole(10'000'000);

bool is_whole(Decimal quantity) { return quantity.billionths() % Decimal::scale == 0; }

Result<std::string> symbol_named(const std::string& name, const std::vector<Instrument>& instruments) {
  if (std::ranges::find(instruments, name, &Instrument::symbol) != instruments.end()) return name;
  const auto found = std::ranges::find(instruments, name, &Instrument::short_name);
  if (found == instruments.end()) {
    return fail(ErrorCode::not_found, "{} is held at the start but is no instrument of this exchange", name);
  }
  if (std::ranges::count(instruments, name, &Instrument::short_name) > 1) {
    return fail(ErrorCode::invalid, "{} is the short name of several instruments; say {}", name, found->symbol);
  }
  return found->symbol;
}

tl::unexpected<Refusal> refuse(Refusal::Why why, std::string text) {
  return tl::unexpected<Refusal>(Refusal{.why = why, .text = std::move(text)});
}

}  // namespace

std::vector<Instrument> usual_instruments() {
  const auto price = [](std::int64_t cents) { return Decimal::from_billionths(cents * 10'000'000); };
  return {
      {.symbol = "SPY", .name = "SPDR S&P 500 ETF Trust", .isin = "US78462F1030", .price = price(61'240)},
      {.symbol = "QQQ",
       .name = "Invesco QQQ Trust",
       .isin = "US46090E1038",
       .exchange = "NASDAQ",
       .price = price(52'615)},
      {.symbol = "IWM", .name = "iShares Russell 2000 ETF", .isin = "US4642876555", .price = price(22'407)},
      {.symbol = "EFA", .name = "iShares MSCI EAFE ETF", .isin = "US4642874659", .price = price(8'163)},
      {.symbol = "EEM", .name = "iShares MSCI Emerging Markets ETF", .isin = "US4642872349", .price = price(4'588)},
      {.symbol = "TLT",
       .name = "iShares 20+ Year Treasury Bond ETF",
       .isin = "US4642874329",
       .exchange = "NASDAQ",
       .price = price(8'792)},
      {.symbol = "AGG", .name = "iShares Core US Aggregate Bond ETF", .isin = "US4642872265", .price = price(9'731)},
      {.symbol = "GLD", .name = "SPDR Gold Shares", .isin = "US78463V1070", .price = price(24'890)},
      {.symbol = "VNQ", .name = "Vanguard Real Estate ETF", .isin = "US9229085538", .price = price(9'014)},
      {.symbol = "AAPL", .name = "Apple Inc.", .isin = "US0378331005", .exchange = "NASDAQ", .price = price(23'187)},
      {.symbol = "WHOL",
       .name = "Whole Shares Only Corp.",
       .isin = "US0000000018",
       .exchange = "NYSE",
       .price = price(3'350),
       .fractionable = false},
      {.symbol = "HALT",
       .name = "Not Tradable Corp.",
       .isin = "US0000000026",
       .exchange = "NYSE",
       .price = price(1'200),
       .tradable = false},
  };
}

Result<Exchange> Exchange::make(ExchangeSettings settings) {
  auto calendar = calendar_named(settings.calendar);
  if (!calendar) return fail(calendar.error());
  if (settings.instruments.empty()) settings.instruments = usual_instruments();
  std::map<std::string, Decimal> quantities;
  for (const auto& [name, quantity] : settings.quantities) {
    const auto symbol = symbol_named(name, settings.instruments);
    if (!symbol) return fail(symbol.error());
    if (!quantity.is_positive() || quantity > quantity_max) {
      return fail(ErrorCode::invalid, "{} of {} held at the start must be above 0 and at most {}", quantity.to_string(),
                  name, quantity_max.to_string());
    }
    quantities[*symbol] = quantity;
  }
  settings.quantities = std::move(quantities);
  if (settings.cash.is_negative() || settings.cash > Decimal::whole(1'000'000'000)) {
    return fail(ErrorCode::invalid, "cash of {} at the start must be from 0 to 1000000000", settings.cash.to_string());
  }
  return Exchange(std::move(settings), *std::move(calendar));
}

Exchange::Exchange(ExchangeSettings settings, std::shared_ptr<const Calendar> calendar)
    : settings_(std::move(settings)), calendar_(std::move(calendar)), now_(settings_.start), cash_(settings_.cash) {
  for (const Instrument& instrument : settings_.instruments) instruments_.emplace(instrument.symbol, instrument);
  for (const auto& [symbol, quantity] : settings_.quantities) {
    const Instrument& instrument = instruments_.at(symbol);
    holdings_[symbol] = {quantity, times(times(quantity, instrument.price), instrument.rate)};
  }
}

Instant Exchange::shown_now() const { return Instant::from_nanoseconds(now_.nanoseconds() + clock_error_.count()); }

bool Exchange::is_open() const { return session().open <= now_; }

Session Exchange::session_at(Instant instant) const {
  const Date date = calendar_->next_session(calendar_->last_completed_session(instant));
  return {date, calendar_->open(date), calendar_->close(date)};
}

Session Exchange::session_after(const Session& session) const {
  const Date date = calendar_->next_session(session.date);
  return {date, calendar_->open(date), calendar_->close(date)};
}

// Of a buy, at the worst price it can fill at. With its fee, in the account's currency.
Decimal Exchange::worst_value(const OrderRequest& request, Decimal quantity) const {
  const Instrument& instrument = instruments_.at(request.symbol);
  Decimal value = request.notional.value_or(Decimal());
  if (!request.notional) {
    const Decimal worst = Decimal::from_billionths(settings_.rules.slippage_basis_points_max * Decimal::scale / 10'000);
    // A cent more: fill prices are rounded up to the next tick.
    const Decimal price = request.limit ? *request.limit
                                        : plus(times(instrument.price, plus(one, worst), Rounding::ceiling),
                                               Decimal::from_billionths(10'000'000));
    value = times(times(quantity, price, Rounding::ceiling), instrument.rate, Rounding::ceiling);
  }
  return plus(value, times(value, instrument.fee_rate, Rounding::ceiling));
}

Decimal Exchange::reservation(const ExchangeOrder& order) const {
  if (order.request.side != Side::buy) return Decimal();
  return worst_value(order.request, order.remaining());
}

Decimal Exchange::reserved_cash() const {
  Decimal sum;
  for (const std::uint64_t number : open_) sum = plus(sum, reservation(orders_.at(number - 1)));
  return sum;
}

Decimal Exchange::unsettled_cash() const {
  Decimal sum;
  for (const Unsettled& unsettled : unsettled_) sum = plus(sum, unsettled.amount);
  return sum;
}

Decimal Exchange::buying_power() const {
  Decimal power = minus(cash_, reserved_cash());
  if (!settings_.unsettled_cash_buys) power = minus(power, unsettled_cash());
  return power.is_negative() ? Decimal() : power;
}

Decimal Exchange::held_for_orders(const std::string& symbol) const {
  Decimal sum;
  for (const std::uint64_t number : open_) {
    const ExchangeOrder& order = orders_.at(number - 1);
    if (order.request.side == Side::sell && order.request.symbol == symbol) sum = plus(sum, order.remaining());
  }
  return sum;
}

Decimal Exchange::quantity_of(const std::string& symbol) const {
  const auto found = holdings_.find(symbol);
  return found == holdings_.end() ? Decimal() : found->second.quantity;
}

Decimal Exchange::market_value(const std::string& symbol) const {
  const Instrument& instrument = instruments_.at(symbol);
  return times(times(quantity_of(symbol), instrument.price), instrument.rate);
}

Decimal Exchange::equity() const {
  Decimal sum = cash_;
  for (const auto& [symbol, holding] : holdings_) sum = plus(sum, market_value(symbol));
  return sum;
}

Outcome<void> Exchange::check_price(const OrderRequest& request) const {
  if (request.limit.has_value() != (request.type == OrderType::limit)) {
    return refuse(Refusal::Why::bad_price,
                  request.limit ? "a market order has no limit price" : "limit orders require a limit price");
  }
  if (!request.limit) return {};
  if (!request.limit->is_positive() || *request.limit > Decimal::whole(1'000'000)) {
    return refuse(Refusal::Why::bad_price, "limit price must be above 0 and at most 1000000");
  }
  // Shares below a dollar trade in hundredths of a cent.
  const std::int64_t tick = *request.limit < one ? Decimal::scale / 10'000 : Decimal::scale / 100;
  if (instruments_.at(request.symbol).currency == "USD" && request.limit->billionths() % tick != 0) {
    return refuse(Refusal::Why::bad_price, "invalid limit_price " + request.limit->to_string() +
                                               ". sub-penny increment does not fulfill minimum pricing criteria");
  }
  return {};
}

Outcome<void> Exchange::check_funds(const OrderRequest& request, Decimal freed_cash, Decimal freed_quantity) const {
  if (request.side == Side::buy) {
    const Decimal cost = worst_value(request, request.quantity);
    const Decimal power = plus(buying_power(), freed_cash);
    if (cost <= power) return {};
    Refusal refusal{.why = Refusal::Why::buying_power, .text = "insufficient buying power"};
    refusal.wanted = cost;
    refusal.available = power;
    return tl::unexpected<Refusal>(std::move(refusal));
  }
  const Decimal held = minus(held_for_orders(request.symbol), freed_quantity);
  const Decimal existing = quantity_of(request.symbol);
  const Decimal available = minus(existing, held);
  if (request.quantity <= available) return {};
  Refusal refusal{.why = Refusal::Why::quantity_available};
  refusal.text = "insufficient qty available for order (requested: " + request.quantity.to_string() +
                 ", available: " + available.to_string() + ")";
  refusal.wanted = request.quantity;
  refusal.available = available;
  refusal.existing = existing;
  refusal.held = held;
  return tl::unexpected<Refusal>(std::move(refusal));
}

Outcome<void> Exchange::check(const OrderRequest& request, Decimal freed_cash, Decimal freed_quantity) const {
  if (blocked_) return refuse(Refusal::Why::blocked, "trading is blocked for this account");
  if (settings_.client_ids && by_client_id_.contains(request.client_id)) {
    return refuse(Refusal::Why::duplicate_client_id, "client_order_id must be unique");
  }
  const auto found = instruments_.find(request.symbol);
  if (found == instruments_.end()) {
    return refuse(Refusal::Why::unknown_symbol, "asset \"" + request.symbol + "\" not found");
  }
  const Instrument& instrument = found->second;
  if (!instrument.tradable) {
    return refuse(Refusal::Why::not_tradable, "asset \"" + request.symbol + "\" is not tradable");
  }
  if (request.notional && (request.notional->is_negative() || *request.notional < settings_.notional_min)) {
    return refuse(Refusal::Why::below_minimum, "notional amount must be >= " + settings_.notional_min.to_string());
  }
  if (!request.notional && (!request.quantity.is_positive() || request.quantity > quantity_max)) {
    return refuse(Refusal::Why::bad_quantity, "qty must be > 0 and at most " + quantity_max.to_string());
  }
  if (request.notional.value_or(times(request.quantity, instrument.price)) > value_max) {
    return refuse(Refusal::Why::bad_quantity, "the order is worth more than " + value_max.to_string());
  }
  if (request.notional || !is_whole(request.quantity)) {
    if (!instrument.fractionable) {
      return refuse(Refusal::Why::not_fractionable, "asset \"" + request.symbol + "\" is not fractionable");
    }
    if (settings_.client_ids && request.time_in_force != TimeInForce::day) {
      return refuse(Refusal::Why::bad_time_in_force, "fractional orders must be DAY orders");
    }
  }
  if (auto priced = check_price(request); !priced) return priced;
  return check_funds(request, freed_cash, freed_quantity);
}

std::uint64_t Exchange::take(OrderRequest request) {
  ExchangeOrder order;
  order.number = orders_.size() + 1;
  if (!request.client_id.empty()) by_client_id_.emplace(request.client_id, order.number);
  order.request = std::move(request);
  order.submitted_at = shown_now();
  order.updated_at = order.submitted_at;
  plan(order);
  open_.push_back(order.number);
  orders_.push_back(std::move(order));
  return orders_.size();
}

Outcome<std::uint64_t> Exchange::submit(OrderRequest request) {
  if (request.notional && instruments_.contains(request.symbol)) {
    // What it will be in shares is known when it fills; for checks and reservations today's price is good enough.
    const Instrument& instrument = instruments_.at(request.symbol);
    if (*request.notional <= value_max) {
      request.quantity = over(*request.notional, times(instrument.price, instrument.rate), Rounding::floor);
    }
  }
  if (auto checked = check(request, Decimal(), Decimal()); !checked) return tl::unexpected<Refusal>(checked.error());
  return take(std::move(request));
}

Outcome<void> Exchange::cancel(std::uint64_t number) {
  if (number == 0 || number > orders_.size()) return refuse(Refusal::Why::not_found, "order not found");
  ExchangeOrder& order = open_order(number);
  if (is_done(order.status)) {
    return refuse(Refusal::Why::not_open, "order is already in \"" + std::string(name_of(order.status)) + "\" state");
  }
  if (order.status == OrderStatus::pending_cancel) return {};
  Random random(settings_.seed * 31 + number);
  const auto pause_max = static_cast<std::uint64_t>(settings_.rules.cancel_pause_max.count());
  order.cancel_at =
      Instant::from_nanoseconds(now_.nanoseconds() + static_cast<std::int64_t>(random.below(pause_max + 1)));
  order.status = OrderStatus::pending_cancel;
  order.updated_at = shown_now();
  return {};
}

Outcome<std::uint64_t> Exchange::replace(std::uint64_t number, OrderRequest request) {
  if (number == 0 || number > orders_.size()) return refuse(Refusal::Why::not_found, "order not found");
  {
    const ExchangeOrder& old = orders_.at(number - 1);
    if (is_done(old.status) || old.status == OrderStatus::pending_cancel) {
      return refuse(Refusal::Why::not_open, "order is in \"" + std::string(name_of(old.status)) + "\" state");
    }
    if (old.filled.is_positive() || old.request.notional) {
      return refuse(Refusal::Why::not_open,
                    "the laboratory replaces only orders in shares of which nothing has filled");
    }
    const Decimal freed = old.request.side == Side::sell ? old.remaining() : Decimal();
    if (auto checked = check(request, reservation(old), freed); !checked) {
      return tl::unexpected<Refusal>(checked.error());
    }
  }
  finish(open_order(number), OrderStatus::replaced, now_, "replaced");
  const std::uint64_t made = take(std::move(request));
  orders_.at(number - 1).replaced_by = made;
  orders_.at(made - 1).replaces = number;
  return made;
}

const ExchangeOrder* Exchange::order_of(std::string_view client_id) const {
  const auto found = by_client_id_.find(client_id);
  return found == by_client_id_.end() ? nullptr : &orders_.at(found->second - 1);
}

const ExchangeOrder* Exchange::look_up(std::uint64_t number) {
  if (number == 0 || number > orders_.size()) return nullptr;
  ExchangeOrder& order = open_order(number);
  if (order.hidden_lookups > 0) {
    --order.hidden_lookups;
    return nullptr;
  }
  return &order;
}

const ExchangeOrder* Exchange::look_up(std::string_view client_id) {
  const auto found = by_client_id_.find(client_id);
  return found == by_client_id_.end() ? nullptr : look_up(found->second);
}

std::vector<const ExchangeOrder*> Exchange::visible_orders() {
  std::vector<const ExchangeOrder*> visible;
  for (ExchangeOrder& order : orders_) {
    if (order.hidden_lookups > 0) {
      --order.hidden_lookups;
    } else {
      visible.push_back(&order);
    }
  }
  return visible;
}

}  // namespace rebalancer::laboratory
