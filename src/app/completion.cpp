#include "app/completion.hpp"

#include <fmt/format.h>

#include "app/command_line.hpp"

namespace rebalancer::app {
namespace {

// The words that may follow `path`, and for each option with a value what completes it.
void add_cases(const Command& command, const std::string& path, std::string& words, std::string& values) {
  std::string line;
  for (const Command& sub : command.subcommands) line += sub.name + " ";
  for (const Positional& positional : command.positionals) {
    for (const std::string& choice : positional.choices) line += choice + " ";
    if (positional.type == ValueType::file) values += fmt::format("    \"{}\") files=1 ;;\n", path);
  }
  for (const Option& option : command.options) {
    line += "--" + option.name + " ";
    if (option.choices.empty()) {
      if (option.type == ValueType::file) values += fmt::format("    \"{} --{}\") files=2 ;;\n", path, option.name);
      continue;
    }
    std::string choices;
    for (const std::string& choice : option.choices) choices += choice + " ";
    values += fmt::format("    \"{} --{}\") choices=\"{}\" ;;\n", path, option.name, choices);
  }
  words += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, line);
  for (const Command& sub : command.subcommands) add_cases(sub, path + " " + sub.name, words, values);
}

}  // namespace

std::string bash_completion(std::span<const Command> commands) {
  std::string top;
  std::string words;
  std::string values;
  std::string with_subcommands;
  for (const Command& command : commands) {
    top += command.name + " ";
    add_cases(command, command.name, words, values);
    if (!command.subcommands.empty()) with_subcommands += (with_subcommands.empty() ? "" : "|") + command.name;
  }
  std::string global;
  std::string with_value;
  for (const Option& option : global_options()) {
    global += "--" + option.name + " ";
    if (option.type != ValueType::flag) with_value += (with_value.empty() ? "--" : "|--") + option.name;
  }
  // The path of the command typed so far decides; global options before it are stepped over.
  return fmt::format(R"(# bash completion for rebalancer: source <(rebalancer completion bash)
_rebalancer() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local path="" words="" choices="" files=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    case "$word" in
      {with_value}) ((i++)) ;;
      -*) ;;
      *)
        if [[ -z "$path" ]]; then
          path="$word"
        else
          case "$path" in {with_subcommands}) path="$path $word" ;; esac
        fi ;;
    esac
  done
  if [[ "$previous" == "--config" ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  case "$path $previous" in
{values}  esac
  if [[ -n "$choices" ]]; then
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
    return
  fi
  if [[ "$files" == 2 ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
    return
  fi
  case "$path" in
{values}  esac
  case "$path" in
    "") words="{top}" ;;
{words}  esac
  COMPREPLY=($(compgen -W "$words {global}" -- "$current"))
  if [[ "$files" == 1 && "$current" != -* ]]; then
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _rebalancer rebalancer
)",
                     fmt::arg("with_value", with_value),
                     fmt::arg("with_subcommands", with_subcommands.empty() ? "-" : with_subcommands),
                     fmt::arg("values", values), fmt::arg("top", top), fmt::arg("words", words),
                     fmt::arg("global", global));
}

}  // namespace rebalancer::app
