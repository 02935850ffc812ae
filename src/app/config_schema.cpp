// The key table as a JSON Schema and as docs/configuration.md.
#include <functional>

#include "app/config_keys.hpp"
#include "app/config_layers.hpp"
#include "app/config_show.hpp"
#include "app/terminal.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

std::string parent_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(path.substr(0, dot));
}

std::string last_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return std::string(dot == std::string_view::npos ? path : path.substr(dot + 1));
}

// The row's schema with its description in front.
std::string described(const std::string& schema, const std::string& description) {
  return fmt::format(R"({{"description": {}, {})", json_string(description), schema.substr(1));
}

void write_section(JsonText& json, const SectionRow& section);

void write_properties(JsonText& json, const std::string& parent) {
  json.key("properties").object();
  for (const KeyRow& row : key_table()) {
    if (parent_of(row.path) != parent) continue;
    json.key(last_of(row.path)).raw(described(row.schema, row.description));
    if (!row.other_name.empty()) {
      json.key(row.other_name).raw(described(row.schema, "another name of " + last_of(row.path)));
    }
  }
  for (const SectionRow& section : section_table()) {
    if (parent_of(section.path) != parent) continue;
    json.key(last_of(section.path));
    write_section(json, section);
  }
  json.end();
}

void write_section(JsonText& json, const SectionRow& section) {
  json.object();
  if (section.path == "provider") {
    json.member("description", section.description).key("anyOf").array();
    json.raw(R"({"$ref": "#/$defs/provider"})")
        .raw(R"({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/provider"}})");
    json.end().end();
    return;
  }
  json.member("description", section.description).member("type", "object");
  write_properties(json, section.path);
  if (!section.plugin) json.member("additionalProperties", false);
  if (section.path == "portfolio") json.key("required").array().value("tickers").end();
  json.end();
}

// "|" would end a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string capitalized(std::string text) {
  if (!text.empty()) text.front() = upper_case(text.substr(0, 1)).front();
  return text;
}

std::string rows_markdown(const std::string& section) {
  const Config defaults;
  std::string text = "| key | what it is | value | default | environment |\n|---|---|---|---|---|\n";
  for (const KeyRow& row : key_table()) {
    if (parent_of(row.path) != section) continue;
    const auto value = row.yaml == nullptr ? std::nullopt : row.yaml(defaults);
    std::string description = row.description;
    if (!row.other_name.empty()) description += fmt::format("; also `{}`", row.other_name);
    const bool tells = !row.example.empty() && row.example != value.value_or("");
    const std::string example = !tells ? "" : fmt::format(", such as `{}`", cell(row.example));
    text += fmt::format("| `{}` | {} | {}{} | {} | `{}` |\n", last_of(row.path), description, cell(row.type), example,
                        value ? "`" + cell(*value) + "`" : "", row.environment_name());
  }
  return text + "\n";
}

constexpr char introduction[] =
    R"(# Configuration

Made from the key table in `src/app/config_keys.cpp` by `rebalancer config schema --markdown`; a test keeps it so.

`config.yaml` in the working directory, or the file of `--config FILE`. Four layers, each wins over those before it:
defaults, the file, the environment, `--set section.key=value`. `rebalancer config show --origin` says where each value
came from, `rebalancer config check` what is wrong, all of it at once, with line and column.

- **Units** stand in the value: `5%`, `25bp`, `0.05`; `$250`, `250 USD`, `250`; `16:30`, `close-20m`, `open+15m`. Money is
  read exactly as it is written.
- **Relative paths** start at the folder of the configuration file.
- **Secrets**: `"${NAME}"` takes a value from the environment, `file:PATH` from a file. Such values, and those of keys
  called `..._key`, `secret`, `token`, `password` or the like, are printed as `***` wherever they would appear.
- **Environment**: every key has a name of its own, in the last column; a plugin's own key too, such as
  `REBALANCER_BROKER_CASH`. Lists are written `SPY,QQQ` or `[SPY, QQQ]`, maps `BND=bond` or `{BND: bond}`. An empty
  variable counts as unset. A name that begins with `REBALANCER_` and is no key is an error.
- In a plugin's section (`provider`, `store`, `strategy`, `broker`), `use` names the plugin; the keys not listed here are
  the plugin's own, checked against its schema: `rebalancer plugins schema NAME` shows them. When the environment or
  `--set` names another plugin than the file does, the file's own keys of the first one no longer apply.

)";

}  // namespace

std::string config_json_schema() {
  JsonText json;
  json.object().member("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.member("title", "rebalancer configuration").member("type", "object");
  write_properties(json, "");
  json.member("additionalProperties", false);
  json.key("required").array().value("portfolio").value("provider").end();
  json.key("$defs").object().key("provider").object().member("type", "object");
  write_properties(json, "provider");
  json.key("required").array().value("use").end().end().end();
  return json.end().str();
}

std::string config_markdown() {
  std::string text = introduction;
  text += "## Top level\n\n" + rows_markdown("");
  for (const SectionRow& section : section_table()) {
    text +=
        fmt::format("## {}\n\n{}.\n\n", section.path, capitalized(section.description)) + rows_markdown(section.path);
  }
  text +=
      "## Familiar environment names\n\n"
      "Names that users of such systems know. A `REBALANCER_` name wins over them, but for `DRY_RUN=true`, which "
      "nothing in\nthe environment undoes.\n\n| name | sets |\n|---|---|\n";
  for (const FamiliarName& name : familiar_names())
    text += fmt::format("| `{}` | {} |\n", name.name, cell(name.effect));
  return text;
}

}  // namespace rebalancer::app
