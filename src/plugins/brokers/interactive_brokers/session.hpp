// A conversation with one TWS or IB Gateway: connecting, the handshake, questions and their lists of answers, and the
// state of the line behind the gateway. Nothing here is ever sent twice. Everything throws sdk::Failure.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rebalancer/plugin.hpp>

#include "book.hpp"
#include "ids.hpp"
#include "messages.hpp"
#include "socket.hpp"

namespace interactive_brokers {

struct SessionSettings {
  std::string host = "127.0.0.1";
  int port = 7497;
  std::int32_t client_id = 1;
  std::string account;   // empty: the only one there is
  std::string currency;  // of the account and of what it trades
  bool paper = true;
  int versions_max = 178;
  std::chrono::milliseconds connect_timeout{10'000}, answer_timeout{10'000};
  int messages_per_second = 50;
};

class Session {
 public:
  Session(rebalancer::sdk::Host host, SessionSettings settings, Book& book, OrderIds& ids);

  // Connected, with an account; what came meanwhile is read. Connects when it is not.
  void ready();
  // RB_UNAVAILABLE while the gateway has lost Interactive Brokers (1100, 2110): what it says then is old.
  void require_line() const;
  [[nodiscard]] bool line_is_up() const { return line_lost_.empty(); }
  [[nodiscard]] const std::string& line_lost() const { return line_lost_; }
  // After a connection was made, or data was lost (1101, 1102): what is known must be asked for again.
  [[nodiscard]] bool is_stale() const { return stale_; }
  void set_fresh() { stale_ = false; }
  void set_stale() { stale_ = true; }

  [[nodiscard]] const std::string& account() const { return account_; }
  [[nodiscard]] int version() const { return version_; }
  [[nodiscard]] const std::string& connected_at() const { return connected_at_; }
  [[nodiscard]] std::int32_t new_request() { return request_++; }

  // Sends a question. Fails with RB_UNAVAILABLE.
  void ask(const std::string& payload);
  enum class Sent { all, nothing, some };
  // Sends what must not be sent again, and says how much of it left.
  [[nodiscard]] Sent send_once(const std::string& payload);

  // Gives each message to `take` until that says true. False: the time ran out. Fails with RB_UNAVAILABLE when the
  // connection breaks.
  using Take = std::function<bool(const Message&)>;
  [[nodiscard]] bool listen(Timer& deadline, const Take& take);

  // Asks for a list and reads it to its end. `what`: "the list of open orders". A list without its end is none:
  // RB_UNAVAILABLE, unless `end_may_lack`, then false.
  struct List {
    std::string request;
    std::string what;
    int item_id = 0, end_id = 0;  // messages
    std::int32_t number = 0;      // of the request; 0: it has none
    bool end_may_lack = false;
    std::optional<std::chrono::milliseconds> timeout;
  };
  bool read_list(const List& list, const std::function<void(const Message&)>& take = {});

  [[nodiscard]] std::chrono::milliseconds answer_timeout() const { return settings_.answer_timeout; }
  void close(std::string_view why);

 private:
  void connect();
  void start(Timer& deadline);
  void choose_account(const std::vector<std::string>& accounts);
  // Everything that is read goes through here first.
  void note(const Message& message);
  void note_error(const ErrorMessage& told);
  [[nodiscard]] std::optional<Message> next(Timer& deadline);
  void make_room(Timer& deadline);
  [[nodiscard]] Socket::Stopped stopped() const;
  [[noreturn]] void broken(const std::string& why);

  rebalancer::sdk::Host host_;
  SessionSettings settings_;
  Book& book_;
  OrderIds& ids_;
  Socket socket_;
  FrameReader frames_;
  std::unique_ptr<Timer> pace_;
  std::uint64_t room_ = 0;  // messages that may be sent now
  bool heard_ = false;      // anything since the question
  bool stale_ = true;
  int version_ = 0;
  std::string connected_at_, account_, line_lost_, last_error_;
  std::int32_t request_ = static_cast<std::int32_t>(OrderIds::limit) + 1;
};

}  // namespace interactive_brokers
