#include "app/exit_codes.hpp"

#include <array>

namespace rebalancer::app {
namespace {

constexpr std::array<ExitCodeRow, 12> rows{{
    {ExitCode::ok, "ok", "done; a closed market or nothing to trade is also 0, with its reason"},
    {ExitCode::internal, "internal", "a mistake of the program itself"},
    {ExitCode::usage, "usage", "the command line is wrong"},
    {ExitCode::configuration, "configuration", "config.yaml, the environment or --set is wrong"},
    {ExitCode::data, "data", "data is missing, stale or rejected"},
    {ExitCode::infeasible, "infeasible", "no allocation: the constraints contradict each other, or the solve failed"},
    {ExitCode::refused, "refused", "a limit, the proof or the halt forbids it"},
    {ExitCode::broker, "broker", "broker, network or authentication"},
    {ExitCode::ambiguous_order, "ambiguous_order", "an order's outcome is unknown: a human is needed"},
    {ExitCode::verification, "verification", "a decision does not verify or replay"},
    {ExitCode::trades_proposed, "trades_proposed", "plan --detailed-exitcode proposes trades"},
    {ExitCode::plugin, "plugin", "a plugin the configuration names will not load"},
}};

bool is_network(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::timeout || code == ErrorCode::exhausted ||
         code == ErrorCode::rejected;
}

}  // namespace

ExitCode exit_code_for(Area area, ErrorCode code) {
  // A strategy is somebody's plugin: when its solve fails, for whatever reason, there is no allocation.
  if (code == ErrorCode::internal && area != Area::plugin && area != Area::strategy) return ExitCode::internal;
  switch (area) {
    case Area::command_line:
      return ExitCode::usage;
    case Area::configuration:
      return ExitCode::configuration;
    case Area::plugin:
      return ExitCode::plugin;
    case Area::file:
      return ExitCode::data;
    case Area::provider:
      return is_network(code) ? ExitCode::broker : ExitCode::data;
    case Area::store:
      return ExitCode::data;
    case Area::quality:
      return ExitCode::data;
    case Area::strategy:
      return code == ErrorCode::invalid || code == ErrorCode::not_found ? ExitCode::data : ExitCode::infeasible;
    case Area::planner:
      return code == ErrorCode::rejected ? ExitCode::refused : ExitCode::data;
    case Area::proof:
      return ExitCode::refused;
    case Area::broker:
      return ExitCode::broker;
    case Area::decision:
      return code == ErrorCode::not_found ? ExitCode::data : ExitCode::verification;
  }
  return ExitCode::internal;
}

std::span<const ExitCodeRow> exit_code_table() { return rows; }

std::string_view name_of(ExitCode code) {
  for (const ExitCodeRow& row : rows) {
    if (row.code == code) return row.name;
  }
  return "internal";
}

}  // namespace rebalancer::app
