#include "app/terminal.hpp"

#include <doctest/doctest.h>

using namespace rebalancer::app;

TEST_CASE("width counts columns, not bytes") {
  CHECK(width_of("abc") == 3);
  CHECK(width_of("é") == 1);
  CHECK(width_of("e\xCC\x81") == 1);  // e and a combining accent
  CHECK(width_of("日本") == 4);
  CHECK(width_of("\x1b[31mred\x1b[0m") == 3);
  CHECK(width_of("█▏") == 2);
  CHECK(width_of("\xFF\xFE") <= 2);
}

TEST_CASE("shortened text fits and says that something is missing") {
  CHECK(shortened("portfolio", 9) == "portfolio");
  CHECK(shortened("portfolio", 5) == "port…");
  CHECK(width_of(shortened("日本日本", 5)) <= 5);
}

TEST_CASE("wrapped text keeps its words and its width") {
  CHECK(wrapped("aa bb cc dd", 5) == "aa bb\ncc dd");
  CHECK(wrapped("aa bb cc", 5, 2) == "aa bb\n  cc");
  CHECK(wrapped("aa\n\nbb", 10) == "aa\n\nbb");
  CHECK(wrapped("unbreakable", 4) == "unbreakable");
  CHECK(hanging("aa bb cc", 9, 4) == "aa bb\n    cc");
}

TEST_CASE("colour needs a terminal and nobody against it") {
  Terminal terminal;
  CHECK(terminal.out_paint(Color::red, "x") == "x");
  terminal.out_color = true;
  CHECK(terminal.out_paint(Color::red, "x") == "\x1b[31mx\x1b[0m");
  CHECK(terminal.err_paint(Color::red, "x") == "x");
  CHECK(terminal.out_paint(Color::plain, "x") == "x");
}
