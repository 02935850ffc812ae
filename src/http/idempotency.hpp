// Requests with an Idempotency-Key: done once, then answered from what was kept.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/ports/request_store.hpp"
#include "http/message.hpp"

namespace rebalancer::http {

// 1 to 200 visible ASCII characters.
[[nodiscard]] bool is_idempotency_key(std::string_view key);

// What makes two requests with one key the same: digest of surface, method, path, query and body.
[[nodiscard]] std::string fingerprint_of(std::string_view surface, const Request& request,
                                         std::string (*digest)(std::string_view));

// May be used by several threads; every function waits for the disk, so none is for the loop.
class KeyedRequests {
 public:
  static constexpr std::chrono::hours kept_for{24};

  // Store and clock outlive it. `warn` hears what went wrong behind an answer that was given all the same.
  KeyedRequests(RequestStore& store, Clock& clock, std::function<void(const std::string&)> warn);

  // None: the request is the caller's to do, and then to finish or to forget. Else its answer: the stored one with
  // "Idempotency-Replayed: true"; 422 idempotency_key_reused; 409 request_in_progress with the job's Location, or
  // outcome_unknown; what the store says when nothing could be begun.
  [[nodiscard]] std::optional<Response> begin(const std::string& key, const std::string& fingerprint);
  // The job that works on it.
  void at_job(const std::string& key, std::string job_id);
  // Durable when it returns, or `warn` has heard why not: then the outcome stays unknown.
  void finish(const std::string& key, const Response& response);
  // Nothing was done: the key may be used again.
  void forget(const std::string& key);

 private:
  struct Claim {
    std::string fingerprint;
    std::string job_id;  // empty: none yet
  };
  [[nodiscard]] Response told_at_work(const Claim& claim, const std::string& fingerprint) const;
  void release(const std::string& key);

  RequestStore& store_;
  Clock& clock_;
  std::function<void(const std::string&)> warn_;
  std::mutex mutex_;
  std::map<std::string, Claim> at_work_;  // by key
};

}  // namespace rebalancer::http
