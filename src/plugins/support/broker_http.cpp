#include "plugins/support/broker_http.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace rebalancer::plugin_support {
namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

}  // namespace

std::optional<std::string> header_of(const sdk::HttpResponse& response, std::string_view name) {
  std::string_view rest = response.headers;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_letters(line.substr(0, colon), name)) continue;
    std::string_view value = line.substr(colon + 1);
    const std::size_t first = std::min(value.find_first_not_of(" \t\r"), value.size());
    value.remove_prefix(first);
    const std::size_t last = value.find_last_not_of(" \t\r");
    return std::string(value.substr(0, last == std::string_view::npos ? 0 : last + 1));
  }
  return std::nullopt;
}

std::string excerpt(std::string_view body) {
  constexpr std::size_t size_max = 200;
  std::string out;
  for (const char c : body) {
    if (out.size() >= size_max) return out + "...";
    const bool printable = static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f;
    if (printable) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

sdk::Failure failure_of(const sdk::HttpResponse& response, Asked asked, std::string_view what, std::string_view said) {
  const int status = response.status;
  const std::size_t first = response.body.find_first_not_of(" \t\r\n");
  std::string words(said);
  if (words.empty()) {
    words = first == std::string::npos    ? "nothing more"
            : response.body[first] == '<' ? "a page for people, as during maintenance"
                                          : excerpt(response.body);
  }
  const auto sentence = [&](std::string_view meaning) {
    return fmt::format("{}: {} (HTTP {}: {})", what, meaning, status, words);
  };
  if (status == 401) return {RB_REJECTED, sentence("the keys are not accepted")};
  if (status == 403) return {RB_REJECTED, sentence("refused")};
  if (status == 404) return {RB_NOT_FOUND, sentence("there is none")};
  if (status == 429) {
    const auto after = header_of(response, "Retry-After");
    const auto reset = header_of(response, "X-RateLimit-Reset");
    const std::string when = after   ? fmt::format("too many requests, again in {} s", *after)
                             : reset ? fmt::format("too many requests, again at {} (seconds since 1970)", *reset)
                                     : std::string("too many requests");
    return {RB_EXHAUSTED, sentence(when)};
  }
  if (status == 408 || status >= 500) {
    return asked == Asked::act ? sdk::Failure(RB_TIMEOUT, sentence("the server failed, it may have been carried out"))
                               : sdk::Failure(RB_UNAVAILABLE, sentence("the server failed"));
  }
  if (status >= 400) return {RB_REJECTED, sentence("refused")};
  // A redirect or an informational status is no answer to what was asked.
  return asked == Asked::act ? sdk::Failure(RB_TIMEOUT, sentence("no answer to what was asked"))
                             : sdk::Failure(RB_UNAVAILABLE, sentence("no answer to what was asked"));
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace rebalancer::plugin_support
