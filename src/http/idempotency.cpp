#include "http/idempotency.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "http/problem.hpp"

namespace rebalancer::http {
namespace {

constexpr std::size_t key_size_max = 200;

Response reused() {
  return problem(422, {"idempotency_key_reused",
                       "this Idempotency-Key came with another request before, a new request needs a new key"});
}

}  // namespace

bool is_idempotency_key(std::string_view key) {
  return !key.empty() && key.size() <= key_size_max &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

// Each part with its size, so that no two requests read the same.
std::string fingerprint_of(std::string_view surface, const Request& request, std::string (*digest)(std::string_view)) {
  std::string text;
  const auto add = [&text](std::string_view part) {
    fmt::format_to(std::back_inserter(text), "{}:", part.size());
    text += part;
  };
  add(surface);
  add(request.method);
  add(request.path);
  fmt::format_to(std::back_inserter(text), "{};", request.query.size());
  for (const auto& [name, value] : request.query) {
    add(name);
    add(value);
  }
  add(request.body);
  return digest(text);
}

KeyedRequests::KeyedRequests(RequestStore& store, Clock& clock, std::function<void(const std::string&)> warn)
    : store_(store), clock_(clock), warn_(std::move(warn)) {}

std::optional<Response> KeyedRequests::begin(const std::string& key, const std::string& fingerprint) {
  {
    // Claimed before the store is asked: what the store has begun and nobody claims is known to be abandoned.
    const std::lock_guard lock(mutex_);
    const auto [claim, fresh] = at_work_.try_emplace(key, Claim{fingerprint, {}});
    if (!fresh) return told_at_work(claim->second, fingerprint);
  }
  const Instant now = clock_.now();
  const auto forget_before = Instant::from_nanoseconds(now.nanoseconds() - std::chrono::nanoseconds(kept_for).count());
  const auto known = store_.begin_request(key, fingerprint, now, forget_before);
  if (known && !*known) return std::nullopt;
  release(key);
  if (!known) return problem(known.error());
  const KeyedRequest& first = **known;
  if (first.fingerprint != fingerprint) return reused();
  if (first.status == 0) {
    return problem(409, {"outcome_unknown",
                         "the first request with this Idempotency-Key was interrupted and nobody knows what it did; "
                         "look at GET /history, then use a new key"});
  }
  Response response = json_response(first.status, first.body);
  response.content_type = first.content_type;
  response.headers.emplace_back("Idempotency-Replayed", "true");
  return response;
}

Response KeyedRequests::told_at_work(const Claim& claim, const std::string& fingerprint) const {
  if (claim.fingerprint != fingerprint) return reused();
  Response response = problem(
      409, {"request_in_progress", "the first request with this Idempotency-Key is still at work, ask again later"});
  if (!claim.job_id.empty()) response.headers.emplace_back("Location", "/jobs/" + claim.job_id);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

void KeyedRequests::at_job(const std::string& key, std::string job_id) {
  const std::lock_guard lock(mutex_);
  // The job may have ended before.
  if (const auto claim = at_work_.find(key); claim != at_work_.end()) claim->second.job_id = std::move(job_id);
}

void KeyedRequests::finish(const std::string& key, const Response& response) {
  Result<void> kept;
  if (response.text().size() > RequestStore::answer_size_max) {
    // The work was done: it must not be done again for want of its answer.
    const Response instead = problem(
        409, {"answer_not_kept", fmt::format("the first request with this Idempotency-Key was answered with status {}, "
                                             "and the answer was too long to keep",
                                             response.status)});
    kept = store_.finish_request(key, instead.status, instead.content_type, instead.text());
  } else {
    kept = store_.finish_request(key, response.status, response.content_type, response.text());
  }
  release(key);
  if (!kept && warn_) warn_(fmt::format("the answer to a request with a key was not kept: {}", kept.error().message));
}

void KeyedRequests::forget(const std::string& key) {
  const auto forgotten = store_.forget_request(key);
  release(key);
  if (!forgotten && warn_) {
    warn_(fmt::format("a request with a key that did nothing was not forgotten: {}", forgotten.error().message));
  }
}

void KeyedRequests::release(const std::string& key) {
  const std::lock_guard lock(mutex_);
  at_work_.erase(key);
}

}  // namespace rebalancer::http
