#include "client.hpp"

#include <fmt/format.h>

#include "symbols.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::sdk::Failure;

constexpr std::string_view summary_tags = "NetLiquidation,TotalCashValue,AvailableFunds,BuyingPower";

bool is_multiple(Decimal value, Decimal step) { return value.billionths() % step.billionths() == 0; }

std::string described(const Wanted& order) {
  return fmt::format("order {} ({} {} {})", order.client_id, order.buy ? "buy" : "sell", order.quantity.to_string(),
                     order.symbol);
}

}  // namespace

Client::Client(rebalancer::sdk::Host host, ClientSettings settings)
    : host_(host),
      settings_(std::move(settings)),
      book_(settings_.session.client_id, [host](const std::string& text) { host.warning(text); }),
      ids_(settings_.ids_file, settings_.session.client_id),
      session_(host, settings_.session, book_, ids_) {}

AccountFigures Client::account() {
  session_.ready();
  session_.require_line();
  const std::int32_t number = session_.new_request();
  std::map<std::string, AccountValue> values;
  session_.read_list(
      {account_summary_request(number, summary_tags), "the account's summary", 63, 64, number, false, {}},
      [&](const Message& message) {
        const auto* value = std::get_if<AccountValue>(&message);
        if (value == nullptr || value->request != number || value->account != session_.account()) return;
        values[value->tag] = *value;
      });
  // No more than two summaries may be kept up at a time.
  session_.ask(account_summary_cancel_request(number));
  const auto figure = [&](const char* tag) {
    const auto found = values.find(tag);
    if (found == values.end()) {
      throw Failure(RB_UNAVAILABLE, fmt::format("the summary of account {} has no {}", session_.account(), tag));
    }
    const AccountValue& told = found->second;
    if (told.currency != settings_.session.currency) {
      throw Failure(RB_INVALID, fmt::format("account {} is kept in {}, and currency is {}", session_.account(),
                                            told.currency, settings_.session.currency));
    }
    const auto number_told = nearest_number(told.value);
    if (!number_told) {
      throw Failure(RB_UNAVAILABLE,
                    fmt::format("{} of account {}: {}", tag, session_.account(), number_told.error().message));
    }
    return *number_told;
  };
  return {session_.account(), figure("TotalCashValue"), figure("NetLiquidation"), figure("BuyingPower")};
}

std::vector<Holding> Client::positions() {
  session_.ready();
  session_.require_line();
  std::vector<PositionMessage> told;
  session_.read_list({positions_request(), "the list of positions", 61, 62, 0, false, {}}, [&](const Message& message) {
    const auto* position = std::get_if<PositionMessage>(&message);
    if (position != nullptr && position->account == session_.account()) told.push_back(*position);
  });
  session_.ask(positions_cancel_request());
  std::map<std::string, PositionMessage> stocks;
  for (const PositionMessage& position : told) {
    const Contract& contract = position.contract;
    const auto symbol = own_symbol(contract.symbol, settings_.class_separator);
    if (position.quantity.is_zero() && !stocks.contains(symbol.value_or(""))) continue;
    if (contract.security_type != "STK" || !symbol) {
      host_.warning(fmt::format("the position of {} {} ({}) is left out: only stocks with a plain symbol are managed",
                                position.quantity.to_string(), contract.local_symbol, contract.security_type));
      continue;
    }
    if (contract.currency != settings_.session.currency) {
      throw Failure(RB_CONFLICT,
                    fmt::format("the position of {} {} is in {}, and currency is {}: its value would be "
                                "taken for another",
                                position.quantity.to_string(), *symbol, contract.currency, settings_.session.currency));
    }
    const auto [place, fresh] = stocks.emplace(*symbol, position);
    // A list may say the same twice while something changes: the later one counts.
    if (!fresh && place->second.contract.con_id != contract.con_id) {
      throw Failure(RB_CONFLICT, fmt::format("two positions of {}: contracts {} and {}", *symbol,
                                             place->second.contract.con_id, contract.con_id));
    }
    place->second = position;
  }
  std::vector<Holding> holdings;
  for (const auto& [symbol, position] : stocks) holdings.push_back({symbol, position.quantity});
  return holdings;
}

ContractDetails Client::ask_contract(const std::string& symbol) {
  const std::int32_t number = session_.new_request();
  std::map<std::int64_t, ContractDetails> found;
  const std::string& currency = settings_.session.currency;
  try {
    session_.read_list({stock_details_request(number, wire_symbol(symbol), currency, session_.version()),
                        fmt::format("the contract of {}", symbol),
                        10,
                        52,
                        number,
                        false,
                        {}},
                       [&](const Message& message) {
                         const auto* details = std::get_if<ContractDetails>(&message);
                         if (details == nullptr || details->request != number) return;
                         found.emplace(details->contract.con_id, *details);
                       });
  } catch (const Failure& failure) {
    if (failure.code() != RB_NOT_FOUND) throw;
    throw Failure(RB_REJECTED,
                  fmt::format("Interactive Brokers knows no stock {} in {}: {}", symbol, currency, failure.why()));
  }
  if (found.empty()) {
    throw Failure(RB_REJECTED, fmt::format("Interactive Brokers knows no stock {} in {}", symbol, currency));
  }
  if (found.size() > 1) {
    std::string all;
    for (const auto& [con_id, details] : found) {
      all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", con_id, details.primary_exchange);
    }
    throw Failure(RB_REJECTED, fmt::format("{} in {} is more than one contract: {}", symbol, currency, all));
  }
  const ContractDetails& details = found.begin()->second;
  const Contract& contract = details.contract;
  if (contract.symbol != wire_symbol(symbol) || contract.security_type != "STK" || contract.currency != currency) {
    throw Failure(RB_REJECTED,
                  fmt::format("asked for the stock {} in {}, Interactive Brokers tells of {} {} in {}", symbol,
                              currency, contract.security_type, contract.symbol, contract.currency));
  }
  return details;
}

const ContractDetails& Client::contract(const std::string& symbol) {
  const auto known = contracts_.find(symbol);
  if (known != contracts_.end()) return known->second;
  return contracts_.emplace(symbol, ask_contract(symbol)).first->second;
}

void Client::check_hours(const std::string& symbol) {
  for (int attempt = 0;; ++attempt) {
    const ContractDetails& details = contract(symbol);
    const auto zone = zone_named(details.time_zone);
    if (!zone) {
      throw Failure(RB_REJECTED, fmt::format("the hours of {} are in the time zone \"{}\": {}", symbol,
                                             details.time_zone, zone.error().message));
    }
    const auto hours = market_hours(details.liquid_hours, *zone, Instant::from_nanoseconds(host_.now()));
    if (!hours) throw Failure(RB_REJECTED, fmt::format("the hours of {}: {}", symbol, hours.error().message));
    if (hours->state == MarketHours::State::open) return;
    if (hours->state == MarketHours::State::closed) {
      throw Failure(RB_REJECTED, fmt::format("the market of {} is closed{}, and queue_when_closed is off", symbol,
                                             hours->next_open ? " until " + hours->next_open->to_string() : ""));
    }
    // What is known is days old, or the clock is wrong.
    if (attempt > 0) {
      throw Failure(RB_REJECTED, fmt::format("the hours that Interactive Brokers tells of {} do not reach this day: {}",
                                             symbol, details.liquid_hours.substr(0, 100)));
    }
    contracts_.erase(symbol);
  }
}

void Client::check_sizes(const Wanted& order, const ContractDetails& details) const {
  const auto refuse = [&](const std::string& why) {
    throw Failure(RB_REJECTED, fmt::format("{}: {}", described(order), why));
  };
  if (!settings_.fractional && !is_multiple(order.quantity, Decimal::whole(1))) {
    refuse("only whole shares are traded, unless fractional is on");
  }
  if (details.size_min && order.quantity < *details.size_min) {
    refuse(fmt::format("the least quantity is {}", details.size_min->to_string()));
  }
  if (details.size_increment && details.size_increment->is_positive() &&
      !is_multiple(order.quantity, *details.size_increment)) {
    refuse(fmt::format("the quantity must be a multiple of {}", details.size_increment->to_string()));
  }
  if (order.limit && details.tick_min && details.tick_min->is_positive() &&
      !is_multiple(*order.limit, *details.tick_min)) {
    refuse(
        fmt::format("the limit {} must be a multiple of {}", order.limit->to_string(), details.tick_min->to_string()));
  }
}

const ContractDetails& Client::tradable(const Wanted& order) {
  // What is older than this does not know of a split or of a holiday made in a hurry.
  if (!settings_.queue_when_closed) check_hours(order.symbol);
  const ContractDetails& details = contract(order.symbol);
  if (details.price_magnifier != 1) {
    throw Failure(RB_REJECTED, fmt::format("prices of {} are told in units of 1/{}: that is not supported",
                                           order.symbol, details.price_magnifier));
  }
  check_sizes(order, details);
  return details;
}

}  // namespace interactive_brokers
