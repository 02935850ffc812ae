#include "trade_updates.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <rebalancer/plugin.h>

namespace alpaca {
namespace {

namespace support = rebalancer::plugin_support;
using rebalancer::ErrorCode;
using rebalancer::Result;

constexpr std::string_view updates = "trade_updates";

// The status says that the order stays as it is until the market, or somebody, does something.
bool waits(const WireOrder& order) {
  const State state = state_of(order);
  return state.known && is_open(state) && order.status != "pending_cancel" && order.status != "pending_replace";
}

StreamMessage understood(const Json& json) {
  const Fields fields(json, "a message of the stream");
  const std::string stream = fields.text("stream");
  StreamMessage message;
  if (stream == "authorization") {
    const Fields data = fields.object("data");
    const std::string status = data.text("status");
    message.kind = status == "authorized" ? StreamMessage::Kind::authorized : StreamMessage::Kind::refused;
    if (message.kind == StreamMessage::Kind::refused) message.why = data.text_or("message", status);
  } else if (stream == "listening") {
    const Json* data = json.find("data");
    const Json* streams = data == nullptr ? nullptr : data->find("streams");
    const bool ours = streams != nullptr && std::any_of(streams->items().begin(), streams->items().end(),
                                                        [](const Json& item) { return item.text() == updates; });
    message.kind = ours ? StreamMessage::Kind::listening : StreamMessage::Kind::refused;
    if (!ours) message.why = "trade_updates is not among the streams";
  } else if (stream == updates) {
    message.client_id = fields.object("data").object("order").text("client_order_id");
    message.kind = StreamMessage::Kind::update;
  }
  return message;
}

}  // namespace

Result<StreamMessage> stream_message_from(std::string_view bytes) {
  if (bytes.size() > stream_message_bytes_max) {
    return rebalancer::fail(ErrorCode::invalid, "a message of the stream has {} bytes, must be at most {}",
                            bytes.size(), stream_message_bytes_max);
  }
  const auto json = Json::parse(bytes);
  if (!json) return rebalancer::fail(json.error());
  try {
    return understood(*json);
  } catch (const support::BadAnswer& bad) {
    return rebalancer::fail(ErrorCode::invalid, "{}", bad.what());
  }
}

void OrderHints::listening() {
  const std::lock_guard lock(mutex_);
  // What happened before nobody told.
  news_of_all_ = ++number_;
  listening_ = true;
}

void OrderHints::beat() {
  const std::lock_guard lock(mutex_);
  ++beat_;
}

void OrderHints::lost() {
  const std::lock_guard lock(mutex_);
  listening_ = false;
}

void OrderHints::news(std::string_view client_id) {
  const std::lock_guard lock(mutex_);
  ++number_;
  const auto found = orders_.find(client_id);
  (found == orders_.end() ? news_of_all_ : found->second.news) = number_;
}

void OrderHints::news_of_all() {
  const std::lock_guard lock(mutex_);
  news_of_all_ = ++number_;
}

OrderHints::Known* OrderHints::known(std::string_view client_id) {
  if (const auto found = orders_.find(client_id); found != orders_.end()) return &found->second;
  if (orders_.size() >= orders_max) {
    std::erase_if(orders_, [](const auto& entry) { return !entry.second.order; });
    if (orders_.size() >= orders_max) return nullptr;
  }
  return &orders_[std::string(client_id)];
}

void OrderHints::expect(std::string_view client_id) {
  const std::lock_guard lock(mutex_);
  if (Known* expected = known(client_id)) expected->news = ++number_;
}

OrderHints::Look OrderHints::look(Instant now) const {
  const std::lock_guard lock(mutex_);
  return {number_, beat_, now};
}

void OrderHints::seen(std::string_view client_id, const WireOrder& order, const Look& look) {
  const std::lock_guard lock(mutex_);
  Known* const seen = known(client_id);
  if (seen == nullptr) return;
  seen->order = waits(order) ? std::optional(order) : std::nullopt;
  seen->look = look;
}

std::optional<WireOrder> OrderHints::snapshot(std::string_view client_id, Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto found = orders_.find(client_id);
  if (!listening_ || found == orders_.end()) return std::nullopt;
  const Look& look = found->second.look;
  const std::int64_t age_ns = now.nanoseconds() - look.at.nanoseconds();
  if (age_ns < 0 || age_ns > snapshot_age_s_max * 1'000'000'000) return std::nullopt;
  if (beat_ - look.beat >= snapshot_beats_max) return std::nullopt;
  if (std::max(found->second.news, news_of_all_) > look.number) return std::nullopt;
  return found->second.order;
}

}  // namespace alpaca
