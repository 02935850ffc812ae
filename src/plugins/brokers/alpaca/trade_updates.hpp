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
// from any thread, and none waits for the network. The stream's thread has no clock: that the stream is silent it says
// by `lost`, and that time passes by `beat`.
class OrderHints {
 public:
  // Far below the 60 s within which a fill whose update was lost must be found.
  static constexpr std::int64_t snapshot_age_s_max = 15;
  // The same by the stream's beats, some seconds apart each: a clock that was set back makes nothing younger.
  static constexpr std::uint64_t snapshot_beats_max = 3;
  static constexpr std::size_t orders_max = 1'000;

  void listening();
  void beat();
  void lost();
  // Of an order that is not known here, such as the one in whose place another came, it is news of every order.
  void news(std::string_view client_id);
  // Every order is looked at anew: something was not understood, or what is asked next is compared with the account.
  void news_of_all();
  // Before an order is sent: what the stream says of it is news of it alone.
  void expect(std::string_view client_id);

  // To be taken before the question is sent: an update that comes while the answer is on its way is news still.
  struct Look {
    std::uint64_t number = 0;
    std::uint64_t beat = 0;
    Instant at;
  };
  [[nodiscard]] Look look(Instant now) const;
  // Keeps an order that waits for the market; one that has ended, or is about to, is asked for each time.
  void seen(std::string_view client_id, const WireOrder& order, const Look& look);
  // None when Alpaca has to be asked.
  [[nodiscard]] std::optional<WireOrder> snapshot(std::string_view client_id, Instant now) const;

 private:
  struct Known {
    std::optional<WireOrder> order;
    Look look;
    std::uint64_t news = 0;
  };
  Known* known(std::string_view client_id);  // null: there is no room for more

  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> orders_;
  std::uint64_t number_ = 0;       // of the last thing heard that is news
  std::uint64_t news_of_all_ = 0;  // the number of the last that concerns every order
  std::uint64_t beat_ = 0;
  bool listening_ = false;
};

}  // namespace alpaca
