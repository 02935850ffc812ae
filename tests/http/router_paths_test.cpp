// Which route a path means, where several could be.
#include "http/router_paths.hpp"

#include <doctest/doctest.h>

namespace rebalancer::http {
namespace {

Route row(std::string method, std::string path) {
  return {.method = std::move(method),
          .path = std::move(path),
          .operation_id = "a",
          .summary = "a",
          .answers = {},
          .handle = {}};
}

const std::vector<Route> routes{row("GET", "/a"),          row("POST", "/a"),           row("GET", "/p/{x}"),
                                row("GET", "/p/{x}/last"), row("GET", "/p/first/{y}"),  row("DELETE", "/p/{x}"),
                                row("GET", "/p/own"),      row("GET", "/q/{x}/{y}/end")};

TEST_CASE("words go before parameters, from the left") {
  const PathTable table(routes);
  const auto path = [&](std::string_view text) { return std::string(table.find("GET", text).path); };
  CHECK(path("/a") == "/a");
  CHECK(path("/p/1") == "/p/{x}");
  CHECK(path("/p/own") == "/p/own");
  CHECK(path("/p/1/last") == "/p/{x}/last");
  CHECK(path("/p/first/1") == "/p/first/{y}");
  CHECK(path("/p/first/last") == "/p/first/{y}");
  CHECK(path("/q/1/2/end") == "/q/{x}/{y}/end");
  for (const char* none : {"", "/", "a", "/a/", "/p/", "/p", "/p//last", "/q/1/2", "/q/1/2/end/more", "/{x}", "*"}) {
    CAPTURE(none);
    CHECK(path(none).empty());
    CHECK(table.allow(none).empty() == (std::string_view(none) != "*"));
  }
}

TEST_CASE("parameters have what stands in their place") {
  const PathTable table(routes);
  const auto found = table.find("GET", "/q/one/two/end");
  CHECK(found.route == 7);
  CHECK(found.parameters == std::map<std::string, std::string>{{"x", "one"}, {"y", "two"}});
  CHECK(table.find("GET", "/p/first/last").parameters == std::map<std::string, std::string>{{"y", "last"}});
}

TEST_CASE("the method decides among those that fit, and HEAD is GET") {
  const PathTable table(routes);
  CHECK(table.find("POST", "/a").route == 1);
  CHECK(table.find("HEAD", "/a").route == 0);
  CHECK(table.find("DELETE", "/p/own").route == 5);
  const auto wrong = table.find("PUT", "/p/own");
  CHECK(!wrong.route);
  CHECK(wrong.path == "/p/own");
  CHECK(wrong.allow == "GET, HEAD, DELETE, OPTIONS");
  CHECK(table.allow("/a") == "GET, HEAD, POST, OPTIONS");
  CHECK(table.allow("*") == "GET, HEAD, POST, DELETE, OPTIONS");
  CHECK(table.nearest("/p/ownn") == "/p/own");
  CHECK(!table.nearest("/something/else"));
}

}  // namespace
}  // namespace rebalancer::http
