// Looks at everything a run depends on without changing any of it.
#pragma once
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/context.hpp"
#include "core/base/clock.hpp"

namespace rebalancer::app {

struct Checkup {
  enum class Status { ok, warning, failure };
  Status status = Status::ok;
  std::string name;                   // "clock"
  std::string detail;                 // what was found
  std::string fix = {};               // what to type or do; empty when nothing is wrong
  ExitCode exit_code = ExitCode::ok;  // of a failure
};

[[nodiscard]] Checkup check_clock(const Clock& clock);
[[nodiscard]] Checkup check_time_zone(const std::string& zone);
[[nodiscard]] Checkup check_calendar(const std::string& name, const Clock& clock);
// Does a scheduled run find the exchange open? Asked for a broker that is not in the program: its orders may not leave
// while the exchange is closed. Early closes are left out of the question.
[[nodiscard]] Checkup check_schedule(const Config& config, const Clock& clock);
// The folder a file lies in, or will lie in: writable, and with room.
[[nodiscard]] Checkup check_folder(const std::string& name, const std::filesystem::path& file);
// Can somebody listen there? Port 0 always can.
[[nodiscard]] Checkup check_port(const std::string& name, const std::string& bind, int port);

// All of them, for the configuration the context names. A broken configuration is a failure like others, and what does
// not depend on it is looked at all the same.
[[nodiscard]] std::vector<Checkup> check_all(Context& context);

}  // namespace rebalancer::app
