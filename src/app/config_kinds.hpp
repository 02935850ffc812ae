// The kinds of values that configuration keys have: how each is read, printed and described.
#pragma once
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/config_keys.hpp"

namespace rebalancer::app {

template <class T>
struct ValueKind {
  std::string type;    // "a fraction from 0% to 100%"
  std::string schema;  // JSON Schema
  KeyShape shape = KeyShape::scalar;
  // None after a complaint.
  std::function<std::optional<T>(const ConfigNode&, const std::string& path, Complaints&)> parse;
  std::function<std::string(const T&)> yaml;
  std::function<std::string(const T&)> json;
};

[[nodiscard]] ValueKind<bool> boolean_kind();
[[nodiscard]] ValueKind<int> integer_kind(int minimum, int maximum);
[[nodiscard]] ValueKind<double> number_kind(double minimum, double maximum);
[[nodiscard]] ValueKind<double> fraction_kind(double minimum, double maximum);
[[nodiscard]] ValueKind<Decimal> money_kind();
[[nodiscard]] ValueKind<Decimal> shares_kind();  // positive
[[nodiscard]] ValueKind<Date> date_kind();
[[nodiscard]] ValueKind<std::string> name_kind();  // letters, digits, _ and -
[[nodiscard]] ValueKind<std::string> account_kind();
[[nodiscard]] ValueKind<std::string> zone_kind();
[[nodiscard]] ValueKind<std::string> calendar_kind();
[[nodiscard]] ValueKind<std::string> address_kind();
[[nodiscard]] ValueKind<std::string> token_kind();
[[nodiscard]] ValueKind<std::vector<std::string>> hosts_kind();
[[nodiscard]] ValueKind<DayTime> day_time_kind();
[[nodiscard]] ValueKind<std::filesystem::path> path_kind();
[[nodiscard]] ValueKind<std::vector<std::filesystem::path>> paths_kind();
[[nodiscard]] ValueKind<std::vector<std::string>> names_kind();
[[nodiscard]] ValueKind<std::vector<Symbol>> symbols_kind();
[[nodiscard]] ValueKind<std::map<Symbol, std::string>> classes_kind();
[[nodiscard]] ValueKind<std::map<Symbol, std::pair<double, double>>> bounds_kind();
[[nodiscard]] ValueKind<std::vector<ClassLimit>> class_limits_kind();

// {sector: {AAPL: tech}}, or {AAPL: "sector:tech, dividend"}, each kind or symbol as one likes.
[[nodiscard]] ValueKind<std::map<Symbol, std::vector<std::string>>> labels_kind();
[[nodiscard]] ValueKind<std::map<Symbol, double>> symbol_weights_kind();
[[nodiscard]] ValueKind<std::vector<std::pair<double, double>>> glide_curve_kind();  // {25: 90%}, ascending

// The rule a choice breaks: "must be one of a, b, c; did you mean "a"?".
[[nodiscard]] std::string choice_rule(std::string_view typed, const std::vector<std::string>& names);
[[nodiscard]] std::string choice_schema(const std::vector<std::string>& names);

// One word of a fixed set.
template <class T>
ValueKind<T> choice_kind(std::vector<std::pair<std::string, T>> choices) {
  std::vector<std::string> names;
  std::string type;
  for (const auto& [name, value] : choices) {
    names.push_back(name);
    type += (type.empty() ? "" : ", ") + name;
  }
  const auto name_for = [choices](const T& wanted) {
    for (const auto& [name, value] : choices) {
      if (value == wanted) return name;
    }
    return std::string();
  };
  return {.type = type,
          .schema = choice_schema(names),
          .parse = [choices, names](const ConfigNode& node, const std::string& path,
                                    Complaints& complaints) -> std::optional<T> {
            for (const auto& [name, value] : choices) {
              if (name == node.text) return value;
            }
            complaints.add(node, path, choice_rule(node.text, names));
            return std::nullopt;
          },
          .yaml = name_for,
          .json = [name_for](const T& value) { return "\"" + name_for(value) + "\""; }};
}

}  // namespace rebalancer::app
