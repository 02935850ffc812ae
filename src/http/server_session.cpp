#include "http/server_session.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "http/problem.hpp"

namespace rebalancer::http {
namespace {

constexpr std::string_view go_on_answer = "HTTP/1.1 100 Continue\r\n\r\n";
// What a client may still send after its last answer before it is cut off.
constexpr std::size_t linger_bytes_max = 64 * 1024;
constexpr std::size_t linger_read_bytes = 4096;

// Bounded, so that no client makes new labels.
std::string_view known_method(std::string_view method) {
  for (const std::string_view known : {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    if (method == known) return known;
  }
  return "OTHER";
}

Response refusal_answer(const Refusal& refusal) {
  Response response = problem(refusal.status, {refusal.code, refusal.detail});
  response.headers.insert(response.headers.end(), refusal.headers.begin(), refusal.headers.end());
  return response;
}

}  // namespace

// The right to answer one request, once, from any thread.
struct Session::Ticket {
  explicit Ticket(std::shared_ptr<Session> the_session)
      : loop(the_session->house_->loop),
        over(the_session->house_->over),
        session(the_session),
        request(the_session->requests_) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() {
    // Nobody has it any more and nobody answered: a mistake of ours, which must not hold the client up.
    if (!used) send(problem(500, {"internal", "the request was not answered"}), "none");
  }

  void send(Response response, std::string_view route) {
    if (used.exchange(true) || *over) return;
    if (loop.on_loop()) return deliver(session, request, std::move(response), route);
    loop.post([session = session, request = request, response = std::move(response),
               route = std::string(route)]() mutable { deliver(session, request, std::move(response), route); });
  }

  static void deliver(const std::weak_ptr<Session>& session, std::uint64_t request, Response response,
                      std::string_view route) {
    const auto alive = session.lock();
    if (alive && alive->phase_ == Phase::working && alive->requests_ == request) {
      alive->answer(std::move(response), route);
    }
  }

  EventLoop& loop;
  std::shared_ptr<const std::atomic<bool>> over;
  std::weak_ptr<Session> session;  // locked on the loop only: a session must not end on another thread
  std::uint64_t request;
  std::atomic<bool> used = false;
};

Session::Session(std::shared_ptr<SessionHouse> house, const Surface& surface, std::unique_ptr<Stream> stream)
    : house_(std::move(house)),
      surface_(surface),
      stream_(std::move(stream)),
      reader_(house_->limits, house_->rules, surface_.needs_token),
      waiting_since_(house_->clock.monotonic()) {}

void Session::enter(Phase phase, std::chrono::milliseconds limit) {
  phase_ = phase;
  deadline_ = house_->clock.monotonic() + limit;
}

void Session::start() {
  if (!stream_->needs_handshake()) return await_request();
  enter(Phase::handshake, house_->limits.idle);
  stream_->shake_hands(shared_from_this());
}

void Session::start_refusing() {
  if (stream_->needs_handshake()) return close();
  request_began_ = house_->clock.monotonic();
  refuse({503, "too_busy", "every connection is at work, try again later", {{"Retry-After", "1"}}});
}

void Session::on_handshake(bool good) {
  if (phase_ == Phase::closed) return;
  if (!good) return close();
  await_request();
}

void Session::await_request() {
  enter(Phase::header, house_->limits.idle);
  waiting_since_ = house_->clock.monotonic();
  read_on();
}

void Session::read_on() {
  const RequestReader::Step step = reader_.step();
  if (phase_ == Phase::header && step != RequestReader::Step::refused && reader_.in_body()) {
    request_began_ = house_->clock.monotonic();
    enter(Phase::body, house_->limits.body);
  }
  switch (step) {
    case RequestReader::Step::more:
      return stream_->read(reader_.room(), shared_from_this());
    case RequestReader::Step::go_on:
      phase_ = Phase::going_on;  // under the body's deadline
      return stream_->write(go_on_answer, {}, shared_from_this());
    case RequestReader::Step::request:
      return dispatch();
    case RequestReader::Step::refused:
      return refuse(reader_.refusal());
  }
}

void Session::on_read(std::size_t bytes) {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::lingering) {
    lingered_bytes_ += bytes;
    return bytes == 0 || lingered_bytes_ > linger_bytes_max ? close() : linger();
  }
  if (std::exchange(too_late_, false)) {
    return refuse({408, "request_timeout", "the request did not come whole in time", {}});
  }
  if (bytes == 0) return close();
  reader_.commit(bytes);
  read_on();
}

void Session::dispatch() {
  if (phase_ == Phase::header) request_began_ = house_->clock.monotonic();
  phase_ = Phase::working;
  ++requests_;
  method_ = reader_.method();
  const bool last = requests_ >= house_->limits.requests_per_connection_max;
  form_ = {.version = reader_.version(), .close = last || !reader_.keep_alive(), .head_only = method_ == "HEAD"};
  auto ticket = std::make_shared<Ticket>(shared_from_this());
  try {
    surface_.dispatch(reader_.take(), Reply{[ticket](Response response, std::string_view route) {
                        ticket->send(std::move(response), route);
                      }});
  } catch (...) {
    // What a surface throws ends this request, not the server; the ticket, unused, answers with 500.
  }
}

void Session::refuse(const Refusal& refusal) {
  if (phase_ == Phase::header) request_began_ = house_->clock.monotonic();
  method_ = reader_.method();
  form_ = {.version = reader_.version(), .close = true, .head_only = method_ == "HEAD"};
  answer(refusal_answer(refusal), "none");
}

void Session::answer(Response response, std::string_view route) {
  enter(Phase::answering, house_->limits.write);
  response_ = std::move(response);
  route_ = route;
  form_.close = form_.close || house_->draining;
  write_head(head_, response_, form_, house_->date);
  const std::string_view body = has_body(response_, form_) ? response_.text() : std::string_view();
  stream_->write(head_, body, shared_from_this());
}

void Session::on_written(bool good) {
  if (phase_ == Phase::going_on && good) {
    phase_ = Phase::body;
    return read_on();
  }
  if (phase_ != Phase::answering) return close();
  if (house_->observer) {
    house_->observer(
        {surface_.name, known_method(method_), route_, response_.status, house_->clock.monotonic() - request_began_});
  }
  response_ = {};
  if (!good) return close();
  if (form_.close || house_->draining) return finish();
  reader_.next();
  await_request();
}

// A socket that is closed with bytes unread resets the connection, and the client may never see its answer. So we end
// our half, and read on for a moment.
void Session::finish() {
  waiting_since_ = house_->clock.monotonic();
  enter(Phase::shutting_down, house_->limits.linger);
  stream_->shut_down(shared_from_this());
}

void Session::on_shut_down() {
  if (phase_ != Phase::shutting_down) return;
  phase_ = Phase::lingering;
  linger();
}

void Session::linger() {
  head_.resize(linger_read_bytes);
  stream_->read_rest(head_, shared_from_this());
}

void Session::look_at_deadline(std::chrono::nanoseconds now) {
  if (phase_ == Phase::working || phase_ == Phase::closed || now < deadline_) return;
  const bool half_a_request = (phase_ == Phase::header && reader_.begun()) || phase_ == Phase::body;
  if (!half_a_request) return close();
  // Its read is under way; when that has ended it is answered.
  too_late_ = true;
  deadline_ = now + house_->limits.write;
  stream_->cancel();
}

void Session::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  stream_->close();
  house_->gone(*this);
}

}  // namespace rebalancer::http
