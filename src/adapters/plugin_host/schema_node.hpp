// A JSON Schema after parsing: one node per value it describes.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "adapters/plugin_host/schema.hpp"
#include "adapters/plugin_host/schema_pattern.hpp"

namespace rebalancer {

enum class SchemaType { object, array, string, number, integer, boolean };
enum class SchemaFormat { none, fraction, money, duration, path };

struct Schema::Node {
  SchemaType type = SchemaType::object;
  SchemaFormat format = SchemaFormat::none;
  bool secret = false;
  std::string description;
  std::optional<boost::json::value> default_value;  // as written
  std::vector<boost::json::value> allowed;          // enum; empty: anything
  std::optional<double> minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<std::size_t> length_min, length_max;  // in bytes
  std::string pattern_text;
  std::shared_ptr<const SchemaPattern> pattern;  // null: any text

  std::vector<std::pair<std::string, std::unique_ptr<Node>>> properties;  // as written, in order
  std::vector<std::string> required;
  bool other_properties = false;                // anything goes
  std::unique_ptr<Node> other_properties_node;  // or this
  std::unique_ptr<Node> items;                  // null: anything

  [[nodiscard]] const Node* property(std::string_view name) const;
};

// "5%", "25bp", "0.05" as the number 0.05. Errors: invalid.
[[nodiscard]] Result<double> parse_fraction(std::string_view text);
// "$100000", "100000 USD", "100000" as "100000". Errors: invalid, also for another currency.
[[nodiscard]] Result<std::string> parse_money(std::string_view text);
// "250ms", "30s", "15m", "2h", "1d" as milliseconds. Errors: invalid, also for a number without its unit.
[[nodiscard]] Result<std::int64_t> parse_duration_ms(std::string_view text);

// Checks and normalizes one value against one node; appends to `out`.
[[nodiscard]] boost::json::value check_node(const Schema::Node& node, const boost::json::value& value,
                                            const std::string& path, const SchemaOptions& options, SchemaCheck& out);

}  // namespace rebalancer
