#include "app/command_line.hpp"

#include <doctest/doctest.h>

#include "app/commands.hpp"

using namespace rebalancer;
using namespace rebalancer::app;

namespace {

int nothing(Context&, const ParsedArguments&) { return 0; }

// A table of our own, so that the claims do not depend on the commands of the day.
const std::vector<Command>& table() {
  static const std::vector<Command> commands{
      {.name = "optimize",
       .options = {{.name = "strategy",
                    .placeholder = "S",
                    .type = ValueType::text,
                    .help = "its name",
                    .choices = {"max_sharpe", "hrp"},
                    .required = true},
                   {.name = "max-weight", .placeholder = "W", .type = ValueType::fraction, .default_text = "1"},
                   {.name = "points", .placeholder = "N", .type = ValueType::integer, .minimum = 2, .maximum = 500},
                   {.name = "as-of", .placeholder = "DATE", .type = ValueType::date},
                   {.name = "offset", .placeholder = "X", .type = ValueType::number},
                   {.name = "capital", .placeholder = "AMOUNT", .type = ValueType::money},
                   {.name = "current", .placeholder = "A=w", .type = ValueType::assignments},
                   {.name = "param", .placeholder = "NAME=VALUE", .type = ValueType::text, .repeatable = true},
                   {.name = "verbose"}},
       .run = &nothing},
      {.name = "explain",
       .positionals = {{.name = "RUN", .help = "the run"},
                       {.name = "ORDER", .help = "one order", .type = ValueType::integer, .required = false}},
       .run = &nothing},
      {.name = "config",
       .subcommands = {{.name = "check", .run = &nothing},
                       {.name = "show", .options = {{.name = "origin"}}, .run = &nothing}}},
      {.name = "version", .run = &nothing},
  };
  return commands;
}

tl::expected<ParsedArguments, UsageError> parse(const std::vector<std::string>& words) {
  return parse_command_line(table(), words);
}

std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  return parsed ? "good" : parsed.error().message;
}

}  // namespace

TEST_CASE("options come back with their type") {
  const auto parsed = parse({"optimize", "--strategy", "hrp", "--points=7", "--as-of", "2026-11-20", "--offset", "-0.5",
                             "--capital", "$1,000.10", "--current", "A=0.5, B=0.5", "--param", "a=1", "--param=b=2"});
  REQUIRE(parsed);
  CHECK(parsed->command_path == "optimize");
  CHECK(parsed->text("strategy") == "hrp");
  CHECK(parsed->integer("points") == 7);
  CHECK(parsed->date("as-of")->to_string() == "2026-11-20");
  CHECK(parsed->number("offset") == -0.5);
  CHECK(parsed->money("capital")->to_string() == "1000.1");
  CHECK(parsed->assignments("current") == std::vector<std::pair<std::string, std::string>>{{"A", "0.5"}, {"B", "0.5"}});
  CHECK(parsed->all("param") == std::vector<std::string>{"a=1", "b=2"});
  CHECK(parsed->number("max-weight") == 1);
  CHECK_FALSE(parsed->has("max-weight"));
  CHECK_FALSE(parsed->has("verbose"));
  CHECK_THROWS_AS((void)parsed->text("nothing"), std::logic_error);
}

TEST_CASE("global options stand before or after the command") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--json", "--quiet", "--config", "a.yaml", "--set", "mode=paper", "config", "show",
                                 "--origin"},
        std::vector<std::string>{"config", "--config=a.yaml", "show", "--origin", "--set=mode=paper", "--quiet",
                                 "--json"}}) {
    const auto parsed = parse(words);
    REQUIRE(parsed);
    CHECK(parsed->command_path == "config show");
    CHECK(parsed->has("origin"));
    CHECK(parsed->global.json);
    CHECK(parsed->global.quiet);
    CHECK_FALSE(parsed->global.no_color);
    CHECK(parsed->global.config_file == "a.yaml");
    CHECK(parsed->global.config_file_given);
    CHECK(parsed->global.settings == std::vector<std::pair<std::string, std::string>>{{"mode", "paper"}});
  }
}

TEST_CASE("--set keeps everything behind its first = sign") {
  const auto parsed = parse({"version", "--set", "provider={use: csv, path: a=b.csv}", "--set", "log.level="});
  REQUIRE(parsed);
  CHECK(parsed->global.settings[0].second == "{use: csv, path: a=b.csv}");
  CHECK(parsed->global.settings[1].second.empty());
}

TEST_CASE("positionals, and -- for those that look like options") {
  auto parsed = parse({"explain", "--", "--weird"});
  REQUIRE(parsed);
  CHECK(parsed->positional("RUN") == "--weird");
  CHECK(parsed->positional("ORDER") == std::nullopt);
  parsed = parse({"explain", "abc", "3"});
  REQUIRE(parsed);
  CHECK(parsed->positional("ORDER") == "3");
}

TEST_CASE("a wrong command line is told with option, value, rule and the nearest name") {
  CHECK(error_of({"optimise"}) == "\"optimise\" is not a command; did you mean \"optimize\"?");
  CHECK(error_of({"zzz"}) == "\"zzz\" is not a command; \"rebalancer help\" lists them");
  CHECK(error_of({"config", "chekc"}) == "config has no \"chekc\"; did you mean \"config check\"?");
  CHECK(error_of({"config"}) == "config wants one of check, show");
  CHECK(error_of({"optimize", "--strateyg", "hrp"}) ==
        "optimize has no option --strateyg; did you mean \"--strategy\"?");
  CHECK(error_of({"optimize", "--frobnicate"}) ==
        "optimize has no option --frobnicate; \"rebalancer optimize --help\" lists them");
  CHECK(error_of({"--points", "3", "optimize"}) ==
        "--points is an option of a command: write it after the command's name");
  CHECK(error_of({"optimize"}) == "optimize wants --strategy S: its name");
  CHECK(error_of({"optimize", "--strategy", "hpr"}) ==
        "--strategy is \"hpr\", must be one of max_sharpe, hrp; did you mean \"hrp\"?");
  CHECK(error_of({"optimize", "--points", "1"}) == "--points is \"1\", must be between 2 and 500");
  CHECK(error_of({"optimize", "--points", "many"}) == "--points is \"many\", must be a whole number");
  CHECK(error_of({"optimize", "--max-weight", "40"}) ==
        "--max-weight is \"40\", must be a fraction: did you mean 40%?");
  CHECK(error_of({"optimize", "--as-of", "2026-02-30"}) ==
        "--as-of is \"2026-02-30\", must be a date such as 2026-11-23");
  CHECK(error_of({"optimize", "--current", "A=1,A=2"}) == "--current is \"A=1,A=2\", names A twice");
  CHECK(error_of({"optimize", "--points"}) == "--points wants a value: --points N");
  CHECK(error_of({"optimize", "--points", "--verbose"}) == "--points wants a value: --points N");
  CHECK(error_of({"optimize", "--points", "3", "--points", "4"}) == "--points is given twice: \"3\" and \"4\"");
  CHECK(error_of({"optimize", "--verbose=yes"}) == "--verbose takes no value, but \"--verbose=yes\" gives one");
  CHECK(error_of({"explain"}) == "explain wants RUN: the run");
  CHECK(error_of({"explain", "a", "b"}) == "ORDER is \"b\", must be a whole number");
  CHECK(error_of({"explain", "a", "1", "c"}) == "\"c\" is one argument too many for explain");
  CHECK(error_of({"version", "--set", "mode"}) == "--set is \"mode\", must be section.key=value");
  CHECK(error_of({"version", "--config", ""}) == "--config is \"\", must not be empty");
}

TEST_CASE("an error knows that JSON was asked for, wherever it stands") {
  const auto parsed = parse({"optimise", "--json"});
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().json);
}

TEST_CASE("--help needs nothing else to be right") {
  const auto parsed = parse({"optimize", "--help"});
  REQUIRE(parsed);
  CHECK(parsed->global.help);
  CHECK(parsed->command->name == "optimize");
}

TEST_CASE("--version is the command") {
  const auto parsed = parse({"--version"});
  REQUIRE(parsed);
  CHECK(parsed->command_path == "version");
}

TEST_CASE("every command of the product can run or has subcommands, and explains itself") {
  const std::function<void(const Command&, const std::string&)> check = [&](const Command& command,
                                                                            const std::string& path) {
    CAPTURE(path);
    CHECK((command.run != nullptr || !command.subcommands.empty()));
    CHECK_FALSE(command.summary.empty());
    for (const Option& option : command.options) {
      CAPTURE(option.name);
      CHECK_FALSE(option.help.empty());
      CHECK((option.type == ValueType::flag) == option.placeholder.empty());
      for (const Option& global : global_options()) CHECK(global.name != option.name);
    }
    for (const Positional& positional : command.positionals) CHECK_FALSE(positional.help.empty());
    for (const Command& sub : command.subcommands) check(sub, path + " " + sub.name);
  };
  for (const Command& command : commands()) check(command, command.name);
}

TEST_CASE("every default of the product's options is a value the option accepts") {
  const std::function<void(const Command&, const std::vector<std::string>&)> check =
      [&](const Command& command, const std::vector<std::string>& path) {
        for (const Option& option : command.options) {
          if (option.default_text.empty()) continue;
          CAPTURE(option.name);
          std::vector<std::string> words = path;
          words.push_back("--" + option.name + "=" + option.default_text);
          words.push_back("--help");  // whatever else the command wants
          CHECK(parse_command_line(commands(), words));
        }
        for (const Command& sub : command.subcommands) {
          std::vector<std::string> deeper = path;
          deeper.push_back(sub.name);
          check(sub, deeper);
        }
      };
  for (const Command& command : commands()) check(command, {command.name});
}
