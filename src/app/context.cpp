#include "app/context.hpp"

#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

std::string error_json(const Failure& failure) {
  JsonText json;
  json.object().key("error").object();
  json.member("code", name_of(failure.exit_code));
  json.member("message", failure.message);
  json.member("exit_code", static_cast<int>(failure.exit_code));
  json.key("errors").array();
  for (const Problem& problem : failure.problems) {
    json.object().member("message", problem.message);
    if (!problem.place.empty()) json.member("place", problem.place);
    if (!problem.file.empty()) {
      json.member("file", problem.file).member("line", problem.line).member("column", problem.column);
    }
    json.end();
  }
  return json.end().end().end().str();
}

}  // namespace

int Context::report(const Failure& failure) {
  for (const Problem& problem : failure.problems) {
    if (!problem.place.empty()) err << terminal.err_paint(Color::bold, problem.place) << ": ";
    err << problem.message << '\n';
  }
  err << terminal.err_paint(Color::red, "error") << ": " << failure.message << '\n';
  if (global.json) out << error_json(failure) << '\n';
  return static_cast<int>(failure.exit_code);
}

int Context::report(Area area, const Error& error) {
  return report(Failure{.exit_code = exit_code_for(area, error.code), .message = error.message});
}

void Context::note(std::string_view line) {
  if (!global.quiet) err << line << '\n';
}

}  // namespace rebalancer::app
