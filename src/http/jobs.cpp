#include "http/jobs.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "http/problem.hpp"

namespace rebalancer::http {

std::string_view name_of(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  return "";
}

std::string to_json(const JobRecord& job) {
  const auto text_of = [](const std::optional<Instant>& instant) {
    return instant ? std::optional(instant->to_string()) : std::nullopt;
  };
  JsonText json;
  json.object().member("id", job.id).member("kind", job.kind).member("state", name_of(job.state));
  json.member("created_at", job.created_at.to_string()).member("started_at", text_of(job.started_at));
  json.member("finished_at", text_of(job.finished_at)).member("doing", job.doing).member("fraction", job.fraction);
  json.member("stop_requested", job.stop_requested);
  json.member("status", job.result ? std::optional(job.result->status) : std::nullopt).key("result");
  const std::string_view body = job.result ? job.result->text() : std::string_view();
  if (body.empty()) {
    json.null();
  } else if (job.result->content_type.find("json") != std::string::npos) {
    json.raw(body);
  } else {
    json.value(body);
  }
  return json.end().str();
}

struct Jobs::Entry {
  JobRecord record;
  Work work;
  OnEnd on_end;
  std::vector<OnEnd> waiters;
  std::stop_source stop;
  bool taken = false;  // by whoever runs it or ends it unrun
};

struct Jobs::State {
  State(Clock& the_clock, std::size_t kept) : clock(the_clock), kept_max(kept) {}

  [[nodiscard]] std::shared_ptr<Entry> entry(const std::string& id) const;
  // The right to run or end the job; false when somebody has it.
  [[nodiscard]] bool take(Entry& entry);
  void begin(Entry& entry);
  void progress(Entry& entry, std::string_view doing, double fraction);
  void end(Entry& entry, JobState state, Response result);
  void forget_old();

  Clock& clock;
  std::size_t kept_max;
  std::atomic<std::uint64_t> changes = 0;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<Entry>> entries;  // oldest first
  std::uint64_t last = 0;
};

std::shared_ptr<Jobs::Entry> Jobs::State::entry(const std::string& id) const {
  const auto found = std::ranges::find(
      entries, id, [](const auto& entry) -> const auto& { return entry->record.id; });
  return found == entries.end() ? nullptr : *found;
}

bool Jobs::State::take(Entry& entry) {
  const std::lock_guard lock(mutex);
  return !std::exchange(entry.taken, true);
}

void Jobs::State::begin(Entry& entry) {
  const std::lock_guard lock(mutex);
  entry.record.state = JobState::running;
  entry.record.started_at = clock.now();
  changes.fetch_add(1);
}

void Jobs::State::progress(Entry& entry, std::string_view doing, double fraction) {
  const std::lock_guard lock(mutex);
  entry.record.doing = doing;
  entry.record.fraction = std::isnan(fraction) ? entry.record.fraction : std::clamp(fraction, 0.0, 1.0);
  changes.fetch_add(1);
}

// Not under the lock: who is told may ask about jobs.
void Jobs::State::end(Entry& entry, JobState state, Response result) {
  JobRecord record;
  {
    const std::lock_guard lock(mutex);
    record = entry.record;
  }
  record.state = state;
  record.finished_at = clock.now();
  if (state == JobState::done) record.fraction = 1;
  record.result = std::move(result);
  if (entry.on_end) entry.on_end(record);
  // What these hold is not needed for as long as the record is kept, and may call back when it goes.
  std::vector<OnEnd> waiters;
  Work work;
  OnEnd on_end;
  {
    const std::lock_guard lock(mutex);
    record.stop_requested = entry.record.stop_requested;
    entry.record = record;
    waiters.swap(entry.waiters);
    work.swap(entry.work);
    on_end.swap(entry.on_end);
    forget_old();
    changes.fetch_add(1);
  }
  for (const OnEnd& told : waiters) told(record);
}

void Jobs::State::forget_old() {
  const auto is_old = [](const auto& entry) { return has_ended(entry->record.state); };
  auto too_many = std::ranges::count_if(entries, is_old) - static_cast<std::ptrdiff_t>(kept_max);
  std::erase_if(entries, [&](const auto& entry) { return too_many > 0 && is_old(entry) && too_many-- > 0; });
}

// A job's place in the lane's queue. When that goes unused, the lane has stopped, and the job ends without having
// begun.
class Jobs::Turn {
 public:
  Turn(std::shared_ptr<State> state, std::shared_ptr<Entry> entry)
      : state_(std::move(state)), entry_(std::move(entry)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (state_->take(*entry_)) {
      state_->end(*entry_, JobState::cancelled, problem(503, {"closing", "the service is closing, nothing was done"}));
    }
  }

  void run(std::stop_token lane_stop) {
    if (!state_->take(*entry_)) return;
    state_->begin(*entry_);
    const std::stop_callback passes_on(lane_stop, [this] { entry_->stop.request_stop(); });
    const Call call{entry_->stop.get_token(),
                    [this](std::string_view doing, double fraction) { state_->progress(*entry_, doing, fraction); }};
    Response result;
    try {
      result = entry_->work(call);
    } catch (...) {
      state_->end(*entry_, JobState::failed, problem(500, {"internal", "the work failed through a mistake of ours"}));
      throw;
    }
    const JobState state = result.status < 400 ? JobState::done : JobState::failed;
    state_->end(*entry_, state, std::move(result));
  }

 private:
  std::shared_ptr<State> state_;
  std::shared_ptr<Entry> entry_;
};

Jobs::Jobs(WorkerPool& lane, Clock& clock, std::size_t kept_max)
    : lane_(lane), state_(std::make_shared<State>(clock, kept_max)) {}

Jobs::~Jobs() = default;

std::optional<std::string> Jobs::start(std::string kind, Work work, OnEnd on_end) {
  auto entry = std::make_shared<Entry>();
  entry->record.kind = std::move(kind);
  entry->record.created_at = state_->clock.now();
  entry->work = std::move(work);
  entry->on_end = std::move(on_end);
  const auto turn = std::make_shared<Turn>(state_, entry);
  {
    const std::lock_guard lock(state_->mutex);
    // Distinct within a process by the counter, and very likely across restarts by the time.
    const auto seconds = static_cast<std::uint64_t>(entry->record.created_at.nanoseconds() / 1'000'000'000);
    entry->record.id = fmt::format("job-{:08x}{:04x}", seconds & 0xffff'ffff, ++state_->last & 0xffff);
    state_->entries.push_back(entry);
  }
  const std::string id = entry->record.id;
  if (lane_.post([turn](std::stop_token stop) { turn->run(stop); })) return id;
  // Nobody else takes it now, unless somebody who saw it in the list has cancelled it: then it has ended.
  if (!state_->take(*entry)) return id;
  const std::lock_guard lock(state_->mutex);
  std::erase(state_->entries, entry);
  return std::nullopt;
}

std::optional<JobRecord> Jobs::find(const std::string& id) const {
  const std::lock_guard lock(state_->mutex);
  const auto entry = state_->entry(id);
  return entry ? std::optional(entry->record) : std::nullopt;
}

std::uint64_t Jobs::revision() const { return state_->changes; }

std::vector<JobRecord> Jobs::list() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<JobRecord> records;
  records.reserve(state_->entries.size());
  for (auto entry = state_->entries.rbegin(); entry != state_->entries.rend(); ++entry) {
    records.push_back((*entry)->record);
  }
  return records;
}

bool Jobs::cancel(const std::string& id) {
  std::shared_ptr<Entry> entry;
  bool unbegun = false;
  {
    const std::lock_guard lock(state_->mutex);
    entry = state_->entry(id);
    if (!entry || has_ended(entry->record.state)) return false;
    entry->record.stop_requested = true;
    unbegun = !std::exchange(entry->taken, true);
  }
  entry->stop.request_stop();
  if (unbegun) {
    state_->end(*entry, JobState::cancelled,
                problem(409, {"cancelled", "cancelled before it began, nothing was done"}));
  }
  return true;
}

std::optional<JobRecord> Jobs::at_work() const {
  const std::lock_guard lock(state_->mutex);
  for (const auto& entry : state_->entries) {
    if (entry->record.state == JobState::running) return entry->record;
  }
  return std::nullopt;
}

bool Jobs::notify(const std::string& id, OnEnd told) {
  JobRecord record;
  {
    const std::lock_guard lock(state_->mutex);
    const auto entry = state_->entry(id);
    if (!entry) return false;
    if (!has_ended(entry->record.state)) {
      entry->waiters.push_back(std::move(told));
      return true;
    }
    record = entry->record;
  }
  told(record);
  return true;
}

}  // namespace rebalancer::http
