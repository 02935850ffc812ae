#include "app/help.hpp"

#include <functional>
#include <sstream>

#include <doctest/doctest.h>

#include "app/command_line.hpp"
#include "app/commands.hpp"
#include "app/completion.hpp"
#include "app/exit_codes.hpp"
#include "app/terminal.hpp"
#include "support/process.hpp"

using namespace rebalancer;
using namespace rebalancer::app;

namespace {

void for_each_command(const std::function<void(const Command&, const std::string&)>& visit) {
  const std::function<void(const Command&, const std::string&)> walk = [&](const Command& command,
                                                                           const std::string& path) {
    visit(command, path);
    for (const Command& sub : command.subcommands) walk(sub, path + " " + sub.name);
  };
  for (const Command& command : commands()) walk(command, command.name);
}

void check_width(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(width_of(line) <= 80);
    CHECK((line.empty() || line.back() != ' '));
  }
}

// What bash offers after these words; the last is the one being typed.
std::string completed(std::vector<std::string> words) {
  std::string script = bash_completion(commands()) + "\nCOMP_WORDS=(rebalancer";
  for (const std::string& word : words) script += " '" + word + "'";
  script += fmt::format(")\nCOMP_CWORD={}\n_rebalancer\necho \"${{COMPREPLY[*]}}\"\n", words.size());
  const auto result = test::run_process({"/bin/bash", "-c", script}, ".");
  CHECK(result.err == "");
  return " " + result.out.substr(0, result.out.find('\n')) + " ";
}

}  // namespace

TEST_CASE("no help text is wider than 80 columns") {
  check_width(help_overview(commands()));
  check_width(help_exit_codes());
  for_each_command([](const Command& command, const std::string& path) { check_width(help_for(command, path)); });
}

TEST_CASE("the overview names every command, and a command's help every option") {
  const std::string overview = help_overview(commands());
  for (const Command& command : commands()) CHECK(overview.find("\n  " + command.name + " ") != std::string::npos);
  for_each_command([](const Command& command, const std::string& path) {
    const std::string text = help_for(command, path);
    for (const Option& option : command.options) CHECK(text.find("--" + option.name) != std::string::npos);
    for (const Option& option : global_options()) CHECK(text.find("--" + option.name) != std::string::npos);
  });
}

TEST_CASE("the exit codes promised are the exit codes told") {
  const std::string text = help_exit_codes();
  for (const int code : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 78}) {
    CHECK(text.find(fmt::format("\n  {:>2}  ", code)) != std::string::npos);
  }
}

TEST_CASE("completion knows every command and every option") {
  const std::string script = bash_completion(commands());
  for_each_command([&](const Command& command, const std::string& path) {
    CAPTURE(path);
    const std::size_t at = script.find("\"" + path + "\") words=\"");
    REQUIRE(at != std::string::npos);
    const std::string line = script.substr(at, script.find('\n', at) - at);
    for (const Option& option : command.options) CHECK(line.find("--" + option.name + " ") != std::string::npos);
    for (const Command& sub : command.subcommands) CHECK(line.find(sub.name) != std::string::npos);
  });
}

TEST_CASE("bash completes commands, subcommands, options and choices") {
  CHECK(completed({"vers"}) == " version ");
  CHECK(completed({"config", ""}).find(" check show schema ") != std::string::npos);
  CHECK(completed({"--config", "x.yaml", "config", "sh"}) == " show ");
  CHECK(completed({"config", "show", "--or"}) == " --origin ");
  CHECK(completed({"completion", "b"}) == " bash ");
  for (const Command& command : commands())
    CHECK(completed({command.name}).find(" " + command.name + " ") != std::string::npos);
}
