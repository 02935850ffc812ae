// Answers on their way back: entity tags, conditional requests, preferences, and a way back that is never forgotten.
#pragma once
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "http/jobs.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

namespace rebalancer::http {

using Digest = std::string (*)(std::string_view);

// "3a7bd3e2360a3d29" with its quotes: strong, of the body's bytes.
[[nodiscard]] std::string entity_tag(std::string_view body, Digest digest);
// RFC 9110, 13.1.2: a list of tags compared weakly, or "*".
[[nodiscard]] bool none_match_fails(std::string_view if_none_match, std::string_view tag);
// The response with an ETag, if it is 200 and has none of its own.
[[nodiscard]] Response tagged(Response response, Digest digest);
// 304 when the client has what `tagged` says, with every header of it.
[[nodiscard]] Response unless_known(Response tagged, std::optional<std::string_view> if_none_match);

// RFC 7240: "wait=N" in seconds, at most 60, or 0 for "respond-async"; else `otherwise`. A wait goes before
// respond-async, of several the first counts; what cannot be read is no preference.
[[nodiscard]] std::chrono::milliseconds preferred_wait(const Headers& headers, std::chrono::milliseconds otherwise);

// 503 with Retry-After: a queue is full, and nothing was done.
[[nodiscard]] Response too_busy();
// The same for work that was dropped before it began.
[[nodiscard]] Response closing();
// 500, for a handler that threw.
[[nodiscard]] Response mistake();
// 202 with Location, Retry-After and the job.
[[nodiscard]] Response accepted(const JobRecord& job);
// What an ended job answered, with Job-Id.
[[nodiscard]] Response answer_of(const JobRecord& job);

// The way back to one client. Only the first answer goes; when the last holder drops it unanswered, the work was
// dropped with it because the service is closing, and the client is told so. May be used by several threads.
class Answerer {
 public:
  // `digest` null: the answer gets no ETag.
  Answerer(Reply reply, std::string_view route, std::optional<std::string> if_none_match, Digest digest);
  ~Answerer();
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  void send(Response response);

 private:
  Reply reply_;
  std::string route_;
  std::optional<std::string> if_none_match_;
  Digest digest_;
  std::atomic<bool> sent_ = false;
};

}  // namespace rebalancer::http
