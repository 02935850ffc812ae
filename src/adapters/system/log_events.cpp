#include "adapters/system/log_events.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <unistd.h>
#include <vector>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "adapters/system/log_text.hpp"

namespace rebalancer::system {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 4> level_colors = {"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
constexpr std::string_view erase_line = "\r\x1b[K";
constexpr std::chrono::milliseconds progress_interval{50};

std::string_view level_name(EventLevel level) { return level_names.at(static_cast<std::size_t>(level)); }

spdlog::level::level_enum spdlog_level(EventLevel level) {
  switch (level) {
    case EventLevel::debug:
      return spdlog::level::debug;
    case EventLevel::info:
      return spdlog::level::info;
    case EventLevel::warning:
      return spdlog::level::warn;
    case EventLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

// The runs this thread speaks of, by log. They end with the thread: nothing is handed on to one that gets its number.
struct RunOfThread {
  std::uint64_t log_id;
  std::string run_id;
};
thread_local std::vector<RunOfThread> runs_of_thread;

const std::string* run_id_of_thread(std::uint64_t log_id) {
  const auto found = std::ranges::find(runs_of_thread, log_id, &RunOfThread::log_id);
  return found == runs_of_thread.end() ? nullptr : &found->run_id;
}

void forget_run_of_thread(std::uint64_t log_id) {
  std::erase_if(runs_of_thread, [log_id](const RunOfThread& run) { return run.log_id == log_id; });
}

}  // namespace

struct LogEvents::State {
  LogSettings settings;
  const Clock& clock;
  const Secrets& secrets;
  spdlog::logger logger;
  std::mutex mutex;
  const std::uint64_t id = next_id();  // what a thread's run ids are kept under: an address may be used again
  bool progress_shown = false;
  std::chrono::nanoseconds progress_at{0};

  State(LogSettings with, const Clock& reads, const Secrets& hides, spdlog::sink_ptr sink)
      : settings(with), clock(reads), secrets(hides), logger("rebalancer", std::move(sink)) {
    // The line is formed here, with its end, so that the progress line can go through the same sink without one.
    logger.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, std::string()));
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
  }

  [[nodiscard]] std::string clean(std::string_view text, std::size_t size_max) const {
    const std::string known = secrets.take_redacted(text, size_max);
    return bounded(known, size_max, text.size());
  }
  void write(EventLevel level, std::string_view text) {
    logger.log(spdlog_level(level), spdlog::string_view_t(text.data(), text.size()));
  }

  // What a line says after its message: the run and the fields, each key once.
  template <class Each>
  void each_field(std::initializer_list<Field> fields, Each&& each) const {
    std::set<std::string> used;
    std::size_t count = 0;
    for (const auto& [name, value] : fields) {
      std::string key = clean(name, 64);
      if (key == "ts" || key == "level" || key == "event" || key == "msg") key = "_" + key;
      if (!used.insert(key).second) continue;
      if (++count > fields_max) break;
      each(key, clean(value, field_size_max));
    }
    if (used.contains("run_id")) return;
    if (const std::string* run_id = run_id_of_thread(id)) each("run_id", *run_id);
  }

  [[nodiscard]] std::string json_line(EventLevel level, std::string_view name, std::string_view message,
                                      std::initializer_list<Field> fields) const {
    std::string line =
        fmt::format(R"({{"ts":"{}","level":"{}","event":{},"msg":{})", clock.now().to_string(), level_name(level),
                    json_string(clean(name, 64)), json_string(clean(message, message_size_max)));
    each_field(fields, [&](const std::string& key, const std::string& value) {
      line += ',' + json_string(key) + ':' + json_string(value);
    });
    return line += "}\n";
  }

  [[nodiscard]] std::string text_line(EventLevel level, std::string_view name, std::string_view message,
                                      std::initializer_list<Field> fields) const {
    const std::string_view on = settings.color ? level_colors.at(static_cast<std::size_t>(level)) : "";
    const std::string_view dim = settings.color ? "\x1b[2m" : "";
    const std::string_view off = settings.color ? "\x1b[0m" : "";
    std::string line =
        fmt::format("{} {}{:7}{} {}{}  {}{}", clock.now().to_string(), on, level_name(level), off,
                    terminal_text(clean(message, message_size_max)), dim, terminal_text(clean(name, 64)), "");
    each_field(fields, [&](const std::string& key, const std::string& value) {
      line += ' ' + terminal_text(key) + '=' + terminal_text(value);
    });
    line += off;
    return line += '\n';
  }
};

LogEvents::LogEvents(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogEvents::~LogEvents() {
  forget_run_of_thread(state_->id);
  if (state_->progress_shown) state_->write(EventLevel::info, erase_line);
}

std::unique_ptr<LogEvents> LogEvents::to_stderr(LogSettings settings, const Clock& clock, const Secrets& secrets) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (settings.format == LogSettings::Format::automatic) {
    settings.format = terminal ? LogSettings::Format::text : LogSettings::Format::json;
  }
  settings.shows_progress = settings.shows_progress && terminal;
  return std::unique_ptr<LogEvents>(new LogEvents(
      std::make_unique<State>(settings, clock, secrets, std::make_shared<spdlog::sinks::stderr_sink_mt>())));
}

Result<std::unique_ptr<LogEvents>> LogEvents::to_file(const std::string& file, LogSettings settings, const Clock& clock,
                                                      const Secrets& secrets) {
  settings.shows_progress = false;
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    return std::unique_ptr<LogEvents>(
        new LogEvents(std::make_unique<State>(settings, clock, secrets, std::move(sink))));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::unavailable, "log file {} cannot be opened ({})", file, exception.what());
  }
}

std::unique_ptr<LogEvents> LogEvents::to_stream(std::ostream& stream, LogSettings settings, const Clock& clock,
                                                const Secrets& secrets) {
  return std::unique_ptr<LogEvents>(new LogEvents(
      std::make_unique<State>(settings, clock, secrets, std::make_shared<spdlog::sinks::ostream_sink_mt>(stream))));
}

void LogEvents::emit(EventLevel level, std::string_view name, std::string_view message,
                     std::initializer_list<Field> fields) {
  if (level < state_->settings.level_min) return;
  const std::scoped_lock lock(state_->mutex);
  std::string line = state_->settings.format == LogSettings::Format::text
                         ? state_->text_line(level, name, message, fields)
                         : state_->json_line(level, name, message, fields);
  if (state_->progress_shown) line.insert(0, erase_line);
  state_->progress_shown = false;
  state_->write(level, line);
}

void LogEvents::progress(std::string_view what, std::size_t done, std::size_t total) {
  if (!state_->settings.shows_progress) return;
  const std::scoped_lock lock(state_->mutex);
  const bool last = done >= total;
  const auto now = state_->clock.monotonic();
  if (last && !state_->progress_shown) return;
  if (!last && state_->progress_shown && now - state_->progress_at < progress_interval) return;
  state_->progress_at = now;
  state_->progress_shown = !last;
  if (last) {
    state_->write(EventLevel::info, erase_line);
    return;
  }
  constexpr std::size_t width = 24;
  const auto filled =
      static_cast<std::size_t>(static_cast<double>(width) * static_cast<double>(done) / static_cast<double>(total));
  state_->write(EventLevel::info, fmt::format("{}  {} {}{} {}/{}", erase_line, terminal_text(state_->clean(what, 40)),
                                              std::string(filled, '#'), std::string(width - filled, '.'), done, total));
}

void LogEvents::set_run_id(std::string_view run_id) {
  forget_run_of_thread(state_->id);
  if (!run_id.empty()) runs_of_thread.push_back({state_->id, state_->clean(run_id, 64)});
}

}  // namespace rebalancer::system
