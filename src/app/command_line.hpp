// argv against the command table.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/command.hpp"
#include "core/base/decimal.hpp"
#include "core/base/time.hpp"

namespace rebalancer::app {

// Options every command takes, before or after its name.
[[nodiscard]] const std::vector<Option>& global_options();

struct GlobalOptions {
  std::string config_file = "config.yaml";
  bool config_file_given = false;
  std::vector<std::pair<std::string, std::string>> settings;  // --set, in order: key, value
  bool json = false;
  bool quiet = false;
  bool no_color = false;
  bool help = false;
};

// The arguments of one command, checked against its row of the table: what a getter gives back has the option's type,
// its range and its choices. Asking for an option the row does not have is a mistake of ours (std::logic_error).
class ParsedArguments {
 public:
  GlobalOptions global;
  const Command* command = nullptr;  // the innermost; null when no command was given
  std::string command_path;          // "config show"

  // A flag: given or not. Another option: given on the command line, its default does not count.
  [[nodiscard]] bool has(std::string_view option) const;
  // The value given, else the option's default, else none.
  [[nodiscard]] std::optional<std::string> text(std::string_view option) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view option) const;
  [[nodiscard]] std::optional<double> number(std::string_view option) const;  // number and fraction
  [[nodiscard]] std::optional<Decimal> money(std::string_view option) const;
  [[nodiscard]] std::optional<Date> date(std::string_view option) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> assignments(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view option) const;  // of a repeatable option, as given
  [[nodiscard]] std::optional<std::string> positional(std::string_view name) const;

 private:
  friend class CommandLineParser;
  [[nodiscard]] const Option& row(std::string_view option) const;
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
  std::map<std::string, std::string, std::less<>> positionals_;
};

// What is wrong, and as much as was understood (so that --json is honoured when reporting it).
struct UsageError {
  std::string message;
  std::string command_path;
  bool json = false;
  bool no_color = false;
};

// `arguments` without the program's name.
[[nodiscard]] tl::expected<ParsedArguments, UsageError> parse_command_line(std::span<const Command> commands,
                                                                           std::span<const std::string> arguments);

// The row for a path such as "config show"; null when there is none.
[[nodiscard]] const Command* find_command(std::span<const Command> commands, std::string_view path);

}  // namespace rebalancer::app
