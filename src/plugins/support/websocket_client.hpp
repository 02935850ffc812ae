// A WebSocket (RFC 6455) that is kept open: a thread connects, listens, pings, and connects anew when the connection
// ends. It reads no clock and asks nothing of the program, so that a plugin may have one beside the thread it is called
// in: the kernel counts the time, and a clock that jumps changes nothing.
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace rebalancer::plugin_support {

struct WebSocketSettings {
  std::string url;  // wss://, or ws:// to this machine only
  // PEM; trusted besides the system's own authorities.
  std::filesystem::path extra_authorities = {};
  std::size_t message_bytes_max = 65'536;
  std::chrono::milliseconds connect_time_max{10'000};  // until the other side has agreed to the protocol
  // A whole one without a byte of the other side ends the connection.
  std::chrono::milliseconds ping_interval{5'000};
  std::chrono::milliseconds pause_first{1'000};  // before another attempt; doubled after each that fails
  std::chrono::milliseconds pause_max{30'000};
};

// Called in the client's thread, one after the other. None may throw.
struct WebSocketEvents {
  struct Answer {
    std::string send = {};  // empty: nothing
    bool end = false;       // for good
  };
  std::function<std::string()> opened;              // what to send first
  std::function<Answer(std::string_view)> message;  // text and binary alike
  std::function<void()> beat;                       // after each interval in which the other side was heard
  // The connection has ended or could not be made. Another attempt follows, unless it was ended by an answer.
  std::function<void(std::string_view why)> lost;
};

class WebSocketClient {
 public:
  WebSocketClient(WebSocketSettings settings, WebSocketEvents events);
  // Ends the connection and waits for the thread, which waits for nobody.
  ~WebSocketClient();
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

 private:
  void keep_open(const std::stop_token& stop);

  WebSocketSettings settings_;
  WebSocketEvents events_;
  std::jthread thread_;  // the last: it uses what is above
};

}  // namespace rebalancer::plugin_support
