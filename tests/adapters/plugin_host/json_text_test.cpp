#include "adapters/plugin_host/json_text.hpp"

#include <doctest/doctest.h>

using namespace rebalancer;

TEST_CASE("a key given twice is an error at any depth") {
  CHECK(parse_json(R"({"a": 1, "b": {"a": 2}})"));
  CHECK(parse_json(R"({"a": 1, "a": 2})").error().message == "\"a\" is given twice");
  CHECK(parse_json(R"([{"b": {"long key": 1, "long key": 1}}])").error().message == "\"long key\" is given twice");
  CHECK(parse_json(R"({"\u0061": 1, "a": 2})").error().message == "\"a\" is given twice");
}

TEST_CASE("what is no JSON, or nested without end, is an error") {
  CHECK_FALSE(parse_json(""));
  CHECK_FALSE(parse_json("{} {}"));
  CHECK_FALSE(parse_json(std::string(100'000, '[')));
}

TEST_CASE("numbers are written as a person would, and read back as they were") {
  const auto value = parse_json(R"({"a": 0.6, "b": 100000, "c": 1e-7, "d": [true, null, "q\"\n"]})");
  REQUIRE(value);
  CHECK(json_text(*value) == R"({"a":0.6,"b":100000,"c":1e-07,"d":[true,null,"q\"\n"]})");
  CHECK(*parse_json(json_text(*value)) == *value);
}
