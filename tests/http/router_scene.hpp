// A router with real threads and a table of fake handlers; requests go in and answers come out, without sockets.
#pragma once
#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "http/router.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_request_store.hpp"
#include "support/sha256.hpp"

namespace rebalancer::test {

// Holds whoever passes until it is opened, and knows that somebody has come.
class Barrier {
 public:
  void pass() {
    // Whoever opens it may end with it at once.
    const auto open = open_future_;
    const auto come = come_;
    come->set_value();
    open.wait();
  }
  void await() { come_future_.wait(); }
  void open() {
    if (!std::exchange(opened_, true)) open_.set_value();
  }
  ~Barrier() { open(); }

 private:
  std::shared_ptr<std::promise<void>> come_ = std::make_shared<std::promise<void>>();
  std::shared_future<void> come_future_{come_->get_future()};
  std::promise<void> open_;
  std::shared_future<void> open_future_{open_.get_future()};
  bool opened_ = false;
};

// The store in memory, for the threads of a router.
class SharedRequestStore final : public RequestStore {
 public:
  Result<std::optional<KeyedRequest>> begin_request(std::string_view key, std::string_view fingerprint, Instant now,
                                                    Instant forget_before) override {
    return with([&](MemoryRequestStore& store) { return store.begin_request(key, fingerprint, now, forget_before); });
  }
  Result<void> finish_request(std::string_view key, int status, std::string_view content_type,
                              std::string_view body) override {
    return with([&](MemoryRequestStore& store) { return store.finish_request(key, status, content_type, body); });
  }
  Result<void> forget_request(std::string_view key) override {
    return with([&](MemoryRequestStore& store) { return store.forget_request(key); });
  }
  template <class Use>
  auto with(Use use) -> std::invoke_result_t<Use, MemoryRequestStore&> {
    const std::lock_guard lock(mutex_);
    return use(store_);
  }
  [[nodiscard]] std::vector<KeyedRequest> all() {
    return with([](MemoryRequestStore& store) { return store.requests; });
  }

 private:
  std::mutex mutex_;
  MemoryRequestStore store_;
};

struct Answered {
  http::Response response;
  std::string route;

  [[nodiscard]] int status() const { return response.status; }
  [[nodiscard]] std::string body() const { return std::string(response.text()); }
  // Empty when there is none.
  [[nodiscard]] std::string header(std::string_view name) const {
    const auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
    for (const auto& [key, value] : response.headers) {
      if (std::ranges::equal(key, name, {}, lower, lower)) return value;
    }
    return {};
  }
  [[nodiscard]] boost::json::object json() const { return boost::json::parse(body()).as_object(); }
  // A member of the body as text; what is no string as JSON.
  [[nodiscard]] std::string member(const char* name) const {
    const boost::json::object object = json();
    const auto* value = object.if_contains(name);
    if (value == nullptr) return "(none)";
    return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
  }
};

inline http::Request ask_for(std::string method, std::string path,
                             std::vector<std::pair<std::string, std::string>> query = {}, http::Headers headers = {}) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.query = std::move(query);
  request.headers = std::move(headers);
  return request;
}
inline http::Request with_body(std::string method, std::string path, std::string body, http::Headers headers = {}) {
  http::Request request = ask_for(std::move(method), std::move(path), {}, std::move(headers));
  request.body = std::move(body);
  request.headers.emplace_back("content-type", "application/json");
  return request;
}

class RouterScene {
 public:
  struct Sizes {
    std::size_t pool_queue = 64;
    std::size_t lane_queue = 4;
    std::chrono::milliseconds wait{20'000};
  };
  explicit RouterScene(std::vector<http::Route> routes) : RouterScene(std::move(routes), Sizes()) {}
  RouterScene(std::vector<http::Route> routes, Sizes sizes)
      : pool("pool", 1, sizes.pool_queue, [this](std::string what) { note(std::move(what)); }),
        lane("lane", 1, sizes.lane_queue, [this](std::string what) { note(std::move(what)); }),
        jobs(lane, clock) {
    http::RouterParts parts{loop, pool, jobs, requests, clock, &sha256};
    parts.wait = sizes.wait;
    parts.version = "1.2.3";
    parts.schemas_json = R"({"Thing":{"type":"object"},"Unused":{"type":"object"}})";
    parts.warn = [this](const std::string& what) { note(what); };
    router = std::make_unique<http::Router>("scene", "A scene", std::move(routes), std::move(parts));
    thread_ = std::thread([this] { loop.run(); });
  }
  ~RouterScene() {
    stop_workers();
    on_loop([this] { router.reset(); });
    loop.stop();
    thread_.join();
  }
  RouterScene(const RouterScene&) = delete;
  RouterScene& operator=(const RouterScene&) = delete;

  [[nodiscard]] std::future<Answered> send(http::Request request) {
    auto promise = std::make_shared<std::promise<Answered>>();
    auto future = promise->get_future();
    http::Reply reply{[promise, this](http::Response response, std::string_view route) {
      ++answers;
      promise->set_value({std::move(response), std::string(route)});
    }};
    // In a box, because what is posted must be copyable.
    auto box = std::make_shared<std::pair<http::Request, http::Reply>>(std::move(request), std::move(reply));
    loop.post([this, box] { router->dispatch(std::move(box->first), std::exchange(box->second, {})); });
    return future;
  }
  [[nodiscard]] Answered ask(http::Request request) { return answer(send(std::move(request))); }
  [[nodiscard]] static Answered answer(std::future<Answered> future) {
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) throw std::runtime_error("no answer");
    return future.get();
  }
  [[nodiscard]] Answered get(std::string path, std::vector<std::pair<std::string, std::string>> query = {},
                             http::Headers headers = {}) {
    return ask(ask_for("GET", std::move(path), std::move(query), std::move(headers)));
  }
  [[nodiscard]] Answered post(std::string path, std::string body, http::Headers headers = {}) {
    return ask(with_body("POST", std::move(path), std::move(body), std::move(headers)));
  }
  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    loop.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  // Until everything that was posted to the pool so far has been done.
  void settle_pool() {
    std::promise<void> done;
    if (pool.post([&](std::stop_token) { done.set_value(); })) done.get_future().wait();
    on_loop([] {});
  }
  // As when the service closes: what has not begun is dropped.
  void stop_workers() {
    lane.request_stop();
    pool.request_stop();
    if (!lane.join(std::chrono::seconds(20)) || !pool.join(std::chrono::seconds(20))) std::abort();
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  EventLoop loop;
  FakeClock clock{Instant::from_seconds(1'700'000'000)};
  SharedRequestStore requests;
  std::atomic<int> answers = 0;
  WorkerPool pool;
  WorkerPool lane;
  http::Jobs jobs;
  std::unique_ptr<http::Router> router;

 private:
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(what));
  }
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
  std::thread thread_;
};

inline http::Route route(std::string method, std::string path,
                         std::function<http::Response(const http::Request&, const http::Call&)> handle) {
  std::string id = method;
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) id += c;
  }
  return {.method = std::move(method),
          .path = std::move(path),
          .operation_id = std::move(id),
          .summary = "a row of a test",
          .answers = {{200, "it went well", R"({"$ref":"#/components/schemas/Thing"})"}},
          .handle = std::move(handle)};
}
inline http::Response said(std::string_view text) {
  return http::json_response(200, "{\"said\":\"" + std::string(text) + "\"}");
}

}  // namespace rebalancer::test
