// Answers as bytes: the status line and the header, with what every answer carries.
#pragma once
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "http/message.hpp"

namespace rebalancer::http {

// "Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110, 5.6.7.
[[nodiscard]] std::string http_date(Instant now);

struct AnswerForm {
  int version = 11;  // of the request; 10 must be told that the connection stays
  bool close = false;
  bool head_only = false;  // HEAD: the length of a body that is not sent
};
// Whether the body follows: not for HEAD, 204 and 304.
[[nodiscard]] bool has_body(const Response& response, const AnswerForm& form);
// Replaces `out`. A header of the response's own takes the place of one of ours, such as Cache-Control; one with a
// control character in it is left out: it could begin another answer.
void write_head(std::string& out, const Response& response, const AnswerForm& form, std::string_view date);

}  // namespace rebalancer::http
