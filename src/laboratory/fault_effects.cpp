#include "laboratory/fault_effects.hpp"

#include <algorithm>

namespace rebalancer::laboratory {
namespace {

WireAnswer page_for_humans(std::int64_t status) {
  return {static_cast<int>(status),
          {{"Content-Type", "text/html; charset=utf-8"}},
          "<!DOCTYPE html>\n<html><head><title>Scheduled maintenance</title></head>\n"
          "<body><h1>We will be back soon</h1><p>Our systems are being updated.</p></body></html>\n"};
}

}  // namespace

void change_world(const std::vector<Fault>& faults, Exchange& exchange) {
  for (const Fault& fault : faults) {
    switch (fault.kind) {
      case FaultKind::blocked:
        exchange.set_blocked(fault.number != 0);
        break;
      case FaultKind::clock_jump:
        exchange.jump_clock(std::chrono::seconds(fault.number));
        break;
      case FaultKind::overnight:
        exchange.pass_night();
        break;
      case FaultKind::split:
      case FaultKind::split_untold:
        exchange.split(fault.symbol, fault.number, fault.for_each, fault.kind == FaultKind::split);
        break;
      case FaultKind::dividend:
        exchange.pay_dividend(fault.symbol, fault.amount);
        break;
      case FaultKind::outside_trade:
        exchange.trade_outside(fault.symbol, fault.amount);
        break;
      case FaultKind::price:
        exchange.set_price(fault.symbol, fault.amount);
        break;
      default:
        break;
    }
  }
}

void change_order(const std::vector<Fault>& faults, Exchange& exchange, std::uint64_t order) {
  for (const Fault& fault : faults) {
    if (fault.kind == FaultKind::hidden) exchange.hide(order, static_cast<int>(fault.number));
    if (fault.kind == FaultKind::rejected_later) exchange.reject_later(order);
    if (fault.kind == FaultKind::spread_fill) exchange.spread_over_days(order, static_cast<int>(fault.number));
    if (fault.kind == FaultKind::never_fill) exchange.never_fill(order);
  }
}

ListFaults list_faults_of(const std::vector<Fault>& faults) {
  const auto has = [&faults](FaultKind kind) { return std::ranges::find(faults, kind, &Fault::kind) != faults.end(); };
  return {has(FaultKind::duplicate_fills), has(FaultKind::reordered_fills), has(FaultKind::dropped_fill),
          has(FaultKind::short_list), has(FaultKind::no_end)};
}

std::optional<Delivery> refused(const std::vector<Fault>& faults, const HttpSimulator& simulator,
                                const Exchange& exchange) {
  for (const Fault& fault : faults) {
    switch (fault.kind) {
      case FaultKind::connection_lost:
      case FaultKind::restart:
      case FaultKind::link_lost:
        return Delivery{{}, Delivery::Way::closed, 0};
      case FaultKind::half_open:
        return Delivery{{}, Delivery::Way::silent, 0};
      case FaultKind::error_before:
        return Delivery{simulator.broken(static_cast<int>(fault.number)), Delivery::Way::whole, 0};
      case FaultKind::html_before:
        return Delivery{page_for_humans(fault.number), Delivery::Way::whole, 0};
      case FaultKind::too_many:
        return Delivery{simulator.too_many(exchange, fault.number), Delivery::Way::whole, 0};
      case FaultKind::unauthorized:
        return Delivery{simulator.unauthorized(), Delivery::Way::whole, 0};
      case FaultKind::forbidden:
        return Delivery{simulator.forbidden(), Delivery::Way::whole, 0};
      default:
        break;
    }
  }
  return std::nullopt;
}

Delivery delivered(const std::vector<Fault>& faults, WireAnswer answer, const HttpSimulator& simulator) {
  Delivery delivery{std::move(answer), Delivery::Way::whole, 0};
  for (const Fault& fault : faults) {
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, fault.number));
    switch (fault.kind) {
      case FaultKind::reply_lost:
        delivery.way = Delivery::Way::closed;
        break;
      case FaultKind::silent_after:
        delivery.way = Delivery::Way::silent;
        break;
      case FaultKind::error_after:
        delivery.answer = simulator.broken(static_cast<int>(fault.number));
        break;
      case FaultKind::html_after:
        delivery.answer = page_for_humans(fault.number);
        break;
      case FaultKind::cut:
        delivery.way = Delivery::Way::cut;
        // The whole body would be no fault.
        delivery.bytes = std::min(bytes, delivery.answer.body.empty() ? 0 : delivery.answer.body.size() - 1);
        break;
      case FaultKind::cut_body:
        if (!delivery.answer.body.empty()) {
          delivery.answer.body.resize(std::min(bytes, delivery.answer.body.size() - 1));
        }
        break;
      case FaultKind::slow:
        delivery.way = Delivery::Way::slow;
        delivery.bytes = bytes;
        break;
      default:
        break;
    }
  }
  return delivery;
}

}  // namespace rebalancer::laboratory
