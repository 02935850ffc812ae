// What comes over a connection, in whatever pieces: the same requests, bounded, and nothing behind a refusal.
#include <algorithm>
#include <cstring>

#include "http/server_reader.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

using namespace http;

struct Heard {
  std::vector<Request> requests;
  std::optional<Refusal> refusal;
};

const ServerLimits& limits() {
  static const ServerLimits small{.header_bytes_max = 1024, .body_bytes_max = 2048};
  return small;
}

void check_request(const Request& request) {
  expect(!request.method.empty(), "a request has a method");
  expect(request.path.starts_with('/') || request.path == "*", "a path starts at the root", request.path);
  expect(request.body.size() <= limits().body_bytes_max, "a body is bounded");
  const auto hosts = std::count_if(request.headers.begin(), request.headers.end(),
                                   [](const auto& header) { return header.first == "host"; });
  expect(hosts == 1, "there is exactly one Host");
  for (const auto& [name, value] : request.headers) {
    expect(!name.empty() && std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
           "names of headers are in lower case", name);
    expect(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a header is one line", value);
  }
}

// Hands the input over in pieces of `piece` bytes, as far as there is room.
Heard listen(std::string_view input, std::size_t piece) {
  static const AccessRules rules{.hosts = {"localhost", "127.0.0.1", "[::1]"}, .ports = {8080}, .token = "secret"};
  static const std::function<bool(std::string_view, std::string_view)> needs_token =
      [](std::string_view method, std::string_view) { return method == "DELETE"; };
  RequestReader reader(limits(), rules, needs_token);
  Heard heard;
  const std::size_t steps_max = 4 * input.size() + 100;
  for (std::size_t steps = 0;; ++steps) {
    expect(steps <= steps_max, "a reader comes to an end");
    const auto step = reader.step();
    if (step == RequestReader::Step::refused) {
      heard.refusal = reader.refusal();
      expect(heard.refusal->status >= 400 && heard.refusal->status < 600, "a refusal is an error");
      expect(!heard.refusal->code.empty() && !heard.refusal->detail.empty(), "a refusal says why");
      return heard;
    }
    if (step == RequestReader::Step::request) {
      heard.requests.push_back(reader.take());
      check_request(heard.requests.back());
      reader.next();
    } else if (step == RequestReader::Step::more) {
      if (input.empty()) return heard;
      const auto room = reader.room();
      expect(!room.empty(), "who asks for more has room");
      const std::size_t size = std::min({piece, input.size(), room.size()});
      std::memcpy(room.data(), input.data(), size);
      reader.commit(size);
      input.remove_prefix(size);
    }
  }
}

bool same(const Request& a, const Request& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query && a.headers == b.headers && a.body == b.body;
}

void check(std::string_view input) {
  const Heard whole = listen(input, input.size() + 1);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{500}}) {
    const Heard pieces = listen(input, piece);
    expect(
        std::equal(whole.requests.begin(), whole.requests.end(), pieces.requests.begin(), pieces.requests.end(), same),
        "the same bytes are the same requests, in whatever pieces");
    expect(whole.refusal.has_value() == pieces.refusal.has_value(), "and refused in whatever pieces",
           whole.refusal    ? whole.refusal->detail
           : pieces.refusal ? pieces.refusal->detail
                            : "");
    if (!whole.refusal) continue;
    // Of a header that is both too long and broken, who sees less of it at once sees the length first.
    const int statuses[] = {whole.refusal->status, pieces.refusal->status};
    const bool too_long = std::any_of(std::begin(statuses), std::end(statuses),
                                      [](int status) { return status == 414 || status == 431; });
    expect(too_long || statuses[0] == statuses[1], "for the same reason",
           whole.refusal->detail + " / " + pieces.refusal->detail);
  }
}

const Target target("request_reader", check);

}  // namespace
}  // namespace rebalancer::fuzz
