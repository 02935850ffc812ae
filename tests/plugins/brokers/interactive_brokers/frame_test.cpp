#include "interactive_brokers/frame.hpp"

#include <doctest/doctest.h>

namespace interactive_brokers {

TEST_CASE("a frame is its length in four bytes, the highest first, and its payload") {
  CHECK(frame(std::string("9\0", 2)) == std::string("\0\0\0\2"
                                                    "9\0",
                                                    6));
  CHECK_THROWS_AS(static_cast<void>(frame("")), WireError);
  CHECK_THROWS_AS(static_cast<void>(frame(std::string(payload_size_max + 1, 'x'))), WireError);
}

TEST_CASE("a length that cannot be is told, with what was read") {
  FrameReader html;
  html.add("HTTP/1.1 400 Bad Request\r\n");
  CHECK_THROWS_WITH_AS(static_cast<void>(html.next()), doctest::Contains("\"HTTP/1.1 400 Bad Reques"), WireError);
  FrameReader empty;
  empty.add(std::string(4, '\0'));
  CHECK_THROWS_AS(static_cast<void>(empty.next()), WireError);
}

TEST_CASE("many messages in one piece, and the beginning of the next") {
  std::string bytes;
  for (int i = 0; i < 1'000; ++i) bytes += frame(std::to_string(i));
  FrameReader reader;
  reader.add(bytes + std::string("\0\0", 2));
  for (int i = 0; i < 1'000; ++i) REQUIRE(reader.next() == std::to_string(i));
  CHECK_FALSE(reader.next());
  CHECK(reader.pending() == 2);
  reader.add(std::string("\0\1x", 3));
  CHECK(reader.next() == "x");
  CHECK(reader.pending() == 0);
}

}  // namespace interactive_brokers
