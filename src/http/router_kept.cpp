#include <utility>

#include "http/router_state.hpp"

namespace rebalancer::http {
namespace {

// Of one route. Each is a connection, and connections are bounded too.
constexpr std::size_t waiters_max = 4096;

}  // namespace

// The work behind a kept answer. However it goes, also when the pool drops it, it lands on the loop.
class Router::State::Flight {
 public:
  Flight(std::shared_ptr<State> state, std::size_t index, std::shared_ptr<const Request> request)
      : state_(std::move(state)), index_(index), request_(std::move(request)) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() {
    if (!grounded_) {
      EventLoop& loop = state_->parts.loop;
      loop.post(
          [state = std::move(state_), index = index_, request = std::move(request_),
           response = std::move(response_)]() mutable { state->land(index, std::move(request), std::move(response)); });
    }
  }
  void ground() { grounded_ = true; }  // the pool did not take it

  void fly(std::stop_token stop) {
    const Route& route = state_->routes[index_];
    response_ = mistake();
    response_ =
        tagged(route.handle(*request_, {std::move(stop), [](std::string_view, double) {}}), state_->parts.digest);
  }

 private:
  std::shared_ptr<State> state_;
  std::size_t index_;
  std::shared_ptr<const Request> request_;
  Response response_ = closing();
  bool grounded_ = false;
};

// The way of most requests: while the revision stays, nothing is done but a copy.
void Router::State::answer_kept(std::size_t index, Request request, Reply reply) {
  const Route& route = routes[index];
  Kept& mine = kept[index];
  const std::uint64_t revision = route.revision();
  const auto if_none_match = request.header("if-none-match");
  if (mine.response && mine.revision == revision) {
    return reply.send(unless_known(*mine.response, if_none_match), route.path);
  }
  if (mine.waiters.size() >= waiters_max) return reply.send(too_busy(), route.path);
  auto answer = std::make_shared<Answerer>(std::move(reply), route.path,
                                           if_none_match ? std::optional<std::string>(*if_none_match) : std::nullopt,
                                           parts.digest);
  mine.waiters.push_back({std::move(answer), mine.flying && mine.flight_revision == revision});
  if (!mine.flying) take_off(index, revision, std::make_shared<const Request>(std::move(request)));
}

// `revision` was read before: what changes from now on makes another one.
void Router::State::take_off(std::size_t index, std::uint64_t revision, std::shared_ptr<const Request> request) {
  Kept& mine = kept[index];
  const auto flight = std::make_shared<Flight>(shared_from_this(), index, std::move(request));
  if (!parts.pool.post([flight](std::stop_token stop) { flight->fly(std::move(stop)); })) {
    flight->ground();
    for (const Waiter& waiter : std::exchange(mine.waiters, {})) waiter.answer->send(too_busy());
    return;
  }
  mine.flying = true;
  mine.flight_revision = revision;
  for (Waiter& waiter : mine.waiters) waiter.joined = true;
}

void Router::State::land(std::size_t index, std::shared_ptr<const Request> request, Response response) {
  Kept& mine = kept[index];
  mine.flying = false;
  std::vector<Waiter> waiters = std::exchange(mine.waiters, {});
  for (Waiter& waiter : waiters) {
    if (!waiter.joined) mine.waiters.push_back(std::move(waiter));
  }
  if (response.status == 200) {
    mine.response = response;
    mine.revision = mine.flight_revision;
  }
  for (const Waiter& waiter : waiters) {
    if (waiter.answer) waiter.answer->send(response);
  }
  if (!mine.waiters.empty()) take_off(index, routes[index].revision(), std::move(request));
}

}  // namespace rebalancer::http
