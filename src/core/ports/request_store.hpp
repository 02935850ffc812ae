// What was asked with an Idempotency-Key and what was answered, durable: asked again, it is answered, not done again.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace rebalancer {

struct KeyedRequest {
  std::string key;          // the client's
  std::string fingerprint;  // digest of surface, method, path and body
  Instant begun_at;
  int status = 0;  // 0: begun, not answered
  std::string content_type;
  std::string body;
  bool of_this_process = false;  // begun since this store was opened

  friend bool operator==(const KeyedRequest&, const KeyedRequest&) = default;
};

class RequestStore {
 public:
  static constexpr std::size_t key_count_max = 10'000;       // keys
  static constexpr std::size_t answer_size_max = 1'048'576;  // bytes of an answer's body

  virtual ~RequestStore() = default;
  // Durable when it returns: none when the key is new and now ours; else what is known of its first use. Keys begun
  // before `forget_before` are forgotten first, and the oldest when there are `key_count_max`; never one that this
  // process has begun and not answered. Errors: invalid for an empty key; unavailable; exhausted, also when none of
  // `key_count_max` may be forgotten.
  [[nodiscard]] virtual Result<std::optional<KeyedRequest>> begin_request(std::string_view key,
                                                                          std::string_view fingerprint, Instant now,
                                                                          Instant forget_before) = 0;
  // Durable when it returns. Errors: not_found for a key that was not begun, conflict for one that is answered already,
  // invalid for a status that is none or a body above `answer_size_max`; the key is then begun as before.
  [[nodiscard]] virtual Result<void> finish_request(std::string_view key, int status, std::string_view content_type,
                                                    std::string_view body) = 0;
  // What was begun did nothing (the queue was full): the key is free again. Nothing happens to a key that is free.
  // Errors: conflict for one that is answered.
  [[nodiscard]] virtual Result<void> forget_request(std::string_view key) = 0;
};

}  // namespace rebalancer
