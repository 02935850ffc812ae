#include "app/doctor.hpp"

#include "app/commands.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

using Status = Checkup::Status;

std::string_view word_of(Status status) {
  return status == Status::ok ? "OK" : status == Status::warning ? "WARN" : "FAIL";
}

std::string to_json(const std::vector<Checkup>& checkups, bool healthy) {
  JsonText json;
  json.object().member("ok", healthy).key("checks").array();
  for (const Checkup& checkup : checkups) {
    json.object().member("name", checkup.name).member("status", word_of(checkup.status));
    json.member("detail", checkup.detail).key("fix");
    if (checkup.fix.empty()) {
      json.null();
    } else {
      json.value(checkup.fix);
    }
    json.end();
  }
  return json.end().end().str();
}

void print(Context& context, const std::vector<Checkup>& checkups) {
  constexpr int margin = 21;  // "FAIL  journal folder "
  for (const Checkup& checkup : checkups) {
    const Color color = checkup.status == Status::ok        ? Color::green
                        : checkup.status == Status::warning ? Color::yellow
                                                            : Color::red;
    context.out << context.terminal.out_paint(color, fmt::format("{:<4}", word_of(checkup.status)))
                << fmt::format("  {:<14} ", checkup.name) << hanging(checkup.detail, context.terminal.width, margin)
                << '\n';
    if (checkup.fix.empty()) continue;
    context.out << std::string(margin, ' ') << hanging("fix: " + checkup.fix, context.terminal.width, margin) << '\n';
  }
}

int run(Context& context, const ParsedArguments&) {
  const std::vector<Checkup> checkups = check_all(context);
  ExitCode exit_code = ExitCode::ok;
  for (const Checkup& checkup : checkups) {
    if (checkup.status == Status::failure && exit_code == ExitCode::ok) exit_code = checkup.exit_code;
  }
  if (context.global.json) {
    context.out << to_json(checkups, exit_code == ExitCode::ok) << '\n';
  } else {
    print(context, checkups);
  }
  return static_cast<int>(exit_code);
}

}  // namespace

Command doctor_command() {
  return {.name = "doctor",
          .summary = "check this machine and the configuration, and say what to do",
          .details = "Changes nothing. The exit code is that of the first failure; warnings do not count.",
          .run = &run};
}

}  // namespace rebalancer::app
