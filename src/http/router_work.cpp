#include <utility>

#include "http/problem.hpp"
#include "http/router_state.hpp"

namespace rebalancer::http {
namespace {

Call call_with(std::stop_token stop) {
  return {std::move(stop), [](std::string_view, double) {}};
}

// It surely did nothing, and nobody wanted it not to be done: it may come again with the same key.
bool did_nothing(const JobRecord& job) {
  return job.state == JobState::cancelled && job.result && job.result->status == 503;
}

}  // namespace

void Router::State::run_on_loop(const Route& route, const Request& request, Answerer& answer) const {
  if (!route.handle) return answer.send(document);
  try {
    answer.send(route.handle(request, call_with({})));
  } catch (...) {
    answer.send(mistake());
  }
}

void Router::State::run_on_pool(const Route& route, Request request, const Way& answer) {
  auto shared = std::make_shared<const Request>(std::move(request));
  const bool taken =
      parts.pool.post([state = shared_from_this(), &route, shared = std::move(shared), answer](std::stop_token stop) {
        try {
          answer->send(route.handle(*shared, call_with(std::move(stop))));
        } catch (...) {
          answer->send(mistake());
          throw;
        }
      });
  if (!taken) answer->send(too_busy());
}

std::optional<std::string> Router::State::run_as_job(const Route& route, Request request, const Way& answer,
                                                     Jobs::OnEnd on_end) {
  const auto wait = preferred_wait(request.headers, parts.wait);
  auto shared = std::make_shared<const Request>(std::move(request));
  auto id = parts.jobs.start(
      route.operation_id,
      [state = shared_from_this(), &route, shared](const Call& call) { return route.handle(*shared, call); },
      std::move(on_end));
  if (!id) return id;
  const auto give_job = [state = shared_from_this(), id = *id](Answerer& way) {
    // Kept longer than anybody waits, unless a hundred others end meanwhile.
    const auto job = state->parts.jobs.find(id);
    way.send(job ? accepted(*job)
                 : problem(503, {"job_gone", "the job ended and is no longer known, see GET /history"}));
  };
  if (wait.count() == 0) {
    give_job(*answer);
    return id;
  }
  if (!parts.jobs.notify(*id, [answer](const JobRecord& job) { answer->send(answer_of(job)); })) give_job(*answer);
  // Weak: a job that ends first lets the way go, and with it what the client's connection holds.
  parts.loop.after(wait, [give_job, weak = std::weak_ptr(answer)] {
    if (const auto way = weak.lock()) give_job(*way);
  });
  return id;
}

void Router::State::run_keyed(const Route& route, Request request, const Way& answer, std::string key) {
  auto shared = std::make_shared<Request>(std::move(request));
  const bool taken = parts.pool.post([state = shared_from_this(), &route, shared = std::move(shared), answer,
                                      key = std::move(key)](std::stop_token stop) {
    state->work_keyed(route, std::move(*shared), answer, key, std::move(stop));
  });
  if (!taken) answer->send(too_busy());
}

// The key is durable before the work begins, and the answer before it is given.
void Router::State::work_keyed(const Route& route, Request request, const Way& answer, const std::string& key,
                               std::stop_token stop) {
  if (auto known = keyed.begin(key, fingerprint_of(surface, request, parts.digest))) {
    return answer->send(*std::move(known));
  }
  if (route.runs == Route::Runs::as_job) {
    const auto id =
        run_as_job(route, std::move(request), answer, [state = shared_from_this(), key](const JobRecord& job) {
          if (did_nothing(job)) return state->keyed.forget(key);
          state->keyed.finish(key, job.result.value_or(mistake()));
        });
    if (id) return keyed.at_job(key, *id);
    keyed.forget(key);
    return answer->send(too_busy());
  }
  Response response;
  try {
    response = route.handle(request, call_with(std::move(stop)));
  } catch (...) {
    keyed.finish(key, mistake());
    answer->send(mistake());
    throw;
  }
  keyed.finish(key, response);
  answer->send(std::move(response));
}

}  // namespace rebalancer::http
