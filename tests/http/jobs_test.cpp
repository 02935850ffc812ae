// Jobs begin once or not at all, end once, and can be looked at and stopped all the while.
#include "http/jobs.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <doctest/doctest.h>

#include "http/problem.hpp"
#include "router_scene.hpp"
#include "support/fake_clock.hpp"

using namespace std::chrono_literals;

namespace rebalancer::http {
namespace {

using test::Barrier;
using test::FakeClock;

struct Lane {
  explicit Lane(std::size_t queue_max = 8, std::size_t kept_max = 100)
      : pool("lane", 1, queue_max,
             [this](std::string what) {
               const std::lock_guard lock(mutex);
               thrown.push_back(std::move(what));
             }),
        jobs(pool, clock, kept_max) {}
  ~Lane() {
    pool.request_stop();
    if (!pool.join(20s)) std::abort();
  }
  JobRecord ended(const std::string& id) {
    std::promise<JobRecord> promise;
    REQUIRE(jobs.notify(id, [&](const JobRecord& job) { promise.set_value(job); }));
    return promise.get_future().get();
  }
  std::string begin(Jobs::Work work, Jobs::OnEnd on_end = {}) {
    const auto id = jobs.start("test", std::move(work), std::move(on_end));
    REQUIRE(id.has_value());
    return *id;
  }

  std::mutex mutex;
  std::vector<std::string> thrown;
  FakeClock clock{Instant::from_seconds(1'700'000'000)};
  WorkerPool pool;
  Jobs jobs;
};

Response good(const Call&) { return json_response(200, R"({"a":1})"); }

TEST_CASE("a job runs, and its answer is kept") {
  Lane lane;
  Barrier barrier;
  const std::string id = lane.begin([&](const Call& call) {
    call.progress("fetch", 0.25);
    barrier.pass();
    return good(call);
  });
  CHECK(id.starts_with("job-"));
  CHECK(id.size() == 16);
  barrier.await();
  const auto running = lane.jobs.find(id);
  REQUIRE(running.has_value());
  CHECK(running->state == JobState::running);
  CHECK(running->doing == "fetch");
  CHECK(running->fraction == 0.25);
  CHECK(running->started_at == lane.clock.now());
  CHECK(!running->finished_at);
  CHECK(lane.jobs.at_work()->id == id);
  barrier.open();
  const JobRecord job = lane.ended(id);
  CHECK(job.state == JobState::done);
  CHECK(job.fraction == 1);
  CHECK(job.result->text() == R"({"a":1})");
  CHECK(job.finished_at == lane.clock.now());
  CHECK(lane.jobs.find(id)->state == JobState::done);
  CHECK(!lane.jobs.at_work());
  CHECK(!lane.jobs.find("job-none"));
}

TEST_CASE("an answer that is an error is a job that failed, and so is an exception, which the lane hears") {
  Lane lane;
  CHECK(lane.ended(lane.begin([](const Call&) { return problem(422, {"rejected", "no"}); })).state == JobState::failed);
  CHECK(lane.ended(lane.begin([](const Call&) { return json_response(399, ""); })).state == JobState::done);
  const JobRecord job = lane.ended(lane.begin([](const Call&) -> Response { throw std::runtime_error("oh"); }));
  CHECK(job.state == JobState::failed);
  CHECK(job.result->status == 500);
  REQUIRE(lane.pool.join(20s));
  const std::lock_guard lock(lane.mutex);
  CHECK(lane.thrown == std::vector<std::string>{"oh"});
}

TEST_CASE("progress stays between 0 and 1") {
  Lane lane;
  Barrier barrier;
  const std::string id = lane.begin([&](const Call& call) {
    call.progress("a", 2);
    call.progress("b", std::numeric_limits<double>::quiet_NaN());
    barrier.pass();
    return good(call);
  });
  barrier.await();
  CHECK(lane.jobs.find(id)->fraction == 1);
  CHECK(lane.jobs.find(id)->doing == "b");
}

TEST_CASE("the end is told before it is seen, then to all who wait, each once") {
  Lane lane;
  std::promise<JobState> seen_at_end;
  std::string id;
  Barrier barrier;
  std::atomic<int> ends = 0;
  id = lane.begin(
      [&](const Call& call) {
        barrier.pass();
        return good(call);
      },
      [&](const JobRecord& job) {
        ++ends;
        CHECK(job.state == JobState::done);
        seen_at_end.set_value(lane.jobs.find(job.id)->state);
      });
  std::atomic<int> told = 0;
  for (int i = 0; i < 3; ++i) CHECK(lane.jobs.notify(id, [&](const JobRecord&) { ++told; }));
  barrier.await();
  barrier.open();
  CHECK(seen_at_end.get_future().get() == JobState::running);
  lane.ended(id);
  REQUIRE(lane.pool.join(20s));
  CHECK(ends == 1);
  CHECK(told == 3);
  // Of one that has ended it is told at once.
  CHECK(lane.jobs.notify(id, [&](const JobRecord& job) { told += job.id == id ? 10 : 0; }));
  CHECK(told == 13);
  CHECK(!lane.jobs.notify("job-none", [&](const JobRecord&) { ++told; }));
}

TEST_CASE("one that waits is cancelled at once and never begins") {
  Lane lane;
  Barrier barrier;
  lane.begin([&](const Call& call) {
    barrier.pass();
    return good(call);
  });
  barrier.await();
  std::atomic<bool> ran = false;
  std::atomic<int> ends = 0;
  const std::string id = lane.begin(
      [&](const Call& call) {
        ran = true;
        return good(call);
      },
      [&](const JobRecord& job) {
        ++ends;
        CHECK(job.state == JobState::cancelled);
      });
  CHECK(lane.jobs.find(id)->state == JobState::queued);
  CHECK(lane.jobs.cancel(id));
  const auto job = lane.jobs.find(id);
  CHECK(job->state == JobState::cancelled);
  CHECK(job->stop_requested);
  CHECK(job->result->status == 409);
  CHECK(job->result->text().find("\"code\":\"cancelled\"") != std::string_view::npos);
  CHECK(!job->started_at);
  CHECK(!lane.jobs.cancel(id));
  barrier.open();
  REQUIRE(lane.pool.join(20s));
  CHECK(!ran);
  CHECK(ends == 1);
}

TEST_CASE("one at work is asked to stop, and its answer says what became of it") {
  Lane lane;
  std::promise<void> begun;
  const std::string id = lane.begin([&](const Call& call) {
    std::promise<void> asked;
    const std::stop_callback tell(call.stop, [&] { asked.set_value(); });
    begun.set_value();
    asked.get_future().wait();
    return json_response(200, "{}");
  });
  begun.get_future().wait();
  CHECK(lane.jobs.cancel(id));
  const JobRecord job = lane.ended(id);
  CHECK(job.state == JobState::done);
  CHECK(job.stop_requested);
  CHECK(!lane.jobs.cancel(id));
  CHECK(!lane.jobs.cancel("job-none"));
}

TEST_CASE("when the lane stops, the job at work is asked to, and those that wait end without having begun") {
  Lane lane;
  std::promise<void> begun;
  const std::string first = lane.begin([&](const Call& call) {
    std::promise<void> asked;
    const std::stop_callback tell(call.stop, [&] { asked.set_value(); });
    begun.set_value();
    asked.get_future().wait();
    return json_response(200, "{}");
  });
  begun.get_future().wait();
  std::atomic<int> ends = 0;
  const std::string second = lane.begin(good, [&](const JobRecord& job) {
    CHECK(job.state == JobState::cancelled);
    CHECK(job.result->status == 503);
    ++ends;
  });
  lane.pool.request_stop();
  CHECK(lane.ended(second).state == JobState::cancelled);
  CHECK(ends == 1);
  CHECK(lane.ended(first).state == JobState::done);
  CHECK(!lane.jobs.start("test", good));
  CHECK(lane.jobs.list().size() == 2);
}

TEST_CASE("a full queue takes no job, and nothing of it is seen") {
  Lane lane(1);
  Barrier barrier;
  lane.begin([&](const Call& call) {
    barrier.pass();
    return good(call);
  });
  barrier.await();
  lane.begin(good);
  bool ended = false;
  CHECK(!lane.jobs.start("test", good, [&](const JobRecord&) { ended = true; }));
  CHECK(!ended);
  CHECK(lane.jobs.list().size() == 2);
}

TEST_CASE("the newest come first, the oldest that ended go, and those that have not stay") {
  Lane lane(8, 2);
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(lane.begin(good));
    lane.ended(ids.back());
  }
  auto list = lane.jobs.list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].id == ids[4]);
  CHECK(list[1].id == ids[3]);
  Barrier barrier;
  const std::string long_one = lane.begin([&](const Call& call) {
    barrier.pass();
    return good(call);
  });
  barrier.await();
  for (int i = 0; i < 5; ++i) CHECK(lane.jobs.cancel(lane.begin(good)));
  list = lane.jobs.list();
  REQUIRE(list.size() == 3);
  CHECK(list[2].id == long_one);
}

TEST_CASE("as JSON") {
  JobRecord job;
  job.id = "job-1";
  job.kind = "execute";
  job.created_at = Instant::from_seconds(0);
  CHECK(to_json(job) ==
        R"({"id":"job-1","kind":"execute","state":"queued","created_at":"1970-01-01T00:00:00.000Z","started_at":null,)"
        R"("finished_at":null,"doing":"","fraction":0,"stop_requested":false,"status":null,"result":null})");
  job.state = JobState::done;
  job.started_at = job.finished_at = Instant::from_seconds(1);
  job.result = json_response(200, R"({"b":[1]})");
  const auto json = boost::json::parse(to_json(job)).as_object();
  CHECK(json.at("state").as_string() == "done");
  CHECK(json.at("status").as_int64() == 200);
  CHECK(json.at("result").at("b").as_array().size() == 1);
  job.result->content_type = "text/plain";
  CHECK(boost::json::parse(to_json(job)).at("result").as_string() == R"({"b":[1]})");
}

TEST_CASE("many threads start, look and cancel: every job ends once") {
  Lane lane(10'000, 10'000);
  std::atomic<int> ends = 0, started = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 250; ++j) {
        const auto id = lane.jobs.start("test", good, [&](const JobRecord&) { ++ends; });
        if (!id) continue;
        ++started;
        if ((i + j) % 3 == 0) static_cast<void>(lane.jobs.cancel(*id));
        static_cast<void>(lane.jobs.find(*id));
        static_cast<void>(lane.jobs.at_work());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(lane.pool.join(20s));
  CHECK(started == 1000);
  CHECK(ends == 1000);
  for (const JobRecord& job : lane.jobs.list()) CHECK(has_ended(job.state));
}

}  // namespace
}  // namespace rebalancer::http
