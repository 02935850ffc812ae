// What Alpaca's stream may send: it is understood or refused with a sentence, and an update names its order.
#include "alpaca/trade_updates.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

void check(std::string_view input) {
  using Kind = alpaca::StreamMessage::Kind;
  const auto message = alpaca::stream_message_from(input);
  if (!message) {
    expect(message.error().code == ErrorCode::invalid, "what is no message is invalid", message.error().message);
    return expect(!message.error().message.empty(), "a refusal has a sentence");
  }
  expect(input.size() <= alpaca::stream_message_bytes_max, "a message that is too large is refused");
  expect(message->kind == Kind::refused || message->why.empty(), "only a refusal says why");
  expect(message->kind == Kind::update || message->client_id.empty(), "only an update names an order");
}

const Target target("alpaca_stream", check);

}  // namespace
}  // namespace rebalancer::fuzz
