#include "laboratory/tws_fields.hpp"

#include <doctest/doctest.h>

namespace rebalancer::laboratory::tws {
namespace {

TEST_CASE("a frame is its length and its fields, each with a NUL after it") {
  using namespace std::string_literals;
  CHECK(Fields(9).all(1, 42).frame() ==
        "\0\0\0\x07"
        "9\0"
        "1\0"
        "42\0"s);
  CHECK(fields_of("9\0"
                  "\0"
                  "42\0"s) == std::vector<std::string>{"9", "", "42"});
}

TEST_CASE("frames are taken when they are whole, wherever the bytes were split") {
  const std::string both = Fields(9).all(1, 42).frame() + Fields(53).add(1).frame();
  for (std::size_t cut = 0; cut <= both.size(); ++cut) {
    std::string buffer = both.substr(0, cut);
    std::vector<std::string> taken;
    for (const std::string& rest : {std::string(), both.substr(cut)}) {
      buffer += rest;
      while (true) {
        const auto payload = take_frame(buffer);
        REQUIRE(payload);
        if (!*payload) break;
        taken.push_back(**payload);
      }
    }
    CHECK(taken.size() == 2);
    CHECK(buffer.empty());
  }
}

TEST_CASE("a length out of bounds is an error") {
  std::string empty(4, '\0');
  CHECK(!take_frame(empty));
  std::string huge = "GET ";
  CHECK(!take_frame(huge));
}

TEST_CASE("a reader gives what is there, and nothing after it") {
  Reader reader({"3", "12", "x", "-5"});
  CHECK(reader.message() == 3);
  CHECK(reader.integer() == 12);
  CHECK(reader.integer() == 0);
  CHECK(reader.text() == "-5");
  CHECK(reader.text().empty());
  CHECK(Reader({}).message() == 0);
}

}  // namespace
}  // namespace rebalancer::laboratory::tws
