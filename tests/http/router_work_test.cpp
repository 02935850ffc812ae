// Long work behind a request: waited for, polled, cancelled; and done once for each key.
#include <atomic>

#include <doctest/doctest.h>

#include "http/problem.hpp"
#include "router_scene.hpp"

namespace rebalancer::http {
namespace {

using test::Answered;
using test::ask_for;
using test::Barrier;
using test::RouterScene;
using test::with_body;
using namespace std::chrono_literals;

const std::pair<std::string, std::string> respond_async{"prefer", "respond-async"};

Headers keyed(std::string key) { return {{"idempotency-key", std::move(key)}}; }
Headers keyed_async(std::string key) { return {{"idempotency-key", std::move(key)}, respond_async}; }

struct Work {
  std::atomic<int> done = 0;
  std::atomic<int> status = 200;
  std::atomic<Barrier*> barrier = nullptr;

  Response operator()(const Call& call) {
    call.progress("work", 0.5);
    if (Barrier* closed = barrier.exchange(nullptr)) closed->pass();
    const int number = ++done;
    if (status == 0) throw std::runtime_error("cannot");
    if (status >= 400) return problem(status, {"refused", "no"});
    return json_response(status, "{\"number\":" + std::to_string(number) + "}");
  }
  std::vector<Route> table() {
    Route work = test::route("POST", "/work", [this](const Request&, const Call& call) { return (*this)(call); });
    work.runs = Route::Runs::as_job;
    work.takes_idempotency_key = true;
    work.body_schema = R"({"type":"object","properties":{"a":{"type":"integer"}}})";
    Route short_work =
        test::route("POST", "/short", [this](const Request&, const Call& call) { return (*this)(call); });
    short_work.takes_idempotency_key = true;
    short_work.body_schema = work.body_schema;
    return {work, short_work};
  }
};

// Until the job has ended.
Answered ended(RouterScene& scene, const std::string& id) {
  std::promise<void> promise;
  REQUIRE(scene.jobs.notify(id, [&](const JobRecord&) { promise.set_value(); }));
  promise.get_future().wait();
  return scene.get("/jobs/" + id);
}

TEST_CASE("work that ends in time is its own answer") {
  Work work;
  RouterScene scene(work.table());
  const Answered answered = scene.post("/work", "{}");
  CHECK(answered.status() == 200);
  CHECK(answered.body() == R"({"number":1})");
  CHECK(answered.header("job-id").starts_with("job-"));
  CHECK(answered.route == "/work");
  CHECK(scene.get("/jobs/" + answered.header("job-id")).member("state") == "done");
  work.status = 422;
  const Answered refused = scene.ask(ask_for("POST", "/work"));
  CHECK(refused.status() == 422);
  CHECK(scene.get("/jobs/" + refused.header("job-id")).member("state") == "failed");
  work.status = 0;
  CHECK(scene.post("/work", "{}").status() == 500);
}

TEST_CASE("who does not want to wait gets the job, and its result by asking for it") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table());
  const Answered job = scene.post("/work", "{}", {respond_async});
  CHECK(job.status() == 202);
  const std::string id = job.member("id");
  CHECK(job.header("location") == "/jobs/" + id);
  CHECK(job.header("retry-after") == "1");
  barrier.await();
  const Answered running = scene.get("/jobs/" + id);
  CHECK(running.member("state") == "running");
  CHECK(running.member("doing") == "work");
  CHECK(running.member("fraction") == "5E-1");
  CHECK(running.member("result") == "null");
  barrier.open();
  const Answered done = ended(scene, id);
  CHECK(done.member("state") == "done");
  CHECK(done.member("status") == "200");
  CHECK(done.member("result") == R"({"number":1})");
}

TEST_CASE("what takes longer than somebody waits is a job, too") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table(), {.wait = 1ms});
  const Answered job = scene.post("/work", "{}");
  CHECK(job.status() == 202);
  CHECK(job.header("location") == "/jobs/" + job.member("id"));
  barrier.open();
  CHECK(ended(scene, job.member("id")).member("state") == "done");
  CHECK(scene.answers == 3 - 1);
}

TEST_CASE("a full lane takes no work") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table(), {.lane_queue = 1});
  CHECK(scene.post("/work", "{}", {respond_async}).status() == 202);
  barrier.await();
  CHECK(scene.post("/work", "{}", {respond_async}).status() == 202);
  const Answered refused = scene.post("/work", "{}", {respond_async});
  CHECK(refused.status() == 503);
  CHECK(refused.header("retry-after") == "1");
  CHECK(scene.post("/work", "{}", keyed("k")).status() == 503);
  CHECK(scene.requests.all().empty());
  CHECK(scene.get("/jobs").json().at("jobs").as_array().size() == 2);
  barrier.open();
}

TEST_CASE("jobs are listed newest first, without what they answered") {
  Work work;
  RouterScene scene(work.table());
  for (int i = 0; i < 3; ++i) CHECK(scene.post("/work", "{}").status() == 200);
  const auto all = scene.get("/jobs").json().at("jobs").as_array();
  REQUIRE(all.size() == 3);
  CHECK(all.at(0).at("id").as_string() > all.at(2).at("id").as_string());
  CHECK(all.at(0).at("status").as_int64() == 200);
  CHECK(all.at(0).at("result").is_null());
  CHECK(scene.get("/jobs", {{"limit", "2"}}).json().at("jobs").as_array().size() == 2);
  CHECK(scene.get("/jobs", {{"limit", "0"}}).status() == 400);
  CHECK(scene.get("/jobs/job-none").status() == 404);
}

TEST_CASE("a job can be asked to stop while it has not ended") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table());
  const std::string first = scene.post("/work", "{}", {respond_async}).member("id");
  barrier.await();
  auto waiting = scene.send(with_body("POST", "/work", "{}"));
  scene.on_loop([] {});
  const std::string second = std::string(scene.get("/jobs").json().at("jobs").at(0).at("id").as_string());
  const Answered cancelled = scene.ask(ask_for("DELETE", "/jobs/" + second));
  CHECK(cancelled.status() == 202);
  CHECK(cancelled.member("state") == "cancelled");
  const Answered told = RouterScene::answer(std::move(waiting));
  CHECK(told.status() == 409);
  CHECK(told.member("code") == "cancelled");
  const Answered asked = scene.ask(ask_for("DELETE", "/jobs/" + first));
  CHECK(asked.status() == 202);
  CHECK(asked.member("stop_requested") == "true");
  barrier.open();
  CHECK(ended(scene, first).member("state") == "done");
  CHECK(scene.ask(ask_for("DELETE", "/jobs/" + first)).status() == 409);
  CHECK(scene.ask(ask_for("DELETE", "/jobs/job-none")).status() == 404);
  CHECK(work.done == 1);
}

TEST_CASE("with a key it is done once, and answered again from what was kept") {
  for (const char* path : {"/work", "/short"}) {
    CAPTURE(path);
    Work work;
    RouterScene scene(work.table());
    const Answered first = scene.post(path, R"({"a":1})", keyed("k"));
    CHECK(first.status() == 200);
    CHECK(first.header("idempotency-replayed").empty());
    const Answered again = scene.post(path, R"({"a":1})", keyed("k"));
    CHECK(again.status() == 200);
    CHECK(again.body() == first.body());
    CHECK(again.header("idempotency-replayed") == "true");
    CHECK(scene.post(path, R"({"a":2})", keyed("k")).member("code") == "idempotency_key_reused");
    CHECK(scene.post(path, R"({"a":2})", keyed("k")).status() == 422);
    CHECK(work.done == 1);
    CHECK(scene.post(path, R"({"a":1})", keyed("l")).body() == R"({"number":2})");
  }
}

TEST_CASE("a key is written down before the work begins, and its answer before it is given") {
  for (const char* path : {"/work", "/short"}) {
    CAPTURE(path);
    Work work;
    Barrier barrier;
    work.barrier = &barrier;
    RouterScene scene(work.table());
    auto first = scene.send(with_body("POST", path, "{}", keyed("k")));
    barrier.await();
    REQUIRE(scene.requests.all().size() == 1);
    CHECK(scene.requests.all().front().status == 0);
    barrier.open();
    CHECK(RouterScene::answer(std::move(first)).status() == 200);
    CHECK(scene.requests.all().front().status == 200);
    CHECK(scene.requests.all().front().body == R"({"number":1})");
  }
}

TEST_CASE("while the first is at work the second is told where, also after 202") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table());
  const Answered job = scene.post("/work", "{}", keyed_async("k"));
  CHECK(job.status() == 202);
  barrier.await();
  scene.settle_pool();
  const Answered second = scene.post("/work", "{}", keyed_async("k"));
  CHECK(second.status() == 409);
  CHECK(second.member("code") == "request_in_progress");
  CHECK(second.header("location") == job.header("location"));
  barrier.open();
  ended(scene, job.member("id"));
  const Answered third = scene.post("/work", "{}", keyed("k"));
  CHECK(third.status() == 200);
  CHECK(third.body() == R"({"number":1})");
  CHECK(third.header("idempotency-replayed") == "true");
  CHECK(work.done == 1);
}

TEST_CASE("what an earlier process began is told as unknown, not done again") {
  Work work;
  RouterScene scene(work.table());
  CHECK(scene.post("/work", "{}", keyed("k")).status() == 200);
  scene.requests.with([](test::MemoryRequestStore& store) {
    store.requests.front().status = 0;
    store.reopen();
    return 0;
  });
  const Answered answered = scene.post("/work", "{}", keyed("k"));
  CHECK(answered.status() == 409);
  CHECK(answered.member("code") == "outcome_unknown");
  CHECK(work.done == 1);
}

TEST_CASE("an error is kept like any answer, a mistake of ours too") {
  Work work;
  work.status = 409;
  RouterScene scene(work.table());
  CHECK(scene.post("/short", "{}", keyed("a")).status() == 409);
  CHECK(scene.post("/short", "{}", keyed("a")).header("idempotency-replayed") == "true");
  work.status = 0;
  CHECK(scene.post("/short", "{}", keyed("b")).status() == 500);
  CHECK(scene.post("/short", "{}", keyed("b")).header("idempotency-replayed") == "true");
  CHECK(scene.post("/work", "{}", keyed("c")).status() == 500);
  CHECK(scene.post("/work", "{}", keyed("c")).header("idempotency-replayed") == "true");
  CHECK(work.done == 3);
}

TEST_CASE("what is refused at the door uses up no key") {
  Work work;
  RouterScene scene(work.table());
  CHECK(scene.post("/work", "{", keyed("k")).status() == 400);
  CHECK(scene.post("/work", "{}", keyed("k")).status() == 200);
  for (const std::string& key : {std::string(), std::string("a b"), std::string(201, 'k')}) {
    const Answered refused = scene.post("/work", "{}", keyed(key));
    CHECK(refused.status() == 400);
    CHECK(refused.member("field") == "Idempotency-Key");
  }
  CHECK(work.done == 1);
}

TEST_CASE("when nothing can be written down, nothing is done") {
  Work work;
  RouterScene scene(work.table());
  scene.requests.with([](test::MemoryRequestStore& store) {
    store.failure = Error{ErrorCode::unavailable, "the disk is full"};
    return 0;
  });
  CHECK(scene.post("/work", "{}", keyed("k")).status() == 503);
  CHECK(work.done == 0);
  CHECK(scene.post("/work", "{}").status() == 200);
}

TEST_CASE("when the service closes, work that had not begun frees its key; cancelled work does not") {
  Work work;
  Barrier barrier;
  work.barrier = &barrier;
  RouterScene scene(work.table());
  CHECK(scene.post("/work", "{}", {respond_async}).status() == 202);
  barrier.await();
  const std::string cancelled = scene.post("/work", "{}", keyed_async("cancelled")).member("id");
  CHECK(scene.ask(ask_for("DELETE", "/jobs/" + cancelled)).status() == 202);
  auto dropped = scene.send(with_body("POST", "/work", "{}", keyed("dropped")));
  scene.settle_pool();
  scene.settle_pool();
  scene.lane.request_stop();
  CHECK(RouterScene::answer(std::move(dropped)).member("code") == "closing");
  const auto known = scene.requests.all();
  REQUIRE(known.size() == 1);
  CHECK(known.front().key == "cancelled");
  CHECK(known.front().status == 409);
  barrier.open();
}

TEST_CASE("a hundred at once with one key: the work is done once") {
  Work work;
  RouterScene scene(work.table(), {.pool_queue = 1000});
  std::vector<std::future<Answered>> futures;
  for (int i = 0; i < 100; ++i) futures.push_back(scene.send(with_body("POST", "/work", "{}", keyed("k"))));
  int good = 0, told = 0;
  for (auto& future : futures) {
    const Answered answered = RouterScene::answer(std::move(future));
    good += answered.status() == 200 ? 1 : 0;
    told += answered.status() == 409 ? 1 : 0;
  }
  CHECK(good >= 1);
  CHECK(good + told == 100);
  CHECK(work.done == 1);
}

}  // namespace
}  // namespace rebalancer::http
