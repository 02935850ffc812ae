#include "http/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/json_text.hpp"

namespace rebalancer::http {
namespace {

// The registry of RFC 9110, 16.2.1, without what only WebDAV has; in order.
constexpr std::array<std::pair<int, std::string_view>, 49> phrases{{
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::rejected:
      return 422;
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::exhausted:
      return 429;
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

std::string_view phrase_of(int status) {
  const auto found = std::ranges::lower_bound(phrases, status, {}, [](const auto& row) { return row.first; });
  return found != phrases.end() && found->first == status ? found->second : "Unknown";
}

Response problem(int status, const ProblemFields& fields) {
  JsonText json;
  json.object().member("type", "about:blank").member("title", phrase_of(status)).member("status", status);
  json.member("code", fields.code).member("detail", fields.detail);
  if (!fields.field.empty()) json.member("field", fields.field);
  if (fields.line > 0) json.member("line", fields.line);
  Response response = json_response(status, json.end().str());
  response.content_type = "application/problem+json";
  return response;
}

Response problem(const Error& error) {
  return problem(status_of(error.code), {std::string(name_of(error.code)), error.message});
}

}  // namespace rebalancer::http
