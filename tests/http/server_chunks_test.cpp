// Chunked bodies: what they hold, and every shape that is not one.
#include "http/server_chunks.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

using rebalancer::http::ChunkReader;
using State = ChunkReader::State;

namespace {

constexpr std::size_t limit = 1000;

struct Taken {
  State state;
  std::string body;
  std::string rest;
};

// Gives one byte more each time, so that what was not taken is seen again, as a reader's buffer does.
Taken take(std::string_view bytes, std::size_t piece) {
  ChunkReader reader(limit);
  Taken taken{State::size, "", ""};
  std::size_t begin = 0;
  for (std::size_t end = std::min(piece, bytes.size());; end = std::min(end + piece, bytes.size())) {
    std::string_view text = bytes.substr(begin, end - begin);
    taken.state = reader.read(text, taken.body);
    begin = end - text.size();
    if (taken.state >= State::done || end == bytes.size()) break;
  }
  taken.rest = bytes.substr(begin);
  return taken;
}

State state_of(std::string_view bytes) {
  const State whole = take(bytes, bytes.size() + 1).state;
  CHECK(take(bytes, 1).state == whole);
  return whole;
}

}  // namespace

TEST_CASE("chunks are joined, extensions and trailers thrown away, and what follows is left alone") {
  const std::string bytes =
      "5\r\nhello\r\n00006;a=b ; c=\"d\"\r\n world\r\n0;last\r\nX-Sum: 1\r\nX-Empty:\r\n\r\nGET /";
  for (const std::size_t piece : {1, 2, 3, 5, 1000}) {
    const Taken taken = take(bytes, piece);
    CHECK(taken.state == State::done);
    CHECK(taken.body == "hello world");
    CHECK(bytes.ends_with(taken.rest));
    if (piece == 1000) CHECK(taken.rest == "GET /");
  }
  CHECK(take("0\r\n\r\n", 1).state == State::done);
  CHECK(take("A\r\n0123456789\r\n0\r\n\r\n", 4).body == "0123456789");
}

TEST_CASE("what could be read in two ways is malformed") {
  for (const char* bad : {"\r\n",
                          "x\r\n",
                          "-1\r\n",
                          "+1\r\n",
                          " 1\r\n",
                          "1 \r\n",
                          "0x1\r\n",
                          "1\n",
                          "\n",
                          "1;\r\n",
                          "1;=\r\n",
                          "1;\"\r\n",
                          "1,1\r\n",
                          "1\r\nab",
                          "1\r\na\n",
                          "1\r\na\rb",
                          "1\r\na0\r\n\r\n",
                          "11111111111111111\r\n",
                          "1;a\nb\r\n",
                          "1;a\rb\r\n",
                          "1;a\x01\r\n",
                          "0\r\n: a\r\n\r\n",
                          "0\r\nno colon\r\n\r\n",
                          "0\r\nA : b\r\n\r\n",
                          "0\r\n folded: a\r\n\r\n",
                          "0\r\nContent-Length: 1\r\n\r\n",
                          "0\r\ntransfer-encoding: chunked\r\n\r\n",
                          "0\r\nHost: a\r\n\r\n",
                          "0\r\nAuthorization: a\r\n\r\n",
                          "0\r\nA: b\n\r\n"}) {
    CAPTURE(bad);
    const std::string bytes = std::string(bad) + "\n";  // so that the line has an end
    CHECK(state_of(bytes) == State::malformed);
  }
  CHECK(state_of("1;" + std::string(300, 'a')) == State::malformed);
  CHECK(state_of("1;" + std::string(300, 'a') + "\r\n") == State::malformed);
  CHECK(state_of("0\r\nX: " + std::string(5000, 'a')) == State::malformed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 600; ++i) trailers += "X-Sum: 1\r\n";
  CHECK(state_of(trailers) >= State::malformed);
}

TEST_CASE("no more is taken than the limit, neither of content nor of what frames it") {
  const std::string thousand(limit, 'a');
  CHECK(take("3e8\r\n" + thousand + "\r\n0\r\n\r\n", 100).body == thousand);
  CHECK(state_of("3e9\r\n") == State::too_large);
  CHECK(state_of("ffffffffffffffff\r\n") == State::too_large);
  CHECK(state_of("3e8\r\n" + thousand + "\r\n1\r\n") == State::too_large);
  std::string tiny;
  for (int i = 0; i < 900; ++i) tiny += "1;aaaaaaaa\r\na\r\n";
  CHECK(state_of(tiny) == State::too_large);
}

TEST_CASE("property: any content in any chunks and any pieces comes out as it was") {
  CHECK(rc::check([] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty<std::string>());
    std::string content;
    std::string bytes;
    for (const std::string& part : parts) {
      if (content.size() + part.size() > limit) break;
      content += part;
      bytes += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
    }
    bytes += "0\r\n\r\n";
    const Taken taken = take(bytes, *rc::gen::inRange<std::size_t>(1, 50));
    RC_ASSERT(taken.state == State::done);
    RC_ASSERT(taken.body == content);
    RC_ASSERT(taken.rest.empty());
  }));
}
