#include "session.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "requests.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::sdk::Failure;
using std::chrono::nanoseconds;

std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, 300)) clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  while (clean.ends_with(' ')) clean.pop_back();
  return clean;
}

bool lost_connection(std::int32_t code) { return code == 1100 || code == 2110; }

int message_id_of(const Message& message) {
  struct Id {
    int operator()(const OrderStatus&) const { return 3; }
    int operator()(const ErrorMessage&) const { return 4; }
    int operator()(const OpenOrder&) const { return 5; }
    int operator()(const NextValidId&) const { return 9; }
    int operator()(const ContractDetails&) const { return 10; }
    int operator()(const Execution&) const { return 11; }
    int operator()(const ManagedAccounts&) const { return 15; }
    int operator()(const Commission&) const { return 59; }
    int operator()(const PositionMessage&) const { return 61; }
    int operator()(const AccountValue&) const { return 63; }
    int operator()(const CompletedOrder&) const { return 101; }
    int operator()(const ListEnd& end) const { return end.message_id; }
    int operator()(const Other& other) const { return other.message_id; }
    int operator()(const Damaged& damaged) const { return damaged.message_id; }
  };
  return std::visit(Id{}, message);
}

}  // namespace

Session::Session(rebalancer::sdk::Host host, SessionSettings settings, Book& book, OrderIds& ids)
    : host_(host), settings_(std::move(settings)), book_(book), ids_(ids) {}

Socket::Stopped Session::stopped() const {
  return [host = host_] { return host.cancelled(); };
}

void Session::close(std::string_view why) {
  if (socket_.is_open()) host_.warning(fmt::format("the connection to TWS is closed: {}", why));
  socket_.close();
  frames_ = FrameReader();
  stale_ = true;
}

void Session::broken(const std::string& why) {
  const std::string last = last_error_.empty() ? "" : fmt::format(", after it said: {}", last_error_);
  close(why);
  throw Failure(RB_UNAVAILABLE,
                fmt::format("TWS or IB Gateway at {}:{}: {}{}", settings_.host, settings_.port, why, last));
}

void Session::ready() {
  if (socket_.is_open()) {
    Timer now(nanoseconds{0});
    try {
      while (next(now)) {
      }
    } catch (const Failure&) {
      // It broke since the last question: that is what connecting again is for.
    }
  }
  if (!socket_.is_open()) connect();
}

void Session::require_line() const {
  if (!line_lost_.empty()) {
    throw Failure(RB_UNAVAILABLE, fmt::format("the gateway has lost Interactive Brokers: {}", line_lost_));
  }
}

void Session::connect() {
  last_error_.clear();
  line_lost_.clear();
  stale_ = true;
  try {
    Timer deadline(settings_.connect_timeout);
    const std::uint64_t half = static_cast<std::uint64_t>(std::max(settings_.messages_per_second / 2, 1));
    pace_ = std::make_unique<Timer>(nanoseconds{std::chrono::seconds{1}} / half, Timer::Kind::periodic);
    room_ = half;
    socket_.connect(settings_.host, settings_.port, deadline, stopped());
    start(deadline);
  } catch (const ConnectionError& error) {
    socket_.close();
    throw Failure(RB_UNAVAILABLE,
                  fmt::format("TWS or IB Gateway: {}; does it run, with its API switched on?", error.what()));
  } catch (const WireError& error) {
    broken(error.what());
  } catch (...) {
    socket_.close();
    throw;
  }
}

void Session::start(Timer& deadline) {
  frames_ = FrameReader();
  version_ = 0;
  const std::string hello = std::string(opening) + frame(versions_request(version_min, settings_.versions_max));
  if (socket_.send(hello, deadline, stopped()) != hello.size()) broken("it does not take the first message");
  std::string bytes;
  std::optional<std::string> answer;
  while (!answer) {
    bytes.clear();
    const Socket::Received received = socket_.receive(bytes, deadline, stopped());
    if (received == Socket::Received::closed) {
      broken("it closes the connection at the first message; is this address among its trusted ones?");
    }
    if (received == Socket::Received::nothing) {
      broken("it does not answer the first message; is another window of it waiting for a click?");
    }
    frames_.add(bytes);
    answer = frames_.next();
  }
  const Greeting greeting = greeting_from(*answer);
  if (greeting.version < version_min || greeting.version > settings_.versions_max) {
    broken(fmt::format("it answers with server version {}, must be {} to {}", greeting.version, version_min,
                       settings_.versions_max));
  }
  version_ = greeting.version;
  connected_at_ = greeting.connected_at;
  ask(start_request(settings_.client_id));
  std::optional<std::vector<std::string>> accounts;
  std::optional<std::int64_t> next_id;
  const bool complete = listen(deadline, [&](const Message& message) {
    if (const auto* told = std::get_if<ManagedAccounts>(&message)) accounts = told->accounts;
    if (const auto* told = std::get_if<NextValidId>(&message)) next_id = told->id;
    const auto* error = std::get_if<ErrorMessage>(&message);
    if (error != nullptr && error->code == 326) {
      broken(fmt::format("client_id {} is used by another program", settings_.client_id));
    }
    if (const auto* damaged = std::get_if<Damaged>(&message)) {
      if (damaged->message_id == 9 || damaged->message_id == 15) broken(damaged->why);
    }
    return accounts && next_id;
  });
  if (!complete) {
    broken(fmt::format("it does not tell {} within {} ms", accounts ? "the next order id" : "its accounts",
                       settings_.connect_timeout.count()));
  }
  if (*next_id >= OrderIds::limit) {
    broken(fmt::format("the next order id is {}, must be below {}: use another client_id", *next_id, OrderIds::limit));
  }
  ids_.raise(*next_id);
  choose_account(*accounts);
}

void Session::choose_account(const std::vector<std::string>& accounts) {
  std::string chosen = settings_.account;
  const std::string all = fmt::format("{}", fmt::join(accounts, ", "));
  const auto refuse = [&](rb_code code, const std::string& why) {
    close(why);
    throw Failure(code, why);
  };
  if (chosen.empty()) {
    if (accounts.size() != 1) {
      refuse(RB_INVALID, accounts.empty() ? std::string("this login has no account")
                                          : fmt::format("this login has the accounts {}: say which in account", all));
    }
    chosen = accounts.front();
  } else if (std::ranges::find(accounts, chosen) == accounts.end()) {
    refuse(RB_INVALID, fmt::format("account is {}, this login has only {}", chosen, all));
  }
  // Interactive Brokers numbers the accounts of its simulator so.
  const bool simulated = chosen.starts_with('D');
  if (settings_.paper && !simulated) {
    refuse(RB_INVALID, fmt::format("account {} trades real money, and paper is true", chosen));
  }
  if (!settings_.paper && simulated) {
    refuse(RB_INVALID, fmt::format("account {} is a paper account, and paper is false", chosen));
  }
  if (!account_.empty() && account_ != chosen) {
    refuse(RB_INVALID, fmt::format("the account was {} and is {} now", account_, chosen));
  }
  account_ = chosen;
  book_.set_account(chosen, settings_.currency);
}

void Session::note_error(const ErrorMessage& told) {
  const std::string text = fmt::format("{} ({})", shown(told.text), told.code);
  const bool of_order = book_.take(told);
  if (lost_connection(told.code)) {
    line_lost_ = text;
    host_.warning(text);
  } else if (told.code == 1101 || told.code == 1102) {
    line_lost_.clear();
    stale_ = true;
    host_.info(text);
  } else if (is_notice(told.code)) {
    host_.debug(text);
  } else {
    last_error_ = text;
    if (of_order || told.id < 0) {
      host_.warning(of_order ? fmt::format("order id {}: {}", told.id, text) : text);
    } else {
      host_.debug(fmt::format("request {}: {}", told.id, text));
    }
  }
}

void Session::note(const Message& message) {
  if (const auto* error = std::get_if<ErrorMessage>(&message)) note_error(*error);
  if (const auto* told = std::get_if<OpenOrder>(&message)) book_.take(*told);
  if (const auto* told = std::get_if<OrderStatus>(&message)) book_.take(*told);
  if (const auto* told = std::get_if<CompletedOrder>(&message)) book_.take(*told);
  if (const auto* told = std::get_if<Execution>(&message)) book_.take(*told);
  if (const auto* told = std::get_if<Commission>(&message)) book_.take(*told);
  if (const auto* told = std::get_if<NextValidId>(&message)) ids_.raise(told->id);
  if (const auto* damaged = std::get_if<Damaged>(&message)) {
    host_.warning(fmt::format("a message that cannot be understood: {}", damaged->why));
  }
  ids_.raise(std::int64_t{book_.highest_order_id()} + 1);
}

std::optional<Message> Session::next(Timer& deadline) {
  try {
    while (true) {
      if (const auto payload = frames_.next()) {
        heard_ = true;
        Message message = Other{};
        try {
          message = message_from(*payload, version_);
        } catch (const WireError& error) {
          // Its place in the stream is known, so the others can be read.
          int id = 0;
          for (const char c : std::string_view(*payload).substr(0, 4)) {
            if (c < '0' || c > '9') break;
            id = id * 10 + (c - '0');
          }
          message = Damaged{id, error.what()};
        }
        note(message);
        return message;
      }
      std::string bytes;
      const Socket::Received received = socket_.receive(bytes, deadline, stopped());
      if (received == Socket::Received::nothing) return std::nullopt;
      if (received == Socket::Received::closed) broken("the connection was closed by the other side");
      frames_.add(bytes);
    }
  } catch (const WireError& error) {
    broken(error.what());
  } catch (const ConnectionError& error) {
    broken(error.what());
  }
}

bool Session::listen(Timer& deadline, const Take& take) {
  while (const auto message = next(deadline)) {
    if (take(*message)) return true;
  }
  return false;
}

// More than 50 messages in a second, and TWS ends the connection.
void Session::make_room(Timer& deadline) {
  const auto most = static_cast<std::uint64_t>(std::max(settings_.messages_per_second / 2, 1));
  while (true) {
    room_ = std::min(room_ + pace_->expirations(), most);
    if (room_ > 0) break;
    // POLLIN on a timer: it has run out once more.
    if (Socket::wait(pace_->descriptor(), 1, deadline, stopped()) != Socket::Ready::yes) return;
  }
  --room_;
}

Session::Sent Session::send_once(const std::string& payload) {
  const std::string bytes = frame(payload);
  Timer deadline(settings_.answer_timeout);
  make_room(deadline);
  heard_ = false;
  const std::size_t sent = socket_.send(bytes, deadline, stopped());
  if (sent == bytes.size()) return Sent::all;
  // Half a message makes everything after it unreadable.
  close("a message could not be sent whole");
  return sent == 0 ? Sent::nothing : Sent::some;
}

void Session::ask(const std::string& payload) {
  if (send_once(payload) != Sent::all) broken("it takes no more messages");
}

bool Session::read_list(const List& list, const std::function<void(const Message&)>& take) {
  ask(list.request);
  const auto timeout = list.timeout.value_or(settings_.answer_timeout);
  Timer deadline(timeout);
  std::string damage;
  const bool complete = listen(deadline, [&](const Message& message) {
    if (take) take(message);
    const auto* damaged = std::get_if<Damaged>(&message);
    if (damaged != nullptr && (damaged->message_id == list.item_id || damaged->message_id == list.end_id)) {
      damage = damaged->why;
    }
    const auto* error = std::get_if<ErrorMessage>(&message);
    if (error != nullptr && list.number != 0 && error->id == list.number && !is_notice(error->code) &&
        meaning_of(error->code) != ErrorMeaning::remark) {
      const std::string why = fmt::format("{}: {} ({})", list.what, shown(error->text), error->code);
      throw Failure(error->code == 200 ? RB_NOT_FOUND : RB_UNAVAILABLE, why);
    }
    const auto* end = std::get_if<ListEnd>(&message);
    return end != nullptr && message_id_of(message) == list.end_id && end->request == list.number;
  });
  // An item that cannot be read may be the one that matters.
  if (!damage.empty()) throw Failure(RB_UNAVAILABLE, fmt::format("{}: {}", list.what, damage));
  if (complete) return true;
  if (host_.cancelled()) {
    throw Failure(RB_UNAVAILABLE, fmt::format("{} was not waited for: the program stops", list.what));
  }
  const std::string why = fmt::format("{} did not come to its end within {} ms", list.what, timeout.count());
  // A gateway was seen to say nothing at all where a list is empty.
  if (list.end_may_lack) return false;
  if (!heard_) close(why + ", and nothing else came");
  require_line();
  throw Failure(RB_UNAVAILABLE, why);
}

}  // namespace interactive_brokers
