#include "update_stream.hpp"

#include <utility>

#include "core/base/json_text.hpp"

namespace alpaca {
namespace {

namespace support = rebalancer::plugin_support;

std::string authentication(const ClientSettings& settings) {
  rebalancer::JsonText json;
  json.object().member("action", "authenticate").key("data").object();
  return json.member("key_id", settings.api_key).member("secret_key", settings.secret_key).end().end().str();
}

std::string wish_to_listen() {
  rebalancer::JsonText json;
  json.object().member("action", "listen").key("data").object().key("streams").array().value("trade_updates");
  return json.end().end().end().str();
}

}  // namespace

std::string stream_url_of(std::string_view base_url) {
  // https to wss, http to ws, whatever follows.
  if (base_url.starts_with("http")) base_url.remove_prefix(4);
  return fmt::format("ws{}/stream", base_url);
}

void UpdateStream::open() {
  if (client_ || !settings_.stream) return;
  support::WebSocketSettings settings{.url = stream_url_of(settings_.base_url)};
  settings.message_bytes_max = stream_message_bytes_max;
  support::WebSocketEvents events;
  events.opened = [this] { return authentication(settings_); };
  events.message = [this](std::string_view bytes) { return hear(bytes); };
  events.beat = [this] { hints_.beat(); };
  events.lost = [this](std::string_view why) { lose(why); };
  client_ = std::make_unique<support::WebSocketClient>(std::move(settings), std::move(events));
}

UpdateStream::Answer UpdateStream::hear(std::string_view bytes) {
  const auto message = stream_message_from(bytes);
  if (!message) {
    hints_.news_of_all();
    return {};
  }
  switch (message->kind) {
    case StreamMessage::Kind::authorized:
      return {wish_to_listen(), false};
    case StreamMessage::Kind::refused: {
      const std::lock_guard lock(mutex_);
      refusal_ = message->why;
      return {"", true};
    }
    case StreamMessage::Kind::listening:
      hints_.listening();
      return {};
    case StreamMessage::Kind::update:
      hints_.news(message->client_id);
      return {};
    case StreamMessage::Kind::other:
      break;
  }
  return {};
}

void UpdateStream::lose(std::string_view why) {
  hints_.lost();
  const std::lock_guard lock(mutex_);
  if (!refusal_.empty()) {
    warning_ = fmt::format("Alpaca refuses the stream of trade updates ({}): orders are asked for", refusal_);
  } else if (!std::exchange(has_warned_, true)) {
    warning_ = fmt::format("the stream of trade updates is not there ({}): orders are asked for until it is", why);
  }
}

std::optional<std::string> UpdateStream::warning() {
  const std::lock_guard lock(mutex_);
  if (warning_.empty()) return std::nullopt;
  return std::exchange(warning_, std::string());
}

}  // namespace alpaca
