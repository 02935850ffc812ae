// Every key of config.yaml that the host itself understands. This one table drives the parser, the environment names,
// the JSON Schema, "config show" and docs/configuration.md.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"
#include "app/config_node.hpp"

namespace rebalancer::app {

// Collects what is wrong with values: "rebalance.threshold is "5", must be a fraction: did you mean 5%?".
class Complaints {
 public:
  explicit Complaints(std::vector<Problem>& problems) : problems_(problems) {}
  void add(const ConfigNode& at, std::string_view path, std::string_view rule);
  void say(const Origin& at, std::string message);
  [[nodiscard]] std::size_t count() const { return problems_.size(); }

 private:
  std::vector<Problem>& problems_;
};

enum class KeyShape { scalar, list, map };

struct KeyRow {
  std::string path;         // "portfolio.investor.age"
  std::string description;  // lower case, no full stop
  std::string type;         // "a fraction from 0% to 100%"
  std::string schema;       // JSON Schema of the value
  std::string example;      // YAML
  KeyShape shape = KeyShape::scalar;
  bool also_word = false;       // of a map: one word will do as well
  std::string other_name = {};  // a second name for the last part of the path
  // Null for provider.use, which may stand in a list.
  std::function<void(Config&, const ConfigNode&, const std::string& path, Complaints&)> read = {};
  std::function<std::optional<std::string>(const Config&)> yaml = {};  // the value as YAML; none when there is none
  std::function<std::string(const Config&)> json = {};

  [[nodiscard]] std::string environment_name() const;  // "REBALANCER_PORTFOLIO_INVESTOR_AGE"
};

[[nodiscard]] std::span<const KeyRow> key_table();
[[nodiscard]] const KeyRow* find_key(std::string_view path);  // by either name; null when there is none

struct SectionRow {
  std::string path;         // "portfolio", "portfolio.investor"
  std::string description;  // lower case, no full stop
  bool plugin = false;      // its other keys belong to the plugin named by "use"
};
[[nodiscard]] std::span<const SectionRow> section_table();
[[nodiscard]] const SectionRow* find_section(std::string_view path);

// REBALANCER_ and the path in capitals, with _ for every dot.
[[nodiscard]] std::string environment_name_of(std::string_view path);
// A scalar as YAML: in quotes only when it needs them.
[[nodiscard]] std::string yaml_scalar(std::string_view text);

}  // namespace rebalancer::app
