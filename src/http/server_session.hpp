// One connection's life: handshake, request, answer, the next request, and an end that lets the last answer arrive.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "http/server_answer.hpp"
#include "http/server_reader.hpp"
#include "http/server_stream.hpp"

namespace rebalancer::http {

class Session;

// What all sessions of a server share.
struct SessionHouse {
  SessionHouse(EventLoop& the_loop, Clock& the_clock) : loop(the_loop), clock(the_clock) {}
  virtual ~SessionHouse() = default;
  // Of a session that has closed.
  virtual void gone(Session& session) = 0;

  EventLoop& loop;
  Clock& clock;
  ServerLimits limits;
  AccessRules rules;
  Server::Observer observer;
  std::string date;       // for the Date header, not older than a tick
  bool draining = false;  // every answer is a connection's last
  // The server has ended: what a worker still answers must not touch the loop. Seen from other threads.
  std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
};

// On the loop only. Its house and its surface are kept alive by `house`.
class Session final : public StreamUser, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<SessionHouse> house, const Surface& surface, std::unique_ptr<Stream> stream);

  void start();
  // Answers whatever comes with 503, unread.
  void start_refusing();
  // Closes it, or refuses what took too long, once its deadline has passed.
  void look_at_deadline(std::chrono::nanoseconds now);
  void close();

  // A request is being worked on, or answered.
  [[nodiscard]] bool at_work() const { return phase_ == Phase::working || phase_ == Phase::answering; }
  [[nodiscard]] bool waits_for_request() const { return phase_ < Phase::working; }
  // It has sent a whole request before.
  [[nodiscard]] bool is_proven() const { return requests_ > 0; }
  // For a request to be whole, or for the client to close.
  [[nodiscard]] std::chrono::nanoseconds waiting_since() const { return waiting_since_; }

  void on_handshake(bool good) override;
  void on_read(std::size_t bytes) override;
  void on_written(bool good) override;
  void on_shut_down() override;

 private:
  enum class Phase { handshake, header, body, going_on, working, answering, shutting_down, lingering, closed };
  struct Ticket;

  void enter(Phase phase, std::chrono::milliseconds limit);
  void await_request();
  void read_on();
  void dispatch();
  void refuse(const Refusal& refusal);
  void answer(Response response, std::string_view route);
  void finish();
  void linger();

  std::shared_ptr<SessionHouse> house_;
  const Surface& surface_;
  std::unique_ptr<Stream> stream_;
  RequestReader reader_;
  Phase phase_ = Phase::handshake;
  std::chrono::nanoseconds deadline_{};
  std::chrono::nanoseconds waiting_since_{};
  std::chrono::nanoseconds request_began_{};
  std::uint64_t requests_ = 0;
  std::size_t lingered_bytes_ = 0;
  bool too_late_ = false;  // its read was cancelled: to be refused when that has ended

  std::string method_;  // of the request at work, and of its answer
  std::string route_;
  AnswerForm form_;
  std::string head_;  // reused from answer to answer; while lingering, where the rest is thrown
  Response response_;
};

}  // namespace rebalancer::http
