// The body of a request as strict JSON: no duplicate keys, no depth, no numbers that are not, no unknown keys.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "core/base/error.hpp"
#include "http/message.hpp"
#include "http/problem.hpp"

namespace rebalancer::http {

struct BodyError {
  std::string detail;
  int line = 1;
};
// One JSON value; at most 16 levels, 10,000 values, every key once per object, valid UTF-8, finite numbers, integers of
// 64 bits; nothing after it. Bounded time and memory for any input; the detail is bounded too.
[[nodiscard]] tl::expected<boost::json::value, BodyError> parse_strict_json(std::string_view text);

// "unknown key "dry_rum", did you mean "dry_run"?"
[[nodiscard]] ProblemFields unknown_key(std::string_view key, std::span<const std::string> known);

// Reads a body key by key and says at the end what is wrong, the unknown keys too.
//   BodyFields fields(request);
//   const auto dry_run = fields.boolean("dry_run");
//   if (auto wrong = fields.problem()) return *wrong;
class BodyFields {
 public:
  // An empty body is an empty object. Not an object, or not JSON: problem() says so and every field is absent.
  explicit BodyFields(const Request& request);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<double> number(std::string_view name, double minimum, double maximum);
  [[nodiscard]] std::optional<std::string> text(std::string_view name, std::size_t size_max = 256);
  [[nodiscard]] const boost::json::object* object(std::string_view name);
  // A rule of the caller's own about a field.
  void complain(std::string_view field, std::string detail);
  // The first thing wrong, as a 400; unknown keys with the nearest name. Ask last.
  [[nodiscard]] std::optional<Response> problem();

 private:
  [[nodiscard]] const boost::json::value* take(std::string_view name);
  boost::json::value root_;
  std::vector<std::string> known_;
  std::optional<ProblemFields> wrong_;
};

}  // namespace rebalancer::http
