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

// A clock that was set back makes nothing younger.
bool within(Instant from, Instant now, std::int64_t seconds_max) {
  return from <= now && now.nanoseconds() - from.nanoseconds() <= seconds_max * 1'000'000'000;
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

void OrderHints::listening(Instant now) {
  const std::lock_guard lock(mutex_);
  // What happened before nobody told.
  news_of_all_ = ++number_;
  heard_ = now;
}

void OrderHints::heard(Instant now) {
  const std::lock_guard lock(mutex_);
  if (!heard_) return;
  // After a silence some of what was to be heard may be gone.
  if (!within(*heard_, now, silence_s_max)) news_of_all_ = ++number_;
  heard_ = now;
}

void OrderHints::lost() {
  const std::lock_guard lock(mutex_);
  heard_.reset();
}

void OrderHints::news(std::string_view client_id, Instant now) {
  heard(now);
  const std::lock_guard lock(mutex_);
  ++number_;
  const auto known = orders_.find(client_id);
  (known == orders_.end() ? news_of_all_ : known->second.news) = number_;
}

OrderHints::Look OrderHints::look(Instant now) const {
  const std::lock_guard lock(mutex_);
  return {number_, now};
}

void OrderHints::seen(std::string_view client_id, const WireOrder& order, const Look& look) {
  const std::lock_guard lock(mutex_);
  const auto known = orders_.find(client_id);
  const State state = state_of(order);
  if (!state.known || (state.state != RB_OPEN && state.state != RB_PARTIAL)) {
    if (known != orders_.end()) orders_.erase(known);
  } else if (known != orders_.end()) {
    known->second.order = order;
    known->second.look = look;
  } else if (orders_.size() < orders_max) {
    orders_.emplace(client_id, Known{order, look, 0});
  }
}

std::optional<WireOrder> OrderHints::snapshot(std::string_view client_id, Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto known = orders_.find(client_id);
  if (known == orders_.end() || !heard_ || !within(*heard_, now, silence_s_max)) return std::nullopt;
  const Look& look = known->second.look;
  if (!within(look.at, now, snapshot_age_s_max)) return std::nullopt;
  if (std::max(known->second.news, news_of_all_) > look.number) return std::nullopt;
  return known->second.order;
}

}  // namespace alpaca
