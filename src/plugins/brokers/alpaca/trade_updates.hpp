// What Alpaca's stream of trade updates says, as a hint of when to look. The snapshot is the truth: no quantity, price
// or state of an order is ever taken from here, so that a lost, doubled or false update costs a look or some seconds.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "wire.hpp"

namespace alpaca {

constexpr std::size_t stream_message_bytes_max = 65'536;

struct StreamMessage {
  enum class Kind { authorized, refused, listening, update, other };
  Kind kind = Kind::other;
  std::string client_id;  // of an update
  std::string why;        // of a refusal
};
// Of a text frame as of a binary one: Alpaca sends the same JSON in both. Errors: invalid.
[[nodiscard]] rebalancer::Result<StreamMessage> stream_message_from(std::string_view bytes);

// Which orders need no look yet. The stream's thread tells what it hears, the broker's calls ask: all are safe to call
// from any thread, and none waits for the network.
class OrderHints {
 public:
  static constexpr std::int64_t silence_s_max = 10;
  // Far below the 60 s within which a fill whose update was lost must be found.
  static constexpr std::int64_t snapshot_age_s_max = 15;
  static constexpr std::size_t orders_max = 1'000;

  void listening(Instant now);
  // Anything that shows the stream to be alive, such as a pong.
  void heard(Instant now);
  void lost();
  // Of an order that is not known here, such as the one in whose place another came, it is news of every order.
  void news(std::string_view client_id, Instant now);

  // To be taken before the question is sent: an update that comes while the answer is on its way is news still.
  struct Look {
    std::uint64_t number = 0;
    Instant at;
  };
  [[nodiscard]] Look look(Instant now) const;
  // Keeps an order that is open, forgets one that has ended.
  void seen(std::string_view client_id, const WireOrder& order, const Look& look);
  // None when Alpaca has to be asked.
  [[nodiscard]] std::optional<WireOrder> snapshot(std::string_view client_id, Instant now) const;

 private:
  struct Known {
    WireOrder order;
    Look look;
    std::uint64_t news = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> orders_;
  std::uint64_t number_ = 0;       // of the last thing heard that is news
  std::uint64_t news_of_all_ = 0;  // the number of the last that concerns every order
  std::optional<Instant> heard_;   // none when the stream is down
};

}  // namespace alpaca
