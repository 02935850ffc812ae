#include "app/command_line.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "app/units.hpp"
#include "core/base/nearest.hpp"

namespace rebalancer::app {
namespace {

template <class Row>
const Row* named(std::span<const Row> rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates, std::string_view before) {
  const auto nearest = nearest_name(typed, candidates);
  return nearest ? fmt::format("; did you mean \"{}{}\"?", before, *nearest) : "";
}

template <class Row>
std::vector<std::string> names_of(std::span<const Row> rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

std::string listed(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

// The rule `text` breaks, or nothing.
std::optional<std::string> broken_rule(ValueType type, const std::vector<std::string>& choices,
                                       std::optional<double> minimum, std::optional<double> maximum,
                                       std::string_view text) {
  const auto rule_of = [](const auto& result) -> std::optional<std::string> {
    if (result) return std::nullopt;
    return result.error().message;
  };
  if (!choices.empty()) {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::nullopt;
    return "must be one of " + listed(choices) + did_you_mean(text, choices, "");
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  switch (type) {
    case ValueType::flag:
      return std::nullopt;
    case ValueType::text:
    case ValueType::file:
      return text.empty() ? std::optional<std::string>("must not be empty") : std::nullopt;
    case ValueType::integer: {
      constexpr double widest = 9e15;
      return rule_of(parse_integer(text, static_cast<std::int64_t>(minimum.value_or(-widest)),
                                   static_cast<std::int64_t>(maximum.value_or(widest))));
    }
    case ValueType::number:
      return rule_of(parse_number(text, minimum.value_or(-infinity), maximum.value_or(infinity)));
    case ValueType::fraction:
      return rule_of(parse_fraction(text, minimum.value_or(0), maximum.value_or(1)));
    case ValueType::money:
      return rule_of(parse_money(text));
    case ValueType::date: {
      if (Date::parse(text)) return std::nullopt;
      return "must be a date such as 2026-11-23";
    }
    case ValueType::assignments:
      return rule_of(parse_assignments(text));
  }
  return std::nullopt;
}

}  // namespace

const std::vector<Option>& global_options() {
  static const std::vector<Option> options{
      {.name = "config",
       .placeholder = "FILE",
       .type = ValueType::file,
       .help = "the configuration file",
       .default_text = "config.yaml"},
      {.name = "set",
       .placeholder = "KEY=VALUE",
       .type = ValueType::text,
       .help = "set one configuration key, such as rebalance.threshold=3%; wins over file and environment",
       .repeatable = true},
      {.name = "json", .help = "print one JSON document on stdout"},
      {.name = "quiet", .help = "no talk on stderr but errors"},
      {.name = "no-color", .help = "no colours, as with NO_COLOR set"},
      {.name = "help", .help = "explain a command"},
  };
  return options;
}

const Option& ParsedArguments::row(std::string_view option) const {
  const Option* found = command == nullptr ? nullptr : named(std::span<const Option>(command->options), option);
  if (found == nullptr) throw std::logic_error(fmt::format("command \"{}\" has no option {}", command_path, option));
  return *found;
}

bool ParsedArguments::has(std::string_view option) const { return options_.contains(row(option).name); }

std::optional<std::string> ParsedArguments::text(std::string_view option) const {
  const Option& wanted = row(option);
  if (const auto found = options_.find(option); found != options_.end()) return found->second.back();
  if (!wanted.default_text.empty()) return wanted.default_text;
  return std::nullopt;
}

std::optional<std::int64_t> ParsedArguments::integer(std::string_view option) const {
  const auto given = text(option);
  if (!given) return std::nullopt;
  return parse_integer(*given, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())
      .value();
}

std::optional<double> ParsedArguments::number(std::string_view option) const {
  const auto given = text(option);
  if (!given) return std::nullopt;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (row(option).type == ValueType::fraction) {
    return parse_fraction(*given, row(option).minimum.value_or(0), row(option).maximum.value_or(1)).value();
  }
  return parse_number(*given, -infinity, infinity).value();
}

std::optional<Decimal> ParsedArguments::money(std::string_view option) const {
  const auto given = text(option);
  if (!given) return std::nullopt;
  return parse_money(*given).value();
}

std::optional<Date> ParsedArguments::date(std::string_view option) const {
  const auto given = text(option);
  if (!given) return std::nullopt;
  return Date::parse(*given).value();
}

std::vector<std::pair<std::string, std::string>> ParsedArguments::assignments(std::string_view option) const {
  const auto given = text(option);
  if (!given) return {};
  return parse_assignments(*given).value();
}

std::vector<std::string> ParsedArguments::all(std::string_view option) const {
  const auto found = options_.find(row(option).name);
  return found == options_.end() ? std::vector<std::string>{} : found->second;
}

std::optional<std::string> ParsedArguments::positional(std::string_view name) const {
  const auto found = positionals_.find(name);
  if (found == positionals_.end()) return std::nullopt;
  return found->second;
}

class CommandLineParser {
 public:
  CommandLineParser(std::span<const Command> commands, std::span<const std::string> arguments)
      : commands_(commands), arguments_(arguments) {}

  tl::expected<ParsedArguments, UsageError> parse() {
    // First, so that a mistake further left is still reported as JSON.
    for (const std::string& argument : arguments_) {
      if (argument == "--") break;
      if (argument == "--json") parsed_.global.json = true;
      if (argument == "--no-color") parsed_.global.no_color = true;
    }
    bool options_end = false;
    while (next_ < arguments_.size() && message_.empty()) {
      const std::string& argument = arguments_[next_++];
      if (options_end || argument == "-" || !argument.starts_with('-')) {
        take_word(argument);
      } else if (argument == "--") {
        options_end = true;
      } else {
        take_option(argument);
      }
    }
    if (message_.empty() && !parsed_.global.help) check_complete();
    if (!message_.empty()) {
      return tl::unexpected(UsageError{message_, parsed_.command_path, parsed_.global.json, parsed_.global.no_color});
    }
    return std::move(parsed_);
  }

 private:
  void take_word(const std::string& word) {
    const Command* current = parsed_.command;
    const std::span<const Command> choices =
        current == nullptr ? commands_ : std::span<const Command>(current->subcommands);
    if (!choices.empty()) {
      const Command* found = named(choices, word);
      if (found == nullptr) {
        message_ = unknown_command(word, choices);
        return;
      }
      parsed_.command = found;
      parsed_.command_path += (parsed_.command_path.empty() ? "" : " ") + word;
      return;
    }
    if (positional_count_ >= current->positionals.size()) {
      message_ = fmt::format("\"{}\" is one argument too many for {}", word, parsed_.command_path);
      return;
    }
    const Positional& row = current->positionals[positional_count_++];
    if (const auto rule = broken_rule(row.type, row.choices, {}, {}, word)) {
      message_ = fmt::format("{} is \"{}\", {}", row.name, word, *rule);
      return;
    }
    parsed_.positionals_[row.name] = word;
  }

  std::string unknown_command(const std::string& word, std::span<const Command> choices) const {
    const std::vector<std::string> names = names_of(choices);
    if (parsed_.command == nullptr) {
      const std::string hint = did_you_mean(word, names, "");
      return fmt::format("\"{}\" is not a command{}", word, hint.empty() ? "; \"rebalancer help\" lists them" : hint);
    }
    const std::string hint = did_you_mean(word, names, parsed_.command_path + " ");
    return fmt::format("{} has no \"{}\"{}", parsed_.command_path, word,
                       hint.empty() ? ", it has " + listed(names) : hint);
  }

  void take_option(const std::string& argument) {
    if (argument == "-h" || argument == "--help") {
      parsed_.global.help = true;
      return;
    }
    if (argument == "--version" && parsed_.command == nullptr) {
      take_word("version");
      return;
    }
    const std::size_t equals = argument.find('=');
    const std::string typed = argument.substr(0, equals);
    const std::string name = typed.starts_with("--") ? typed.substr(2) : "";
    const Option* row = named(std::span<const Option>(global_options()), name);
    const bool is_global = row != nullptr;
    if (row == nullptr && parsed_.command != nullptr) {
      row = named(std::span<const Option>(parsed_.command->options), name);
    }
    if (row == nullptr) {
      message_ = unknown_option(typed);
      return;
    }
    if (row->type == ValueType::flag) {
      if (equals != std::string::npos) {
        message_ = fmt::format("--{} takes no value, but \"{}\" gives one", name, argument);
      } else if (is_global) {
        set_global_flag(name);
      } else {
        parsed_.options_[name] = {};
      }
      return;
    }
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (next_ < arguments_.size() && !looks_like_option(arguments_[next_])) {
      value = arguments_[next_++];
    } else {
      message_ = fmt::format("--{} wants a value: --{} {}", name, name, row->placeholder);
      return;
    }
    take_value(*row, is_global, value);
  }

  // "-5" and "-0.5" are values, "--paths" is a forgotten value.
  static bool looks_like_option(const std::string& text) {
    return text.size() > 1 && text[0] == '-' && !(text[1] >= '0' && text[1] <= '9') && text[1] != '.';
  }

  void take_value(const Option& row, bool is_global, const std::string& value) {
    if (const auto rule = broken_rule(row.type, row.choices, row.minimum, row.maximum, value)) {
      message_ = fmt::format("--{} is \"{}\", {}", row.name, value, *rule);
      return;
    }
    std::vector<std::string>& values = parsed_.options_[(is_global ? "global " : "") + row.name];
    if (!values.empty() && !row.repeatable) {
      message_ = fmt::format("--{} is given twice: \"{}\" and \"{}\"", row.name, values.back(), value);
      return;
    }
    values.push_back(value);
    if (!is_global) return;
    if (row.name == "config") {
      parsed_.global.config_file = value;
      parsed_.global.config_file_given = true;
      return;
    }
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos || trimmed(std::string_view(value).substr(0, equals)).empty()) {
      message_ = fmt::format("--set is \"{}\", must be section.key=value", value.substr(0, equals));
      return;
    }
    parsed_.global.settings.emplace_back(trimmed(std::string_view(value).substr(0, equals)), value.substr(equals + 1));
  }

  void set_global_flag(const std::string& name) {
    if (name == "json") parsed_.global.json = true;
    if (name == "quiet") parsed_.global.quiet = true;
    if (name == "no-color") parsed_.global.no_color = true;
  }

  std::string unknown_option(const std::string& typed) const {
    std::vector<std::string> names = names_of(std::span<const Option>(global_options()));
    if (parsed_.command != nullptr) {
      for (const Option& option : parsed_.command->options) names.push_back(option.name);
    }
    const std::string bare = typed.substr(std::min(typed.size(), typed.find_first_not_of('-')));
    const std::string hint = did_you_mean(bare, names, "--");
    const std::string place = parsed_.command == nullptr ? "rebalancer" : parsed_.command_path;
    if (!hint.empty()) return fmt::format("{} has no option {}{}", place, typed, hint);
    // An option of a command that stands before the command's name.
    if (parsed_.command == nullptr) {
      for (const Command& command : commands_) {
        if (named(std::span<const Option>(command.options), bare) != nullptr) {
          return fmt::format("{} is an option of a command: write it after the command's name", typed);
        }
      }
    }
    return fmt::format("{} has no option {}; \"{} --help\" lists them", place, typed,
                       parsed_.command == nullptr ? "rebalancer" : "rebalancer " + parsed_.command_path);
  }

  void check_complete() {
    const Command* command = parsed_.command;
    if (command == nullptr) return;
    if (command->run == nullptr) {
      message_ = fmt::format("{} wants one of {}", parsed_.command_path,
                             listed(names_of(std::span<const Command>(command->subcommands))));
      return;
    }
    for (std::size_t i = positional_count_; i < command->positionals.size(); ++i) {
      const Positional& row = command->positionals[i];
      if (!row.required) continue;
      message_ = fmt::format("{} wants {}: {}", parsed_.command_path, row.name, row.help);
      return;
    }
    for (const Option& option : command->options) {
      if (!option.required || parsed_.options_.contains(option.name)) continue;
      message_ =
          fmt::format("{} wants --{} {}: {}", parsed_.command_path, option.name, option.placeholder, option.help);
      return;
    }
  }

  std::span<const Command> commands_;
  std::span<const std::string> arguments_;
  std::size_t next_ = 0;
  std::size_t positional_count_ = 0;
  ParsedArguments parsed_;
  std::string message_;
};

tl::expected<ParsedArguments, UsageError> parse_command_line(std::span<const Command> commands,
                                                             std::span<const std::string> arguments) {
  return CommandLineParser(commands, arguments).parse();
}

const Command* find_command(std::span<const Command> commands, std::string_view path) {
  const Command* found = nullptr;
  for (const std::string& word : split(path, ' ')) {
    found = named(found == nullptr ? commands : std::span<const Command>(found->subcommands), word);
    if (found == nullptr) return nullptr;
  }
  return found;
}

}  // namespace rebalancer::app
