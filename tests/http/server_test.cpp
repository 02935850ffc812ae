// A server over real sockets: what it answers, how long it waits, whom it lets go, and how it ends.
#include "http/server.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <poll.h>
#include <sys/resource.h>

#include <doctest/doctest.h>

#include "http/server_scene.hpp"

using namespace rebalancer;
using namespace std::chrono_literals;
using test::get;
using test::post;
using test::RawAnswer;
using test::RawClient;
using test::ServerScene;

TEST_CASE("a request is answered with its length, its date and the headers of the house") {
  ServerScene scene;
  RawClient client(scene.port());
  const RawAnswer answer = client.ask(get("/hello"));
  CHECK(answer.status == 200);
  CHECK(answer.body == "GET /hello ");
  CHECK(answer.headers.at("date") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(answer.headers.at("content-type") == "application/json");
  CHECK(answer.headers.at("cache-control") == "no-store");
  CHECK(answer.headers.at("x-content-type-options") == "nosniff");
  CHECK(answer.headers.at("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
  CHECK(answer.headers.at("referrer-policy") == "no-referrer");
  CHECK(answer.headers.at("cross-origin-resource-policy") == "same-origin");
  for (const char* never : {"server", "access-control-allow-origin", "connection", "x-powered-by"}) {
    CHECK(!answer.headers.contains(never));
  }
  scene.advance(1s);
  CHECK(scene.becomes_true([&] { return client.ask(get("/")).headers.at("date") == "Sun, 06 Nov 1994 08:49:38 GMT"; }));
}

TEST_CASE("a connection is kept, and a hundred requests in one write are answered in order") {
  ServerScene scene;
  RawClient client(scene.port());
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    all += i % 2 == 0 ? get("/" + number) : post("/" + number, std::string(static_cast<std::size_t>(i) * 10, 'x'));
  }
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    const RawAnswer answer = client.answer();
    CHECK(answer.status == 200);
    CHECK(answer.body.starts_with((i % 2 == 0 ? "GET /" : "POST /") + std::to_string(i) + " "));
    CHECK(answer.body.size() < 20 + static_cast<std::size_t>(i) * 10);
  }
  CHECK(client.ask(get("/after")).status == 200);
  CHECK(scene.counts().connections_accepted == 1);
}

TEST_CASE("HEAD, 204 and 304 have no body, and the connection goes on") {
  ServerScene scene;
  RawClient client(scene.port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawAnswer head = client.answer(true);
  CHECK(head.status == 200);
  CHECK(head.headers.at("content-length") == "12");
  CHECK(client.ask(get("/nothing")).status == 204);
  CHECK(client.ask(get("/same")).status == 304);
  CHECK(client.ask(get("/kept")).headers.at("cache-control") == "max-age=60");
  CHECK(!client.ask(get("/split")).headers.contains("x-injected"));
  CHECK(client.ask(get("/hello")).body == "GET /hello ");
}

TEST_CASE("who asks to close is answered and closed; HTTP/1.0 is kept only when it asks") {
  ServerScene scene;
  RawClient closing(scene.port());
  closing.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + get("/never"));
  CHECK(closing.answer().headers.at("connection") == "close");
  CHECK(closing.closed());
  RawClient old(scene.port());
  CHECK(old.ask("GET / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n").headers.at("connection") ==
        "keep-alive");
  CHECK(old.ask("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").headers.at("connection") == "close");
  CHECK(old.closed());
  CHECK(scene.dispatched().size() == 3);
}

TEST_CASE("a connection ends after so many requests") {
  http::ServerSettings settings;
  settings.limits.requests_per_connection_max = 2;
  ServerScene scene(settings);
  RawClient client(scene.port());
  CHECK(!client.ask(get("/1")).headers.contains("connection"));
  CHECK(client.ask(get("/2")).headers.at("connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("bodies: by length, in chunks, after 100-continue, and one that the client never takes") {
  ServerScene scene;
  RawClient client(scene.port());
  const std::string body(64 * 1024, 'x');
  CHECK(client.ask(post("/", body)).body == "POST / " + body);
  CHECK(client
            .ask("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            .body == "POST / abcde");
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.answer().status == 100);
  CHECK(client.ask("abc").body == "POST / abc");
  CHECK(client.ask(get("/big")).body.size() == 8 << 20);
  RawClient deaf(scene.port());
  deaf.send(get("/big"));
  CHECK(scene.becomes_true([&] { return scene.counts().requests_at_work == 1; }));
  scene.advance(11s);
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 0; }));
  CHECK(RawClient(scene.port()).ask(get("/")).status == 200);
}

TEST_CASE("answers from other threads, answers that come twice, and requests that nobody answers") {
  std::vector<std::thread> threads;
  {
    ServerScene scene({}, [&](http::Request request, http::Reply reply) {
      threads.emplace_back([request = std::move(request), reply = std::move(reply)] {
        reply.send(http::json_response(200, request.path), request.path);
      });
    });
    RawClient client(scene.port());
    for (int i = 0; i < 50; ++i) CHECK(client.ask(get("/" + std::to_string(i))).body == "/" + std::to_string(i));
  }
  for (std::thread& thread : threads) thread.join();

  ServerScene scene;
  RawClient client(scene.port());
  CHECK(client.ask(get("/twice")).body == "GET /twice ");
  CHECK(client.ask(get("/drop")).status == 500);
  CHECK(client.ask(get("/throw")).status == 500);
  CHECK(client.ask(get("/hello")).body == "GET /hello ");
}

TEST_CASE("every request is told to the observer, with a bounded method and the route's template") {
  ServerScene scene(
      {}, [](http::Request, http::Reply reply) { reply.send(http::json_response(202, "{}"), "/orders/{id}"); });
  RawClient client(scene.port());
  CHECK(client.ask(get("/orders/1")).status == 202);
  CHECK(client.ask("BREW /orders/1 HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 202);
  CHECK(client.ask("GET / HTTP/1.1\r\n\r\n").status == 400);
  CHECK(scene.becomes_true([&] { return scene.exchanges().size() == 3; }));
  const auto seen = scene.exchanges();
  CHECK(seen[0].surface == "scene");
  CHECK(seen[0].method == "GET");
  CHECK(seen[0].route == "/orders/{id}");
  CHECK(seen[0].status == 202);
  CHECK(seen[1].method == "OTHER");
  CHECK(seen[2].route == "none");
  CHECK(seen[2].status == 400);
}

TEST_CASE("a token, where one is set, is asked for on all but what is open") {
  http::ServerSettings settings;
  settings.token = "letmein";
  settings.hosts = {"Trader.Example"};
  ServerScene scene(settings);
  RawClient refused(scene.port());
  const RawAnswer answer = refused.ask(get("/status"));
  CHECK(answer.status == 401);
  CHECK(answer.headers.at("www-authenticate") == "Bearer");
  CHECK(refused.closed());
  RawClient client(scene.port());
  CHECK(client.ask(get("/health")).status == 200);
  CHECK(client.ask("GET /status HTTP/1.1\r\nHost: trader.example\r\nAuthorization: Bearer letmein\r\n\r\n").status ==
        200);
}

TEST_CASE("our own pages may post, others may not") {
  ServerScene scene;
  const std::string own = "Origin: http://127.0.0.1:" + std::to_string(scene.port()) + "\r\n";
  CHECK(RawClient(scene.port()).ask(post("/", "{}", own)).status == 200);
  CHECK(RawClient(scene.port()).ask(post("/", "{}", "Origin: http://127.0.0.1:1\r\n")).status == 403);
  CHECK(RawClient(scene.port()).ask(post("/", "{}", "Sec-Fetch-Site: cross-site\r\n")).status == 403);
  CHECK(scene.dispatched().size() == 1);
}

TEST_CASE("a slow header is refused when its time is over, however steadily it comes") {
  ServerScene scene;
  RawClient client(scene.port());
  // With the first answer, what came behind the first request has been read.
  CHECK(client.ask(get("/first") + "GET / HTTP/1.1\r\n").status == 200);
  for (int i = 0; i < 4; ++i) {
    client.send("X: a\r\n");
    scene.advance(1s);
  }
  CHECK(scene.counts().connections == 1);
  scene.advance(2s);
  const RawAnswer answer = client.answer();
  CHECK(answer.status == 408);
  CHECK(answer.headers.at("connection") == "close");
  client.send("Host: localhost\r\n\r\n");
  CHECK(client.closed());
}

TEST_CASE("a slow body is refused when its time is over, not before") {
  ServerScene scene;
  RawClient client(scene.port());
  client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc");
  RawClient other(scene.port());
  CHECK(other.ask(get("/")).status == 200);
  scene.advance(9s);
  client.send("def");
  CHECK(RawClient(scene.port()).ask(get("/")).status == 200);
  scene.advance(2s);
  CHECK(client.answer().status == 408);
  CHECK(client.closed());
}

TEST_CASE("who says nothing is closed without a word, and who is being worked for is waited for") {
  ServerScene scene;
  RawClient silent(scene.port());
  RawClient kept(scene.port());
  CHECK(kept.ask(get("/")).status == 200);
  RawClient working(scene.port());
  working.send(get("/hold"));
  CHECK(scene.becomes_true([&] { return scene.held() == 1 && scene.counts().connections == 3; }));
  scene.advance(5s);
  CHECK(silent.closed());
  CHECK(kept.closed());
  scene.advance(10min);
  CHECK(scene.counts().requests_at_work == 1);
  scene.release();
  CHECK(working.answer().body == "\"held\"");
}

TEST_CASE("a client that goes, in the middle of anything, takes nothing with it") {
  ServerScene scene;
  for (const std::string& half : {std::string(), std::string("GET"), get("/").substr(0, 20), get("/big"), get("/hold"),
                                  post("/", "abc").substr(0, 60), get("/") + get("/big") + get("/big")}) {
    RawClient client(scene.port());
    const linger reset{1, 0};
    setsockopt(client.socket(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    client.send(half);
  }
  CHECK(scene.becomes_true([&] { return scene.held() == 1; }));
  scene.release();
  CHECK(RawClient(scene.port()).ask(get("/")).status == 200);
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 0; }));
  RawClient polite(scene.port());
  polite.send(get("/last"));
  polite.end_sending();
  CHECK(polite.answer().status == 200);
  CHECK(polite.closed());
}

TEST_CASE("draining: the waiting are closed, the working answered, and then it is done") {
  ServerScene scene;
  RawClient idle(scene.port());
  CHECK(idle.ask(get("/")).status == 200);
  RawClient half(scene.port());
  half.send("GET / HT");
  RawClient working(scene.port());
  working.send(get("/hold") + get("/never"));
  CHECK(scene.becomes_true([&] { return scene.held() == 1 && scene.counts().connections == 3; }));
  std::atomic<bool> done = false;
  scene.on_loop([&] { scene.server().drain(std::chrono::minutes(10), [&] { done = true; }); });
  CHECK(idle.closed());
  CHECK(half.closed());
  CHECK_THROWS(RawClient(scene.port()));
  CHECK(!done);
  scene.release();
  CHECK(working.answer().headers.at("connection") == "close");
  CHECK(working.closed());
  working.end_sending();
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 1 || done; }));
  scene.advance(2s);
  CHECK(scene.becomes_true([&] { return done.load(); }));
  CHECK(scene.dispatched().size() == 2);
}

TEST_CASE("draining: what takes longer than its limit is cut off; with nobody there it is done at once") {
  {
    ServerScene scene;
    RawClient working(scene.port());
    working.send(get("/hold"));
    CHECK(scene.becomes_true([&] { return scene.held() == 1; }));
    std::promise<void> done;
    scene.on_loop([&] { scene.server().drain(20ms, [&] { done.set_value(); }); });
    done.get_future().get();
    CHECK(working.closed());
    CHECK(scene.counts().connections == 0);
    scene.release();
  }
  ServerScene scene;
  std::promise<void> done;
  scene.on_loop([&] { scene.server().drain(std::chrono::minutes(10), [&] { done.set_value(); }); });
  done.get_future().get();
}

TEST_CASE("a server that ends with requests at work drops their answers") {
  http::Reply kept;
  std::promise<void> asked;
  {
    ServerScene scene({}, [&](http::Request, http::Reply reply) {
      kept = std::move(reply);
      asked.set_value();
    });
    RawClient client(scene.port());
    client.send(get("/"));
    asked.get_future().get();
  }
  kept.send(http::json_response(200, "{}"), "/");
}

TEST_CASE("where it cannot listen it says where and why, and listens nowhere") {
  EventLoop loop;
  test::FakeClock clock;
  const auto listen_on = [&](const std::string& bind, std::vector<int> ports) {
    http::ServerSettings settings;
    settings.bind = bind;
    std::vector<http::Surface> surfaces;
    for (const int port : ports) surfaces.push_back({"a", port, [](auto, auto) { return false; }, [](auto, auto) {}});
    auto server = std::make_unique<http::Server>(loop, clock, settings, std::move(surfaces), nullptr);
    auto listening = server->listen();
    return std::pair(std::move(server), std::move(listening));
  };
  const auto first = listen_on("127.0.0.1", {0, 0});
  REQUIRE(first.second);
  REQUIRE(first.second->size() == 2);
  const int taken = first.second->front();
  const auto second = listen_on("127.0.0.1", {0, taken});
  REQUIRE(!second.second);
  CHECK(second.second.error().code == ErrorCode::unavailable);
  CHECK(second.second.error().message.find("127.0.0.1:" + std::to_string(taken)) != std::string::npos);
  CHECK(listen_on("localhost", {0}).second.error().code == ErrorCode::invalid);
  const auto six = listen_on("::1", {0});
  if (!six.second) {
    MESSAGE("SKIPPED: no IPv6 here: " << six.second.error().message);
    return;
  }
  CHECK(six.second->front() > 0);
}

TEST_CASE("when descriptors run out it waits, and goes on when there are some") {
  ServerScene scene;
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(RawClient(scene.port()).ask(get("/")).status == 200);
  CHECK(scene.becomes_true([&] { return scene.counts().connections == 0; }));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(socket >= 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(socket) + 1;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(scene.port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connected = connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const std::string request = get("/");
  const auto sent = ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  pollfd wait{socket, POLLIN, 0};
  const int early = poll(&wait, 1, 50);
  setrlimit(RLIMIT_NOFILE, &before);
  const int later = poll(&wait, 1, 20'000);
  ::close(socket);
  CHECK(connected == 0);
  CHECK(sent > 0);
  CHECK(early == 0);
  CHECK(later == 1);
  CHECK(RawClient(scene.port()).ask(get("/")).status == 200);
}
