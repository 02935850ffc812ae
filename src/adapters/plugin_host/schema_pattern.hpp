#pragma once
#include <memory>
#include <string>

namespace rebalancer {

// An ECMAScript regular expression; apart because <regex> is heavy.
class SchemaPattern {
 public:
  // Null when `text` is no regular expression.
  [[nodiscard]] static std::shared_ptr<const SchemaPattern> compile(const std::string& text);
  // Anywhere in `value`. Never of more than 1000 bytes: matching recurses per character and could exhaust the stack.
  [[nodiscard]] bool found_in(const std::string& value) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace rebalancer
