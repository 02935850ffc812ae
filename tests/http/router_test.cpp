// From a request to its route and back: what is refused at the door, and what every route gets without asking.
#include "http/router.hpp"

#include <doctest/doctest.h>

#include "router_scene.hpp"

namespace rebalancer::http {
namespace {

using test::Answered;
using test::ask_for;
using test::Barrier;
using test::RouterScene;
using test::said;
using test::with_body;

std::vector<Route> table() {
  const auto it = [](const Request&, const Call&) { return said("it"); };
  std::vector<Route> routes;
  routes.push_back(test::route("GET", "/health", it));
  routes.back().runs = Route::Runs::on_loop;
  routes.back().needs_token = false;
  routes.push_back(test::route("GET", "/items", [](const Request& request, const Call&) {
    std::string text;
    for (const auto& [name, value] : request.query) text += name + "=" + value + ";";
    return said(text);
  }));
  routes.back().parameters = {
      {.name = "limit", .description = "how many", .schema = R"({"type":"integer","minimum":1,"maximum":10})"},
      {.name = "day", .description = "which", .schema = R"({"type":"string","format":"date"})"}};
  routes.push_back(test::route("GET", "/items/{id}",
                               [](const Request& request, const Call&) { return said(request.parameters.at("id")); }));
  routes.back().parameters = {{.in = Parameter::In::path,
                               .name = "id",
                               .description = "whose",
                               .schema = R"({"type":"string","maxLength":5})",
                               .required = true}};
  routes.push_back(test::route("DELETE", "/items/{id}", it));
  routes.push_back(test::route("POST", "/plain", it));
  routes.push_back(test::route("POST", "/body", [](const Request& request, const Call&) {
    return json_response(201, request.body.empty() ? "{}" : request.body);
  }));
  routes.back().body_schema =
      R"({"type":"object","additionalProperties":false,"properties":{"dry_run":{"type":"boolean"}}})";
  routes.push_back(test::route("PUT", "/must", it));
  routes.back().body_schema = R"({"type":"object"})";
  routes.back().body_required = true;
  routes.push_back(test::route("GET", "/throws", [](const Request&, const Call&) -> Response {
    throw std::runtime_error("thrown by a handler");
  }));
  routes.push_back(test::route("GET", "/throws-on-loop", [](const Request&, const Call&) -> Response { throw 1; }));
  routes.back().runs = Route::Runs::on_loop;
  return routes;
}

TEST_CASE("a request finds its route, and the answer says which it was") {
  RouterScene scene(table());
  const Answered answered = scene.get("/items/abc");
  CHECK(answered.status() == 200);
  CHECK(answered.member("said") == "abc");
  CHECK(answered.route == "/items/{id}");
  CHECK(scene.get("/health").member("said") == "it");
  CHECK(scene.get("/items", {{"limit", "3"}, {"day", "2026-11-23"}}).member("said") == "limit=3;day=2026-11-23;");
}

TEST_CASE("what is not there is 404, with the path that was meant") {
  RouterScene scene(table());
  const Answered answered = scene.get("/itms");
  CHECK(answered.status() == 404);
  CHECK(answered.route == "none");
  CHECK(answered.member("code") == "not_found");
  CHECK(answered.member("detail").find("did you mean /items?") != std::string::npos);
  for (const char* path : {"/", "/items/", "/items/a/b", "/ITEMS", "/jobs", "*", ""}) {
    CAPTURE(path);
    CHECK(scene.get(path).status() == 404);
  }
}

TEST_CASE("what is there, but not so, is 405 with Allow") {
  RouterScene scene(table());
  const Answered answered = scene.ask(ask_for("POST", "/items/abc"));
  CHECK(answered.status() == 405);
  CHECK(answered.route == "/items/{id}");
  CHECK(answered.header("allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(answered.member("code") == "method_not_allowed");
  CHECK(scene.ask(ask_for("HEAD", "/plain")).header("allow") == "POST, OPTIONS");
  CHECK(scene.ask(ask_for("get", "/items")).status() == 405);
}

TEST_CASE("HEAD is answered as GET, OPTIONS with Allow and nothing else") {
  RouterScene scene(table());
  const Answered head = scene.ask(ask_for("HEAD", "/items/abc"));
  CHECK(head.status() == 200);
  CHECK(head.header("etag") == scene.get("/items/abc").header("etag"));
  CHECK(head.body() == scene.get("/items/abc").body());
  const Answered options = scene.ask(ask_for("OPTIONS", "/items"));
  CHECK(options.status() == 204);
  CHECK(options.header("allow") == "GET, HEAD, OPTIONS");
  CHECK(options.body().empty());
  CHECK(options.response.headers.size() == 1);
  CHECK(scene.ask(ask_for("OPTIONS", "*")).header("allow") == "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  CHECK(scene.ask(ask_for("OPTIONS", "/none")).status() == 404);
}

TEST_CASE("parameters are those of the row, each once, each of its kind") {
  RouterScene scene(table());
  const Answered unknown = scene.get("/items", {{"limt", "3"}});
  CHECK(unknown.status() == 400);
  CHECK(unknown.member("field") == "limt");
  CHECK(unknown.member("detail") == "there is no parameter \"limt\"; did you mean \"limit\"?");
  const Answered twice = scene.get("/items", {{"limit", "3"}, {"limit", "3"}});
  CHECK(twice.status() == 400);
  CHECK(twice.member("detail") == "parameter limit is given twice");
  CHECK(scene.get("/items", {{"limit", "0"}}).member("detail") == "parameter limit is 0, must be at least 1");
  CHECK(scene.get("/items", {{"day", "2026-02-30"}}).member("field") == "day");
  CHECK(scene.get("/health", {{"limit", "3"}}).status() == 400);
  CHECK(scene.get("/items/abcdef").member("field") == "id");
}

TEST_CASE("a body is JSON, where one is taken") {
  RouterScene scene(table());
  CHECK(scene.post("/body", R"({"dry_run":true})").status() == 201);
  CHECK(scene.ask(ask_for("POST", "/body")).body() == "{}");
  CHECK(scene.post("/body", "{").member("line") == "1");
  CHECK(scene.post("/body", "{\n\"dry_run\":1,\n\"dry_run\":2}").member("line") == "3");
  CHECK(scene.post("/body", R"({"dry_rum":true})").member("field") == "dry_rum");
  CHECK(scene.post("/body", R"({"dry_run":"yes"})").member("detail") == "dry_run must be true or false");
  CHECK(scene.post("/body", "[]").status() == 400);
  CHECK(scene.post("/plain", "{}").member("code") == "no_body_taken");
  CHECK(scene.ask(with_body("GET", "/health", "{}")).status() == 400);
  CHECK(scene.ask(ask_for("PUT", "/must")).member("code") == "body_missing");
  CHECK(scene.ask(with_body("PUT", "/must", "{\"any\":1}")).status() == 200);
}

TEST_CASE("nothing but application/json is a body") {
  RouterScene scene(table());
  const auto sent = [&](Headers headers) {
    Request request = ask_for("POST", "/body", {}, std::move(headers));
    request.body = "{}";
    return scene.ask(std::move(request));
  };
  CHECK(sent({{"content-type", "application/json"}}).status() == 201);
  CHECK(sent({{"content-type", "Application/JSON ; charset=utf-8"}}).status() == 201);
  for (const Headers& headers :
       {Headers{}, Headers{{"content-type", "text/plain"}}, Headers{{"content-type", "application/json-patch"}},
        Headers{{"content-type", ""}}, Headers{{"content-type", "application/json"}, {"content-encoding", "gzip"}}}) {
    const Answered answered = sent(headers);
    CHECK(answered.status() == 415);
    CHECK(answered.member("code") == "unsupported_media_type");
    CHECK(answered.header("accept") == "application/json");
  }
}

TEST_CASE("every GET has an ETag of its bytes, and 304 for who has them") {
  RouterScene scene(table());
  for (const char* path : {"/health", "/items/abc"}) {
    const Answered first = scene.get(path);
    const std::string tag = first.header("etag");
    CHECK(tag == "\"" + test::sha256(first.body()).substr(0, 16) + "\"");
    for (const std::string& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
      const Answered same = scene.get(path, {}, {{"if-none-match", known}});
      CHECK(same.status() == 304);
      CHECK(same.header("etag") == tag);
      CHECK(same.body().empty());
    }
    CHECK(scene.get(path, {}, {{"if-none-match", "\"other\""}}).status() == 200);
  }
  CHECK(scene.ask(ask_for("DELETE", "/items/abc", {}, {{"if-none-match", "*"}})).status() == 200);
  CHECK(scene.ask(ask_for("DELETE", "/items/abc")).header("etag").empty());
}

TEST_CASE("a handler that throws is 500, and the pool hears why") {
  RouterScene scene(table());
  const Answered answered = scene.get("/throws");
  CHECK(answered.status() == 500);
  CHECK(answered.body().find("thrown by") == std::string::npos);
  CHECK(answered.header("etag").empty());
  scene.settle_pool();
  CHECK(scene.notes() == std::vector<std::string>{"thrown by a handler"});
  CHECK(scene.get("/throws-on-loop").status() == 500);
  CHECK(scene.get("/health").status() == 200);
}

TEST_CASE("who must show a token") {
  RouterScene scene(table());
  CHECK(!scene.router->needs_token("GET", "/health"));
  CHECK(!scene.router->needs_token("HEAD", "/health"));
  CHECK(scene.router->needs_token("POST", "/health"));
  CHECK(scene.router->needs_token("GET", "/items/abc"));
  CHECK(scene.router->needs_token("GET", "/nowhere"));
  CHECK(scene.router->needs_token("GET", "/openapi.json"));
}

std::vector<Route> slow_table(Barrier& barrier) {
  std::vector<Route> routes = table();
  routes.push_back(test::route("GET", "/slow", [&barrier](const Request&, const Call&) {
    barrier.pass();
    return said("slow");
  }));
  return routes;
}

TEST_CASE("a full queue is 503 with Retry-After, and what runs on the loop is answered all the same") {
  Barrier barrier;
  RouterScene scene(slow_table(barrier), {.pool_queue = 1});
  auto slow = scene.send(ask_for("GET", "/slow"));
  barrier.await();
  auto waiting = scene.send(ask_for("GET", "/items"));
  const Answered refused = scene.get("/items");
  CHECK(refused.status() == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(refused.member("code") == "too_busy");
  CHECK(scene.get("/health").status() == 200);
  barrier.open();
  CHECK(RouterScene::answer(std::move(slow)).status() == 200);
  CHECK(RouterScene::answer(std::move(waiting)).status() == 200);
}

TEST_CASE("when the service closes, what has not begun is told so") {
  Barrier barrier;
  RouterScene scene(slow_table(barrier));
  auto slow = scene.send(ask_for("GET", "/slow"));
  barrier.await();
  auto waiting = scene.send(ask_for("GET", "/items"));
  scene.on_loop([] {});
  scene.pool.request_stop();
  const Answered closing = RouterScene::answer(std::move(waiting));
  CHECK(closing.status() == 503);
  CHECK(closing.member("code") == "closing");
  barrier.open();
  CHECK(RouterScene::answer(std::move(slow)).status() == 200);
}

TEST_CASE("a router may go while its work is under way") {
  Barrier barrier;
  RouterScene scene(slow_table(barrier));
  auto slow = scene.send(ask_for("GET", "/slow"));
  barrier.await();
  scene.on_loop([&] { scene.router.reset(); });
  barrier.open();
  CHECK(RouterScene::answer(std::move(slow)).status() == 200);
}

TEST_CASE("every request is answered once, from many at a time") {
  RouterScene scene(table(), {.pool_queue = 10'000});
  std::vector<std::future<Answered>> futures;
  for (int i = 0; i < 500; ++i) {
    futures.push_back(scene.send(ask_for("GET", "/items/" + std::to_string(i))));
    futures.push_back(scene.send(ask_for("GET", i % 2 == 0 ? "/health" : "/none")));
  }
  int good = 0;
  for (auto& future : futures) good += RouterScene::answer(std::move(future)).status() == 200 ? 1 : 0;
  CHECK(good == 750);
  CHECK(scene.answers == 1000);
}

}  // namespace
}  // namespace rebalancer::http
