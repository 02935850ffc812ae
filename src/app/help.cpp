#include "app/help.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/command_line.hpp"
#include "app/exit_codes.hpp"
#include "app/terminal.hpp"

namespace rebalancer::app {
namespace {

constexpr int columns = 80;

std::string option_name(const Option& option) {
  return option.placeholder.empty() ? "--" + option.name : fmt::format("--{} {}", option.name, option.placeholder);
}

std::string option_help(const Option& option) {
  std::string text = option.help;
  if (!option.choices.empty()) {
    std::string choices;
    for (const std::string& choice : option.choices) choices += (choices.empty() ? "" : ", ") + choice;
    text += " (" + choices + ")";
  }
  if (!option.default_text.empty()) text += " [" + option.default_text + "]";
  if (option.repeatable) text += "; may be repeated";
  return text;
}

// Two columns: a name and what it is, wrapped under itself.
std::string rows_text(const std::vector<std::pair<std::string, std::string>>& rows) {
  int name_width = 0;
  for (const auto& [name, help] : rows) {
    if (width_of(name) <= 26) name_width = std::max(name_width, width_of(name));
  }
  const int margin = 2 + name_width + 2;
  std::string result;
  for (const auto& [name, help] : rows) {
    result += "  " + name;
    if (width_of(name) > name_width) {
      result += "\n" + std::string(static_cast<std::size_t>(margin), ' ');
    } else {
      result += std::string(static_cast<std::size_t>(margin - 2 - width_of(name)), ' ');
    }
    result += hanging(help, columns, margin) + "\n";
  }
  return result;
}

std::string options_text(const std::vector<Option>& options) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Option& option : options) rows.emplace_back(option_name(option), option_help(option));
  return rows_text(rows);
}

}  // namespace

std::string usage_line(const Command& command, const std::string& path) {
  std::string line = "rebalancer " + path;
  if (!command.subcommands.empty()) line += " COMMAND";
  for (const Positional& positional : command.positionals) {
    line += positional.required ? " " + positional.name : " [" + positional.name + "]";
  }
  for (const Option& option : command.options) {
    if (option.required) line += " " + option_name(option);
  }
  const bool more = std::any_of(command.options.begin(), command.options.end(),
                                [](const Option& option) { return !option.required; });
  if (more) line += " [option]...";
  return line;
}

std::string help_overview(std::span<const Command> commands) {
  std::string text =
      "usage: rebalancer [--config FILE] [--set section.key=value]... [--json]\n"
      "                  [--quiet] [--no-color] COMMAND ...\n\n"
      "Turns prices into an allocation, proves the plan and executes it.\n\n"
      "commands:\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command& command : commands) {
    std::string summary = command.summary;
    if (!command.subcommands.empty()) {
      std::string names;
      for (const Command& sub : command.subcommands) names += (names.empty() ? "" : "|") + sub.name;
      summary += " (" + names + ")";
    }
    rows.emplace_back(command.name, summary);
  }
  text += rows_text(rows);
  text += "\noptions of every command:\n" + options_text(global_options());
  text +=
      "\n\"rebalancer help COMMAND\" explains one, \"rebalancer help exit-codes\" what the\n"
      "process tells its caller.\n";
  return text;
}

std::string help_for(const Command& command, const std::string& path) {
  std::string text = wrapped("usage: " + usage_line(command, path), columns, 9) + "\n\n";
  text += wrapped(command.summary, columns) + "\n";
  if (!command.details.empty()) text += "\n" + wrapped(command.details, columns) + "\n";
  if (!command.subcommands.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Command& sub : command.subcommands) rows.emplace_back(sub.name, sub.summary);
    text += "\ncommands:\n" + rows_text(rows);
  }
  if (!command.positionals.empty()) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const Positional& positional : command.positionals) rows.emplace_back(positional.name, positional.help);
    text += "\narguments:\n" + rows_text(rows);
  }
  if (!command.options.empty()) text += "\noptions:\n" + options_text(command.options);
  text += "\noptions of every command:\n" + options_text(global_options());
  return text;
}

std::string help_exit_codes() {
  std::string text = "exit codes:\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const ExitCodeRow& row : exit_code_table()) {
    rows.emplace_back(fmt::format("{:>2}  {}", static_cast<int>(row.code), row.name), std::string(row.meaning));
  }
  return text + rows_text(rows);
}

}  // namespace rebalancer::app
