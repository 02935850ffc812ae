// The part of JSON Schema that configuration is checked with; docs/plugins.md describes it.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "core/base/error.hpp"

namespace rebalancer {

struct SchemaOptions {
  std::string path{};                      // what the checked value is called: "strategy"
  std::filesystem::path base_directory{};  // format "path" is made absolute against it; empty: the working directory
  // Everything may come as text (YAML scalars, environment, --set, --param): "0.02" is then a number where a number is
  // wanted, "A=0.5,B=0.5" or JSON an object, "A,B" or JSON a list.
  bool text_values = false;
};

struct SchemaFinding {
  std::string path;     // "strategy.risk_free"; of an unknown key: the key's own; of a missing one: its object's
  std::string message;  // "is 1.2, must be at most 1"

  [[nodiscard]] std::string to_string() const;  // "strategy.risk_free: is 1.2, must be at most 1"
};

struct SchemaCheck;

class Schema {
 public:
  // Errors: invalid for text that is not JSON, names a key twice, uses a keyword that is not in the subset, or
  // contradicts itself.
  [[nodiscard]] static Result<Schema> parse(std::string_view text);
  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();

  // All findings at once. A JSON null counts as a key that is not there.
  [[nodiscard]] SchemaCheck check(const boost::json::value& value, const SchemaOptions& options) const;

  struct Node;
  [[nodiscard]] const Node& root() const { return *root_; }

 private:
  explicit Schema(std::unique_ptr<Node> root);
  std::unique_ptr<Node> root_;
};

// A commented YAML block with every key, its rule and its default: what `rebalancer plugins schema NAME` prints.
[[nodiscard]] Result<std::string> schema_as_yaml(std::string_view schema_text);

}  // namespace rebalancer
