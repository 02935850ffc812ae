#include "core/base/json_text.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("numbers are written in their shortest form, and what is not finite becomes null") {
  CHECK(json_number(0.6) == "0.6");
  CHECK(json_number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(json_number(1e-16) == "1e-16");
  CHECK(json_number(std::numeric_limits<double>::quiet_NaN()) == "null");
  CHECK(json_number(-std::numeric_limits<double>::infinity()) == "null");
}

TEST_CASE("quotes, backslashes and control characters are escaped") {
  CHECK(json_string("a\"b\\c\nd\x01") == "\"a\\\"b\\\\c\\nd\\u0001\"");
  // Whatever bytes come in, what goes out is UTF-8: overlong forms, surrogates and stray bytes are replaced.
  CHECK(json_string("caf\xC3\xA9 \xF0\x9F\x98\x80") == "\"caf\xC3\xA9 \xF0\x9F\x98\x80\"");
  CHECK(json_string("a\xFF"
                    "b") ==
        "\"a\xEF\xBF\xBD"
        "b\"");
  CHECK(json_string("\xC0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json_string("\xED\xA0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json_string("\xE2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("commas stand between values and nowhere else") {
  JsonText json;
  json.object().member("a", 1.5).member("n", 3).key("list").array().value(true).value("x").array().end().null().end();
  json.key("empty").object().end().member("none", std::optional<double>()).end();
  CHECK(json.str() == R"({"a":1.5,"n":3,"list":[true,"x",[],null],"empty":{},"none":null})");
}

TEST_CASE("text that ends in a bracket does not swallow a comma") {
  JsonText json;
  json.array().value("[").value("{").value(":").end();
  CHECK(json.str() == R"(["[","{",":"])");
}
