#include "http/server_reader.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

#include "http/server_chunks.hpp"

namespace rebalancer::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

// Beside the header: how much of a body, or of the next request, is taken with one read.
constexpr std::size_t read_ahead = 4096;
constexpr std::size_t fields_max = 100;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Takes a header apart, into views of its bytes. Bodies are ours: this parser's chunks assert on input that a client
// can choose, and it takes transfer codings that leave the end of a message open.
class HeaderParser final : public beast_http::basic_parser<true> {
 public:
  RequestHead head;

 private:
  using Text = boost::beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(beast_http::verb, Text method, Text target, int version, error_code& error) override {
    error = {};
    head.method = view(method);
    head.target = view(target);
    head.version = version;
  }
  void on_field_impl(beast_http::field, Text name, Text value, error_code& error) override {
    error = {};
    if (head.fields.size() == fields_max) {
      error = beast_http::error::header_limit;
      return;
    }
    head.fields.emplace_back(view(name), view(value));
  }
  void on_header_impl(error_code& error) override { error = {}; }
  void on_finish_impl(error_code& error) override { error = {}; }
  // None of these comes: there is no response, and no byte of a body is put in.
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_body_init_impl(const Length&, error_code&) override {}
  std::size_t on_body_impl(Text, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, error_code&) override { return 0; }
};

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// As soon as the first line is there: who speaks no HTTP/1 may never send the rest of what we would wait for.
std::optional<Refusal> check_first_line(std::string_view line) {
  const std::size_t space = line.rfind(' ');
  const std::string_view version = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return Refusal{400, "bad_request_line", "the first line must be a method, a target and HTTP/1.1", {}};
  }
  if (version[5] != '1' || version[7] > '1') {
    return Refusal{505, "version_not_supported", "the version of HTTP must be 1.1 or 1.0", {}};
  }
  return std::nullopt;
}

}  // namespace

struct RequestReader::Parts {
  enum class Place { header, body, complete, refused };

  Parts(const ServerLimits& the_limits, const AccessRules& the_rules,
        const std::function<bool(std::string_view, std::string_view)>& asks_token)
      : limits(the_limits), rules(the_rules), needs_token(asks_token) {
    buffer.resize(limits.header_bytes_max + read_ahead);
  }

  [[nodiscard]] std::string_view unread() const { return {buffer.data() + begin, end - begin}; }

  Step refuse(Refusal why) {
    refusal = std::move(why);
    place = Place::refused;
    return Step::refused;
  }
  Step refuse(int status, std::string code, std::string detail) {
    return refuse(Refusal{status, std::move(code), std::move(detail), {}});
  }

  std::optional<std::size_t> find_header_end();
  Step read_header();
  Step take_header(std::size_t size);
  Step check_header(const RequestHead& head);
  Step begin_body(const HeaderParser& parser);
  Step read_body();
  Step refuse_large_body();
  Step refuse_syntax(error_code error);

  const ServerLimits& limits;
  const AccessRules& rules;
  const std::function<bool(std::string_view, std::string_view)>& needs_token;
  std::vector<char> buffer;
  std::size_t begin = 0;    // of what was not taken yet
  std::size_t end = 0;      // of what was read
  std::size_t scanned = 0;  // from begin on: lines known to be whole
  bool first_line_known = false;
  Place place = Place::header;
  Request request;  // all but the body, once the header was let in; the body as it comes
  int version = 11;
  bool empty_line_forgiven = false;
  bool go_on_wanted = false;
  bool keep_alive = false;
  std::size_t body_bytes_left = 0;    // of a body that has a length
  std::optional<ChunkReader> chunks;  // of one that has none
  std::optional<Refusal> refusal;
};

// Walks whole lines up to the empty one. Tells the header's size with it, or none: it is not complete, or refused.
std::optional<std::size_t> RequestReader::Parts::find_header_end() {
  for (;;) {
    const std::string_view text = unread();
    const std::size_t line_end = text.find('\n', scanned);
    if (line_end == std::string_view::npos) return std::nullopt;
    if (line_end == scanned || text[line_end - 1] != '\r') {
      refuse(400, "bad_line_end", "lines must end with CR and LF");
      return std::nullopt;
    }
    const std::string_view line = text.substr(scanned, line_end - 1 - scanned);
    scanned = line_end + 1;
    if (!first_line_known) {
      if (line.size() > limits.header_bytes_max) return std::nullopt;
      if (auto wrong = check_first_line(line)) {
        refuse(*std::move(wrong));
        return std::nullopt;
      }
      first_line_known = true;
    } else if (line.empty()) {
      return scanned;
    }
  }
}

RequestReader::Step RequestReader::Parts::read_header() {
  // One empty line before a request is forgiven, RFC 9112, 2.2.
  if (!first_line_known && !empty_line_forgiven && unread().starts_with("\r\n")) {
    empty_line_forgiven = true;
    begin += 2;
  }
  const std::string_view text = unread();
  if (text.empty() || (text == "\r" && !empty_line_forgiven)) return Step::more;
  // TLS to a plain port, and the like: nothing that could become a method.
  if (static_cast<unsigned char>(text.front()) <= ' ' || static_cast<unsigned char>(text.front()) >= 0x7F) {
    return refuse(400, "bad_request_line", "the first line must be a method, a target and HTTP/1.1");
  }
  const auto size = find_header_end();
  if (place == Place::refused) return Step::refused;
  if (size.value_or(text.size()) > limits.header_bytes_max) {
    if (!first_line_known) return refuse(414, "target_too_long", "the first line is too long");
    return refuse(431, "header_too_large",
                  fmt::format("the header must have at most {} bytes", limits.header_bytes_max));
  }
  return size ? take_header(*size) : Step::more;
}

RequestReader::Step RequestReader::Parts::take_header(std::size_t size) {
  const std::string_view raw = unread().substr(0, size);
  // Before the parser, which joins such lines.
  if (has_folded_line(raw)) return refuse(400, "bad_header", "a field must not go on in the next line");
  HeaderParser parser;
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max + read_ahead));
  parser.body_limit(limits.body_bytes_max);
  parser.head.raw = raw;
  error_code error;
  const std::size_t taken = parser.put(boost::asio::buffer(raw.data(), raw.size()), error);
  request.method = parser.head.method;
  version = parser.head.version;
  if (error) return refuse_syntax(error);
  if (taken != size || !parser.is_header_done()) {
    return refuse(400, "bad_header", "the header does not end where it seems to");
  }
  begin += size;
  if (check_header(parser.head) == Step::refused) return Step::refused;
  return begin_body(parser);
}

// Refused, or `request` has all but its body.
RequestReader::Step RequestReader::Parts::check_header(const RequestHead& head) {
  if (auto wrong = check_framing(head)) return refuse(*std::move(wrong));
  auto parsed = parse_target(head.target);
  if (!parsed) return refuse(400, "bad_target", "the target is no plain path with an optional query");
  if (auto wrong = check_access(head, rules)) return refuse(*std::move(wrong));
  if (needs_token(head.method, parsed->path)) {
    if (auto wrong = check_token(head, rules)) return refuse(*std::move(wrong));
  }
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  request.headers.reserve(head.fields.size());
  for (const auto& [name, value] : head.fields) {
    std::string lowered(name);
    std::ranges::transform(lowered, lowered.begin(), to_lower);
    request.headers.emplace_back(std::move(lowered), value);
  }
  return Step::more;
}

RequestReader::Step RequestReader::Parts::begin_body(const HeaderParser& parser) {
  keep_alive = parser.keep_alive();
  if (parser.chunked()) {
    chunks.emplace(limits.body_bytes_max);
  } else {
    body_bytes_left = static_cast<std::size_t>(parser.content_length().value_or(0));
  }
  place = Place::body;
  // Who has begun to send the body waits for nothing.
  go_on_wanted = version == 11 && begin == end && request.header("expect").has_value();
  return read_body();
}

RequestReader::Step RequestReader::Parts::read_body() {
  std::string_view text = unread();
  bool whole = false;
  if (chunks) {
    const ChunkReader::State state = chunks->read(text, request.body);
    if (state == ChunkReader::State::malformed) return refuse(400, "bad_chunk", "a chunk or the trailer is malformed");
    if (state == ChunkReader::State::too_large) return refuse_large_body();
    whole = state == ChunkReader::State::done;
  } else {
    const std::size_t size = std::min(body_bytes_left, text.size());
    request.body.append(text.substr(0, size));
    text.remove_prefix(size);
    body_bytes_left -= size;
    whole = body_bytes_left == 0;
  }
  begin = end - text.size();
  if (whole) {
    place = Place::complete;
    return Step::request;
  }
  return std::exchange(go_on_wanted, false) ? Step::go_on : Step::more;
}

RequestReader::Step RequestReader::Parts::refuse_large_body() {
  return refuse(413, "body_too_large", fmt::format("the body must have at most {} bytes", limits.body_bytes_max));
}

RequestReader::Step RequestReader::Parts::refuse_syntax(error_code error) {
  if (error == beast_http::error::body_limit) return refuse_large_body();
  if (error == beast_http::error::header_limit) {
    return refuse(431, "header_too_large", fmt::format("the header must have at most {} fields", fields_max));
  }
  return refuse(400, "bad_header", fmt::format("this is not well-formed HTTP: {}", error.message()));
}

RequestReader::RequestReader(const ServerLimits& limits, const AccessRules& rules,
                             const std::function<bool(std::string_view, std::string_view)>& needs_token)
    : parts_(std::make_unique<Parts>(limits, rules, needs_token)) {}
RequestReader::~RequestReader() = default;

std::span<char> RequestReader::room() {
  Parts& parts = *parts_;
  // Nobody points into the buffer between two steps, and a body's lines that wait for their end are short.
  if (parts.begin > 0 && parts.buffer.size() - parts.end < read_ahead) {
    std::memmove(parts.buffer.data(), parts.buffer.data() + parts.begin, parts.end - parts.begin);
    parts.end -= parts.begin;
    parts.begin = 0;
  }
  return {parts.buffer.data() + parts.end, parts.buffer.size() - parts.end};
}

void RequestReader::commit(std::size_t bytes) { parts_->end += bytes; }

RequestReader::Step RequestReader::step() {
  switch (parts_->place) {
    case Parts::Place::header:
      return parts_->read_header();
    case Parts::Place::body:
      return parts_->read_body();
    case Parts::Place::complete:
      return Step::request;
    case Parts::Place::refused:
      break;
  }
  return Step::refused;
}

Request RequestReader::take() { return std::exchange(parts_->request, {}); }

const Refusal& RequestReader::refusal() const { return *parts_->refusal; }

void RequestReader::next() {
  Parts& parts = *parts_;
  parts.scanned = 0;
  parts.first_line_known = false;
  parts.place = Parts::Place::header;
  parts.request = {};
  parts.version = 11;
  parts.empty_line_forgiven = false;
  parts.go_on_wanted = false;
  parts.keep_alive = false;
  parts.body_bytes_left = 0;
  parts.chunks.reset();
}

bool RequestReader::begun() const { return parts_->place != Parts::Place::header || parts_->begin < parts_->end; }
bool RequestReader::in_body() const { return parts_->place == Parts::Place::body; }
std::string_view RequestReader::method() const { return parts_->request.method; }
int RequestReader::version() const { return parts_->version; }
bool RequestReader::keep_alive() const { return parts_->keep_alive; }

}  // namespace rebalancer::http
