// Alpaca's stream on its WebSocket: agreement, keys, updates, with the faults of the script between them.
#include <algorithm>

#include <fmt/format.h>

#include "laboratory/alpaca_stream.hpp"
#include "laboratory/fault_effects.hpp"
#include "laboratory/laboratory.hpp"
#include "laboratory/simulator.hpp"
#include "laboratory/socket_server.hpp"
#include "laboratory/websocket.hpp"

namespace rebalancer::laboratory {
namespace {

using Kind = WebSocketFrame::Kind;

// How long a connection without messages waits before it looks for news.
constexpr std::chrono::milliseconds idle_wait{20};

bool has(const std::vector<Fault>& faults, FaultKind kind) {
  return std::ranges::find(faults, kind, &Fault::kind) != faults.end();
}

}  // namespace

// One connection: what is to be sent, and how it goes on.
struct Laboratory::Stream {
  explicit Stream(std::uint64_t seed) : session(seed) {}
  alpaca::StreamSession session;
  bool refuses_keys = false;
  std::string message;  // of which not all frames have come
  std::string late;     // an update that comes after the next one
  std::string bytes;
  bool closes = false;
  bool silent = false;  // nothing more is heard or said, and the connection stays
};

Delivery Laboratory::open_stream(const WireRequest& request, std::vector<Fault> faults) {
  change_the_world(faults);
  // It is the stream that says so, not HTTP.
  const bool refuses_keys =
      std::erase_if(faults, [](const Fault& fault) { return fault.kind == FaultKind::unauthorized; }) > 0;
  if (auto refusal = refused(faults, *simulator_, exchange_)) return *std::move(refusal);
  Delivery delivery{websocket_answer(request), Delivery::Way::whole, 0};
  if (delivery.answer.status != 101) return delivery;
  const bool silent = has(faults, FaultKind::silent_after);
  delivery.then = [this, refuses_keys, silent](const Connection& connection, std::string& buffer) {
    Stream stream(settings_.exchange.seed);
    stream.refuses_keys = refuses_keys;
    stream.silent = silent;
    serve_stream(connection, buffer, stream);
  };
  return delivery;
}

void Laboratory::serve_stream(const Connection& connection, std::string& buffer, Stream& stream) {
  while (!stream.silent && !stream.closes) {
    {
      const std::lock_guard lock(mutex_);
      // Time of its own goes on while something may happen; each request moves it too.
      const bool waits =
          std::ranges::any_of(exchange_.orders(), [](const auto& order) { return !is_done(order.status); });
      if (settings_.clock || waits) pass_time();
      hear_stream(buffer, stream);
      if (!stream.closes) tell_updates(stream);
    }
    if (!connection.write(std::exchange(stream.bytes, std::string()))) return;
    if (stream.silent || stream.closes) break;
    if (!connection.read_some(buffer, idle_wait)) return;
  }
  if (stream.silent) connection.wait_for_close();
}

void Laboratory::hear_stream(std::string& buffer, Stream& stream) {
  while (!stream.closes) {
    const auto frame = take_websocket_frame(buffer);
    if (!frame) {
      stream.bytes += websocket_frame(Kind::close, "\x03\xEA");  // 1002: not as the protocol has it
      stream.closes = true;
    }
    if (!frame || !*frame) return;
    switch ((*frame)->kind) {
      case Kind::ping:
        stream.bytes += websocket_frame(Kind::pong, (*frame)->bytes);
        continue;
      case Kind::pong:
        continue;
      case Kind::close:
        stream.bytes += websocket_frame(Kind::close, (*frame)->bytes);
        stream.closes = true;
        return;
      default:
        break;
    }
    stream.message += (*frame)->bytes;
    if (stream.message.size() > websocket_frame_bytes_max) stream.closes = true;
    if (stream.closes || !(*frame)->last) continue;
    const auto reply =
        stream.session.answer(std::exchange(stream.message, std::string()), exchange_, stream.refuses_keys);
    stream.bytes += websocket_frame(Kind::binary, reply.json);
    stream.closes = reply.closes;
  }
}

void Laboratory::tell_updates(Stream& stream) {
  for (const auto& update : stream.session.news(exchange_)) {
    const std::vector<Fault> faults = take_faults(RequestKind::update);
    change_the_world(faults);
    report(RequestKind::update, fmt::format("{} {}", update.event, update.client_id), "", faults);
    const std::string frame = websocket_frame(Kind::binary, update.json);
    if (has(faults, FaultKind::half_open)) {
      stream.silent = true;
      return;
    }
    if (has(faults, FaultKind::connection_lost)) {
      stream.bytes += frame.substr(0, frame.size() / 2);
      stream.closes = true;
      return;
    }
    if (has(faults, FaultKind::lost_update)) continue;
    if (has(faults, FaultKind::late_update)) {
      stream.late += frame;
      continue;
    }
    stream.bytes += frame;
    if (has(faults, FaultKind::doubled_update)) stream.bytes += frame;
    stream.bytes += std::exchange(stream.late, std::string());
  }
}

}  // namespace rebalancer::laboratory
