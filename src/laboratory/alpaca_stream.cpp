#include "laboratory/alpaca_stream.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "core/base/json_text.hpp"
#include "laboratory/alpaca_json.hpp"
#include "laboratory/simulator.hpp"

namespace rebalancer::laboratory::alpaca {
namespace {

namespace json = boost::json;

// Empty when there is none.
std::string text_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string authorization(std::string_view action, std::string_view status) {
  JsonText text;
  text.object().member("stream", "authorization").key("data").object();
  return text.member("action", action).member("status", status).end().end().str();
}

bool wants_updates(const json::object& data) {
  const json::value* streams = data.if_contains("streams");
  return streams != nullptr && streams->is_array() &&
         std::ranges::any_of(streams->get_array(), [](const json::value& name) { return name == "trade_updates"; });
}

// Of an order that came to this without a fill; empty when Alpaca has no event for it.
std::string_view event_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::pending_cancel:
    case OrderStatus::cancelled:
    case OrderStatus::expired:
    case OrderStatus::rejected:
    case OrderStatus::replaced:
      return status_text(status);
    default:
      return {};
  }
}

}  // namespace

StreamSession::Reply StreamSession::answer(std::string_view message, const Exchange& exchange, bool refuses) {
  boost::system::error_code error;
  const json::value parsed = json::parse(message, error);
  if (error || !parsed.is_object()) return {authorization("", "unauthorized"), true};
  const json::object& request = parsed.get_object();
  const json::value* found = request.if_contains("data");
  const json::object data = found != nullptr && found->is_object() ? found->get_object() : json::object();
  const std::string action = text_at(request, "action");
  if (action == "authenticate") {
    authorized_ =
        !refuses && text_at(data, "key_id") == laboratory_key && text_at(data, "secret_key") == laboratory_secret;
    return {authorization(action, authorized_ ? "authorized" : "unauthorized"), !authorized_};
  }
  if (action != "listen" || !authorized_) return {authorization(action, "unauthorized"), !authorized_};
  listening_ = wants_updates(data);
  // What was before is not told.
  for (const ExchangeOrder& order : exchange.orders()) told_[order.number] = order.status;
  executions_told_ = exchange.executions().size();
  JsonText text;
  text.object().member("stream", "listening").key("data").object().key("streams").array();
  if (listening_) text.value("trade_updates");
  return {text.end().end().end().str(), false};
}

StreamSession::Update StreamSession::update_of(const Exchange& exchange, std::string_view event,
                                               const ExchangeOrder& order, const Execution* execution) const {
  constexpr std::uint64_t other_events = 3'000'000;  // ids apart from those of fills
  const std::uint64_t number = execution == nullptr
                                   ? other_events + order.number * 16 + static_cast<std::uint64_t>(order.status)
                                   : 1'000'000 + execution->number;
  JsonText text;
  text.object().member("stream", "trade_updates").key("data").object().member("event", event);
  text.member("execution_id", uuid(seed_, Named::client_order, number));
  if (execution != nullptr) {
    text.member("price", execution->price.to_string()).member("qty", execution->quantity.to_string());
    text.member("position_qty", exchange.quantity_of(order.request.symbol).to_string());
  }
  text.member("timestamp", rfc3339(execution == nullptr ? order.updated_at : execution->at)).key("order");
  Writer{exchange, seed_}.order(text, order);
  return {std::string(event), order.request.client_id, text.end().end().str()};
}

std::vector<StreamSession::Update> StreamSession::news(const Exchange& exchange) {
  std::vector<Update> updates;
  if (!listening_) return updates;
  const std::vector<ExchangeOrder>& orders = exchange.orders();
  for (std::size_t i = told_.size(); i < orders.size(); ++i) {
    told_[orders[i].number] = OrderStatus::working;
    updates.push_back(update_of(exchange, "new", orders[i], nullptr));
  }
  for (; executions_told_ < exchange.executions().size(); ++executions_told_) {
    const Execution& execution = exchange.executions()[executions_told_];
    if (execution.order == 0) continue;  // made outside of the interface
    const bool is_last = execution.quantity_left.is_zero();
    updates.push_back(
        update_of(exchange, is_last ? "fill" : "partial_fill", orders.at(execution.order - 1), &execution));
  }
  for (const ExchangeOrder& order : orders) {
    OrderStatus& told = told_[order.number];
    if (told == order.status) continue;
    told = order.status;
    if (const auto event = event_of(order.status); !event.empty()) {
      updates.push_back(update_of(exchange, event, order, nullptr));
    }
  }
  return updates;
}

}  // namespace rebalancer::laboratory::alpaca
