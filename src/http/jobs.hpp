// Long work: one thing at a time on its lane, each a job to wait for, poll or cancel.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "http/route.hpp"
#include "runtime/worker_pool.hpp"

namespace rebalancer::http {

// Cancelled means that it never began: nothing was done. One that was asked to stop at work is done or failed, as its
// answer says.
enum class JobState { queued, running, done, failed, cancelled };
[[nodiscard]] std::string_view name_of(JobState state);
[[nodiscard]] constexpr bool has_ended(JobState state) {
  return state != JobState::queued && state != JobState::running;
}

struct JobRecord {
  std::string id;    // "job-1a2b..."
  std::string kind;  // "execute"
  JobState state = JobState::queued;
  Instant created_at;
  std::optional<Instant> started_at, finished_at;
  std::string doing;               // "fetch"
  double fraction = 0;             // of all, 0 to 1
  bool stop_requested = false;     // somebody asked it to stop
  std::optional<Response> result;  // once it has ended
};
// {"id","kind","state","created_at","started_at","finished_at","doing","fraction","stop_requested","status","result"}:
// status and result are the answer's, its body being JSON where the answer is; null while there is none.
[[nodiscard]] std::string to_json(const JobRecord& job);

// May be used by several threads. Keeps the last `kept_max` jobs that ended, and all that have not.
class Jobs {
 public:
  // A status below 400 is done, any other failed. What it throws is failed with 500, and passed on to the lane.
  using Work = std::function<Response(const Call&)>;
  // With the record as it will be seen. Where the job ended: on the lane's thread, or on that of whoever cancelled it
  // or stopped the lane before it began. Nobody sees the job's end before this returns. It must not throw.
  using OnEnd = std::function<void(const JobRecord&)>;

  // Both outlive it, and the work.
  Jobs(WorkerPool& lane, Clock& clock, std::size_t kept_max = 100);
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // None when the lane's queue is full: then nothing is called. `on_end` is called once, however the job ends: with 409
  // "cancelled" when it was cancelled before it began, with 503 "closing" when the lane stopped before.
  [[nodiscard]] std::optional<std::string> start(std::string kind, Work work, OnEnd on_end = {});
  [[nodiscard]] std::optional<JobRecord> find(const std::string& id) const;
  [[nodiscard]] std::vector<JobRecord> list() const;  // newest first
  // Asks it to stop; one that waits ends at once. False when there is no such job or it has ended.
  bool cancel(const std::string& id);
  [[nodiscard]] std::optional<JobRecord> at_work() const;
  // Raised after everything that happens to a job.
  [[nodiscard]] std::uint64_t revision() const;
  // Calls `told` once, after the job has ended and where it did; at once when it has ended already. False when there is
  // no such job. It must not throw.
  bool notify(const std::string& id, OnEnd told);

 private:
  struct Entry;
  struct State;
  class Turn;
  WorkerPool& lane_;
  std::shared_ptr<State> state_;  // of the work too: it may still be on its way when the jobs are no more
};

}  // namespace rebalancer::http
