// Keyed requests that are forgotten at the end of the test; otherwise as strict as the real store.
#pragma once
#include <algorithm>
#include <vector>

#include "core/ports/request_store.hpp"

namespace rebalancer::test {

class MemoryRequestStore final : public RequestStore {
 public:
  Result<std::optional<KeyedRequest>> begin_request(std::string_view key, std::string_view fingerprint, Instant now,
                                                    Instant forget_before) override {
    if (failure) return fail(*failure);
    if (key.empty()) return fail(ErrorCode::invalid, "a request's key is empty, must have at least one character");
    std::erase_if(requests,
                  [&](const KeyedRequest& known) { return !at_work(known) && known.begun_at < forget_before; });
    if (const auto found = find(key); found != requests.end()) return std::optional(*found);
    if (requests.size() >= key_count_max) {
      const auto oldest = std::find_if_not(requests.begin(), requests.end(), at_work);
      if (oldest == requests.end()) return fail(ErrorCode::exhausted, "{} requests are at work", requests.size());
      requests.erase(oldest);
    }
    requests.push_back({std::string(key), std::string(fingerprint), now, 0, "", "", true});
    return std::optional<KeyedRequest>();
  }
  Result<void> finish_request(std::string_view key, int status, std::string_view content_type,
                              std::string_view body) override {
    if (failure) return fail(*failure);
    if (status < 100 || status > 599) return fail(ErrorCode::invalid, "{} is no status of an answer", status);
    if (body.size() > answer_size_max)
      return fail(ErrorCode::invalid, "an answer of {} bytes is too long", body.size());
    const auto found = find(key);
    if (found == requests.end()) return fail(ErrorCode::not_found, "request {} was not begun", key);
    if (found->status != 0) return fail(ErrorCode::conflict, "request {} is answered already", key);
    found->status = status;
    found->content_type = content_type;
    found->body = body;
    return {};
  }
  Result<void> forget_request(std::string_view key) override {
    if (failure) return fail(*failure);
    const auto found = find(key);
    if (found == requests.end()) return {};
    if (found->status != 0) return fail(ErrorCode::conflict, "request {} is answered already", key);
    requests.erase(found);
    return {};
  }
  // As a restart does: what was begun is known, and nobody is at work on it.
  void reopen() {
    for (KeyedRequest& request : requests) request.of_this_process = false;
  }

  std::optional<Error> failure;        // what every call answers while it is set
  std::vector<KeyedRequest> requests;  // oldest first

 private:
  static bool at_work(const KeyedRequest& request) { return request.of_this_process && request.status == 0; }
  std::vector<KeyedRequest>::iterator find(std::string_view key) {
    return std::find_if(requests.begin(), requests.end(),
                        [key](const KeyedRequest& known) { return known.key == key; });
  }
};

}  // namespace rebalancer::test
