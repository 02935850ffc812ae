// Real sockets on this machine: servers that speak the protocol, and servers that do not.
#include "plugins/support/websocket_client.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <vector>

#include <doctest/doctest.h>

#include "support/byte_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/websocket_peer.hpp"

using namespace rebalancer;
using laboratory::Connection;
using laboratory::SocketServer;
using plugin_support::WebSocketClient;
using plugin_support::WebSocketEvents;
using plugin_support::WebSocketSettings;
using test::ByteServer;
using test::Certificate;
using Peer = test::WebSocketPeer;
using Kind = Peer::Kind;
using namespace std::chrono_literals;

namespace {

// What the client tells, in its order.
class Told {
 public:
  void add(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  [[nodiscard]] bool comes(const std::string& start, std::ptrdiff_t times = 1) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] {
      return std::ranges::count_if(events_, [&](const auto& event) { return event.starts_with(start); }) >= times;
    });
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  [[nodiscard]] std::string last() const { return all().empty() ? "" : all().back(); }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> events_;
};

WebSocketSettings quick(std::string url) {
  WebSocketSettings settings{.url = std::move(url)};
  settings.pause_first = 1ms;
  settings.pause_max = 4ms;
  return settings;
}

struct Client {
  explicit Client(WebSocketSettings settings) {
    WebSocketEvents events;
    events.opened = [this] {
      told.add("opened");
      return std::string("hello");
    };
    events.message = [this](std::string_view bytes) {
      told.add("message " + std::string(bytes));
      return WebSocketEvents::Answer{bytes == "ask" ? "answer" : "", bytes == "end"};
    };
    events.beat = [this] { told.add("beat"); };
    events.lost = [this](std::string_view why) { told.add("lost " + std::string(why)); };
    client = std::make_unique<WebSocketClient>(std::move(settings), std::move(events));
  }
  // Whether it ends before somebody who waits for it would mind.
  bool ends_promptly() {
    return std::async(std::launch::async, [this] { client.reset(); }).wait_for(1s) == std::future_status::ready;
  }
  Told told;
  std::unique_ptr<WebSocketClient> client;
};

std::unique_ptr<SocketServer> served(SocketServer::Serve serve) {
  return SocketServer::listen(0, std::move(serve)).value();
}
// Agreed, and greeted.
std::unique_ptr<SocketServer> served_after_hello(std::function<void(Peer&)> go_on) {
  return served([go_on = std::move(go_on)](const Connection& connection) {
    Peer peer{connection};
    if (peer.agree() && peer.next(Kind::text) == "hello") go_on(peer);
  });
}
std::string url_of(const SocketServer& server) { return "ws://127.0.0.1:" + std::to_string(server.port()) + "/stream"; }

}  // namespace

TEST_CASE("messages come in, answers go out") {
  std::promise<std::string> answered;
  const auto server = served_after_hello([&](Peer& peer) {
    peer.say(Kind::text, "one");
    peer.say(Kind::binary, "two");
    peer.say(Kind::binary, "ask");
    answered.set_value(peer.next(Kind::text));
    peer.connection.wait_for_close();
  });
  Client client(quick(url_of(*server)));
  CHECK(client.told.comes("message ask"));
  CHECK(answered.get_future().get() == "answer");
  CHECK(client.told.all() == std::vector<std::string>{"opened", "message one", "message two", "message ask"});
  CHECK(client.ends_promptly());
}

TEST_CASE("a connection that ends is made anew, whatever ended it") {
  const std::string large(1'000, 'x');
  const std::vector<std::function<void(Peer&)>> ends{
      [](Peer&) {},
      [](Peer& peer) { peer.say(Kind::close, "\x03\xE8"); },
      [](Peer& peer) { peer.connection.write(laboratory::websocket_frame(Kind::text, "cut").substr(0, 3)); },
      [&](Peer& peer) { peer.say(Kind::text, large) && peer.next(Kind::text).empty(); },
      [](Peer& peer) { peer.connection.write("\xFF\x01x") && peer.next(Kind::text).empty(); },
  };
  for (std::size_t i = 0; i < ends.size(); ++i) {
    CAPTURE(i);
    std::atomic<int> connections = 0;
    const auto server = served_after_hello([&](Peer& peer) {
      if (++connections == 1) return ends[i](peer);
      peer.say(Kind::text, "again");
      peer.connection.wait_for_close();
    });
    WebSocketSettings settings = quick(url_of(*server));
    settings.message_bytes_max = 999;
    Client client(settings);
    CHECK(client.told.comes("message again"));
    const auto told = client.told.all();
    REQUIRE(told.size() == 4);
    CHECK_MESSAGE((told[1].starts_with("lost the connection ended: ") || told[1].starts_with("lost the other side ")),
                  told[1]);
    CHECK(told[2] == "opened");
  }
}

TEST_CASE("a server that does not agree is left and asked again") {
  const std::vector<std::pair<std::string, std::string>> answers{
      {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "lost the server answers 403"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "lost the server answers 200"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
       "Sec-WebSocket-Accept: c29tZWJvZHkgZWxzZSdz\r\n\r\n",
       "lost the server does not agree to the protocol: "},
      {"<html>", "lost the server does not agree to the protocol: "},
      {"", "lost the server does not agree to the protocol: "},
  };
  for (const auto& [answer, why] : answers) {
    CAPTURE(answer);
    const auto server = served([&answer = answer](const Connection& connection) {
      std::string request;
      if (connection.read_some(request)) connection.write(answer);
    });
    Client client(quick(url_of(*server)));
    CHECK(client.told.comes(why, 3));
    CHECK(client.told.all().front().starts_with("lost "));
  }
}

TEST_CASE("silence ends a connection, and an answered ping is none") {
  const auto deaf = served_after_hello([](Peer& peer) { peer.connection.wait_for_close(); });
  WebSocketSettings settings = quick(url_of(*deaf));
  settings.ping_interval = 20ms;
  const Client lost(settings);
  CHECK(lost.told.comes("lost nothing was heard for 20 ms", 2));
  CHECK(std::ranges::count(lost.told.all(), "beat") == 0);

  const auto alive = served_after_hello([](Peer& peer) {
    while (peer.connection.read_some(peer.buffer)) {
      peer.buffer.clear();
      peer.say(Kind::pong, "");
    }
  });
  settings.url = url_of(*alive);
  settings.ping_interval = 200ms;  // a slow machine has this long for its pong
  const Client kept(settings);
  CHECK(kept.told.comes("beat", 3));
  CHECK(kept.told.all().front() == "opened");
  CHECK(std::ranges::count(kept.told.all(), "opened") == 1);
}

TEST_CASE("an answer can end it for good") {
  std::atomic<int> connections = 0;
  const auto server = served_after_hello([&](Peer& peer) {
    ++connections;
    peer.say(Kind::text, "end");
    peer.connection.wait_for_close();
  });
  Client client(quick(url_of(*server)));
  CHECK(client.told.comes("lost "));
  CHECK(client.ends_promptly());
  CHECK(connections == 1);
  CHECK(client.told.last() == "lost it is not wanted any more");
}

TEST_CASE("it ends promptly wherever it is") {
  std::atomic<int> connections = 0;
  const auto silent = served([&](const Connection& connection) {
    ++connections;
    connection.wait_for_close();
  });
  WebSocketSettings settings = quick(url_of(*silent));
  settings.connect_time_max = 60s;
  Client agreeing(settings);
  settings.url = "wss" + settings.url.substr(2);
  Client securing(settings);
  // Documentation addresses lead nowhere: at once, or never.
  settings.url = "wss://192.0.2.1/";
  Client connecting(settings);
  settings.url = url_of(*silent);
  settings.connect_time_max = 1ms;
  settings.pause_first = 60s;
  Client pausing(settings);
  CHECK(pausing.told.comes("lost no connection within 1 ms"));
  for (Client* client : {&agreeing, &securing, &connecting, &pausing}) CHECK(client->ends_promptly());
  CHECK(std::ranges::count(pausing.told.all(), "opened") == 0);
}

TEST_CASE("what is no address, or another machine in plain, is not connected to") {
  for (const std::string url : {"", "http://127.0.0.1/", "ws://user@127.0.0.1/", "ws:///", "ws://127.0.0.1:99999/"}) {
    CAPTURE(url);
    const Client client(quick(url));
    CHECK(client.told.comes("lost its address "));
  }
  const Client plain(quick("ws://192.0.2.1/"));
  CHECK(plain.told.comes("lost its name does not lead to this machine"));
  const auto gone = served([](const Connection&) {});
  const Client nobody(quick("ws://[::1]:" + std::to_string(gone->port()) + "/"));
  CHECK(nobody.told.comes("lost "));
}

TEST_CASE("over TLS: the certificate must lead to a trusted authority and name the host") {
  const Certificate authority({.subject = "house authority", .authority = true});
  const Certificate good({.names = "DNS:localhost,IP:127.0.0.1", .issuer = &authority});
  const Certificate other({.names = "DNS:other.example", .issuer = &authority});
  const test::TemporaryDirectory folder;
  authority.write(folder.file("authority.pem"));
  const auto greet = [](const ByteServer::Connection& connection) {
    const auto request = laboratory::parse_head(connection.read_request());
    if (!request) return;
    connection.write(text_of(websocket_answer(*request), false));
    connection.write(laboratory::websocket_frame(Kind::text, "secret"));
    connection.wait_for_close();
  };
  const ByteServer trusted(greet, &good), misnamed(greet, &other);
  const auto asks = [&](const ByteServer& server, const std::string& host, bool trusts) {
    WebSocketSettings settings = quick("wss://" + host + ":" + std::to_string(server.port()) + "/");
    if (trusts) settings.extra_authorities = folder.file("authority.pem");
    return std::make_unique<Client>(settings);
  };
  for (const char* host : {"localhost", "127.0.0.1"}) {
    CAPTURE(host);
    CHECK(asks(trusted, host, true)->told.comes("message secret"));
    CHECK(asks(trusted, host, false)->told.comes("lost its certificate is not accepted: "));
    CHECK(asks(misnamed, host, true)->told.comes("lost its certificate is not accepted: "));
  }
  CHECK(misnamed.served() == 0);
}
