// The process environment as a value, so that tests can bring their own.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rebalancer::app {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string, std::less<>> variables) : variables_(std::move(variables)) {}
  [[nodiscard]] static Environment of_process();

  // None when unset; an empty value is a value.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;
};

}  // namespace rebalancer::app
