#include "adapters/plugin_host/plugin_text.hpp"

#include <string_view>

#include <doctest/doctest.h>

using namespace rebalancer;

namespace {

std::string shown(std::string_view text, std::size_t size_max = 100) {
  return printable({text.data(), text.size()}, size_max);
}

}  // namespace

TEST_CASE("a stranger's text is made printable") {
  CHECK(shown("plain") == "plain");
  CHECK(shown("Zürich → 5 €") == "Zürich → 5 €");
  CHECK(shown("line\nbreak\tand\x1b[31m") == "line break and [31m");
  CHECK(shown("\xff\xc0\xaf") == "???");
  CHECK(shown("cut \xe2\x82") == "cut ??");
  CHECK(shown("\xed\xa0\x80") == "???");  // half of a surrogate pair
  CHECK(shown("abcdef", 3) == "abc...");
  CHECK(printable({nullptr, 10}, 100).empty());
}

TEST_CASE("a text that must come through unchanged has a bound") {
  CHECK(exact_text({"abc", 3}, 3) == "abc");
  CHECK(exact_text({nullptr, 0}, 3) == "");
  CHECK(exact_text({"abcd", 4}, 3).error().message == "a text of 4 bytes, at most 3 allowed");
  CHECK_FALSE(exact_text({nullptr, 2}, 3));
}

TEST_CASE("codes go both ways, and an unknown one is internal") {
  for (int code = RB_INVALID; code <= RB_INTERNAL; ++code) CHECK(plugin_code_of(error_code_of(code)) == code);
  CHECK(error_code_of(99) == ErrorCode::internal);
  CHECK(error_code_of(-1) == ErrorCode::internal);
}
