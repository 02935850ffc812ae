#include "app/doctor.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/system/system_clock.hpp"
#include "app/application.hpp"
#include "app/plugin_folders.hpp"
#include "core/market/calendar.hpp"
#include "core/market/time_zone.hpp"

namespace rebalancer::app {
namespace {

namespace fs = std::filesystem;
using Status = Checkup::Status;

constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;

Checkup ok(std::string name, std::string detail) { return {.name = std::move(name), .detail = std::move(detail)}; }

Checkup warning(std::string name, std::string detail, std::string fix) {
  return {.status = Status::warning, .name = std::move(name), .detail = std::move(detail), .fix = std::move(fix)};
}

Checkup failure(ExitCode exit_code, std::string name, std::string detail, std::string fix) {
  return {.status = Status::failure,
          .name = std::move(name),
          .detail = std::move(detail),
          .fix = std::move(fix),
          .exit_code = exit_code};
}

std::string text_of(const Problem& problem) {
  return problem.place.empty() ? problem.message : problem.place + ": " + problem.message;
}

void check_plugins(Application& application, std::vector<Checkup>& checkups) {
  const fs::path own = own_plugin_folder();
  if (own.empty()) {
    checkups.push_back(warning("plugins", "the folder of the plugins that come with the program is missing",
                               "install again, or name a folder in plugins.directories"));
  }
  std::string usable;
  for (const PluginInfo& plugin : application.plugins().plugins()) {
    if (plugin.usable()) {
      usable += fmt::format("{}{} {}", usable.empty() ? "" : ", ", name_of(*plugin.kind), plugin.name);
    } else {
      checkups.push_back(
          warning("plugins", plugin.refusal, fmt::format("rebalancer plugins check {}", plugin.file.string())));
    }
  }
  checkups.push_back(ok("plugins", usable.empty() ? "none" : usable));
  if (auto checked = application.check_plugins(); !checked) {
    for (const Problem& problem : checked.error().problems) {
      checkups.push_back(failure(checked.error().exit_code, "plugins", text_of(problem), "rebalancer plugins list"));
    }
  } else {
    checkups.push_back(ok("plugins", "every plugin the configuration names loads and accepts its settings"));
  }
}

// Opens a database that is there; one that is not is made by the first run.
template <class Open>
Checkup check_database(const std::string& name, const fs::path& file, Open&& open) {
  std::error_code failed;
  if (!fs::exists(file, failed)) return ok(name, file.string() + " is made by the first run");
  auto opened = open();
  if (opened) return ok(name, file.string() + " opens");
  return failure(ExitCode::data, name, opened.error().message,
                 "stop the other rebalancer, or move the file away and restore it from a backup");
}

void check_broker(Application& application, std::vector<Checkup>& checkups) {
  const Config& config = application.config();
  // Looking at a paper account would open one.
  if (config.broker.use == "paper") {
    checkups.push_back(ok("broker", "paper: no network, no real money"));
    return;
  }
  const std::string fix = "check the network and the settings of broker in the configuration";
  auto broker = application.broker();
  if (!broker) {
    checkups.push_back(failure(broker.error().exit_code, "broker", broker.error().message, fix));
    return;
  }
  auto account = (*broker)->account();
  if (!account) {
    checkups.push_back(failure(ExitCode::broker, "broker", config.redact(account.error().message), fix));
    return;
  }
  checkups.push_back(ok("broker", config.broker.use + " answers"));
}

void check_ports(const Config& config, std::vector<Checkup>& checkups) {
  const Ports& ports = config.http.ports;
  const std::pair<const char*, int> all[] = {{"fetcher", ports.fetcher},     {"optimizer", ports.optimizer},
                                             {"executor", ports.executor},   {"scheduler", ports.scheduler},
                                             {"analytics", ports.analytics}, {"websocket", ports.websocket}};
  std::string free;
  for (const auto& [name, port] : all) {
    Checkup checkup = check_port(name, config.http.bind, port);
    if (checkup.status == Status::ok) {
      free += fmt::format("{}{}", free.empty() ? "" : ", ", port);
    } else {
      checkups.push_back(std::move(checkup));
    }
  }
  if (!free.empty()) checkups.push_back(ok("ports", "free on " + config.http.bind + ": " + free));
}

}  // namespace

Checkup check_clock(const Clock& clock) {
  const Instant now = clock.now();
  const int year = now.utc_date().year();
  // A machine that lost its clock wakes up in 1970 or at its firmware's date.
  if (year >= 2025 && year < 2100) return ok("clock", now.to_string());
  return failure(ExitCode::internal, "clock", "it is said to be " + now.to_string(),
                 "set the clock: timedatectl set-ntp true");
}

Checkup check_time_zone(const std::string& zone) {
  auto found = TimeZone::named(zone);
  if (found) return ok("time zones", zone + " is known");
  return failure(ExitCode::internal, "time zones", found.error().message, "apt-get install tzdata");
}

Checkup check_calendar(const std::string& name, const Clock& clock) {
  auto calendar = calendar_named(name);
  if (!calendar) {
    return failure(ExitCode::configuration, "calendar", calendar.error().message, "set schedule.calendar: XNYS");
  }
  const Date last = (*calendar)->last_completed_session(clock.now());
  return ok("calendar", fmt::format("{}: the last completed session is {}, the next {}", name, last.to_string(),
                                    (*calendar)->next_session(last).to_string()));
}

Checkup check_schedule(const Config& config, const Clock& clock) {
  constexpr int year_sessions = 252;
  const auto calendar = calendar_named(config.schedule.calendar);
  const auto found = TimeZone::named(config.schedule.zone);
  // Said by the checkups of either.
  if (!calendar || !found) return ok("schedule", "not known");
  const std::optional<TimeZone> zone = *found;
  const Schedule schedule{config.schedule.enabled, config.schedule.at, config.schedule.zone};
  int closed = 0, seen = 0;
  Date session = (*calendar)->last_completed_session(clock.now());
  while (seen < year_sessions) {
    session = (*calendar)->next_session(session);
    if ((*calendar)->is_early_close(session)) continue;
    ++seen;
    const Instant turn = turn_of(schedule, zone, **calendar, session);
    const Date current = (*calendar)->next_session((*calendar)->last_completed_session(turn));
    if (turn < (*calendar)->open(current)) ++closed;
  }
  const std::string at = to_string(schedule.at);
  if (closed == 0) return ok("schedule", fmt::format("{} is open at {}", config.schedule.calendar, at));
  const std::string when = closed == seen ? "then" : fmt::format("then on {} of {} sessions", closed, seen);
  return warning("schedule",
                 fmt::format("schedule.at is {}: {} is closed {}, and execution.outside_market_hours is off, so a "
                             "scheduled run sends nothing to {}",
                             at, config.schedule.calendar, when, config.broker.use),
                 "set schedule.at: close-20m; execution.outside_market_hours: true is for a broker that keeps orders "
                 "until the opening");
}

Checkup check_folder(const std::string& name, const fs::path& file) {
  std::error_code failed;
  const fs::path folder = fs::absolute(file, failed).lexically_normal().parent_path();
  fs::path existing = folder;
  while (!fs::exists(existing, failed) && existing.has_relative_path()) existing = existing.parent_path();
  if (!fs::is_directory(existing, failed)) {
    return failure(ExitCode::data, name, existing.string() + " is not a folder", "move the file away");
  }
  if (access(existing.c_str(), W_OK | X_OK) != 0) {
    return failure(ExitCode::data, name, existing.string() + " cannot be written",
                   fmt::format("mkdir -p {0} && chown $(id -u) {0}", folder.string()));
  }
  const fs::space_info space = fs::space(existing, failed);
  const std::string free = fmt::format("{} MiB free", space.available / mebibyte);
  if (!failed && space.available < 16 * mebibyte) {
    return failure(ExitCode::data, name, fmt::format("{} has only {}", existing.string(), free), "make room");
  }
  if (!failed && space.available < 256 * mebibyte) {
    return warning(name, fmt::format("{} has only {}", existing.string(), free), "make room");
  }
  return ok(name, fmt::format("{} is writable, {}", folder.string(), free));
}

Checkup check_port(const std::string& name, const std::string& bind_address, int port) {
  if (port == 0) return ok("ports", name + " takes any free port");
  sockaddr_storage address{};
  socklen_t size = 0;
  auto* four = reinterpret_cast<sockaddr_in*>(&address);
  auto* six = reinterpret_cast<sockaddr_in6*>(&address);
  if (inet_pton(AF_INET, bind_address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, bind_address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof(sockaddr_in6);
  }
  const int listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int reuse = 1;
  if (listener >= 0) setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
  const bool free = listener >= 0 && bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  const std::string reason = std::strerror(errno);
  if (listener >= 0) close(listener);
  if (free) return ok("ports", fmt::format("{} can listen on {} port {}", name, bind_address, port));
  return warning("ports", fmt::format("{} cannot listen on {} port {}: {}", name, bind_address, port, reason),
                 fmt::format("stop what listens there (ss -ltnp), or set http.ports.{}", name));
}

std::vector<Checkup> check_all(Context& context) {
  std::vector<Checkup> checkups;
  const system::SystemClock clock;
  checkups.push_back(check_clock(clock));
  auto loaded = load_config({.file = context.global.config_file,
                             .file_given = context.global.config_file_given,
                             .environment = context.environment,
                             .settings = context.global.settings});
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      checkups.push_back(
          failure(ExitCode::configuration, "configuration", text_of(problem), "rebalancer config check"));
    }
    const Config defaults;
    checkups.push_back(check_time_zone(defaults.schedule.zone));
    checkups.push_back(check_calendar(defaults.schedule.calendar, clock));
    return checkups;
  }
  Application application(context, *std::move(loaded));
  const Config& config = application.config();
  checkups.push_back(ok("configuration", config.locate("") + " is good"));
  for (const std::string& notice : config.notices) {
    checkups.push_back(warning("configuration", notice, "rebalancer config show --origin"));
  }
  checkups.push_back(check_time_zone(config.schedule.zone));
  checkups.push_back(check_calendar(config.schedule.calendar, clock));
  const bool keeps_hours = config.broker.use != "paper" && !config.execution.outside_market_hours;
  if (keeps_hours && config.schedule.enabled) checkups.push_back(check_schedule(config, clock));
  const fs::path journal = config.directory / config.journal_path;
  const fs::path store = config.directory / config.store_path;
  checkups.push_back(check_folder("journal folder", journal));
  checkups.push_back(check_database("journal", journal, [&] { return application.run_store(); }));
  if (config.store.use == "sqlite") {
    checkups.push_back(check_folder("price folder", store));
    checkups.push_back(check_database("price store", store, [&] { return application.price_store(); }));
  }
  check_plugins(application, checkups);
  check_broker(application, checkups);
  check_ports(config, checkups);
  return checkups;
}

}  // namespace rebalancer::app
