// One HTTP/1.1 request and its answer, as bytes and as values. Strict: what a client of ours must not send is an error.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace rebalancer::laboratory {

struct WireRequest {
  std::string method = {};
  std::string target = {};  // as it was sent
  std::string path = {};    // decoded, without the query
  std::vector<std::pair<std::string, std::string>> query = {};
  std::map<std::string, std::string, std::less<>> headers = {};  // names in lower case
  std::string body = {};

  // Empty when there is none.
  [[nodiscard]] std::string header(std::string_view lower_case_name) const;
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

struct WireAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
};

inline constexpr std::size_t head_bytes_max = 16 * 1024;
inline constexpr std::size_t body_bytes_max = 64 * 1024;

// `head` ends with its blank line. Errors: invalid.
[[nodiscard]] Result<WireRequest> parse_head(std::string_view head);
// Errors: invalid for a length that is none, too large, or said twice; 0 when nothing is announced.
[[nodiscard]] Result<std::size_t> body_bytes_of(const WireRequest& request);

// Head and body, ready to send. 101 and 204 have neither a body nor a length.
[[nodiscard]] std::string text_of(const WireAnswer& answer, bool closes);
[[nodiscard]] std::size_t head_bytes_of(std::string_view answer_text);

}  // namespace rebalancer::laboratory
