// What a request must be before its handler sees it, from the JSON Schemas of its route's row: parameters, and the
// top-level keys of the body.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "http/message.hpp"
#include "http/problem.hpp"
#include "http/route.hpp"

namespace rebalancer::http {

// The part of JSON Schema that is checked: type (one), minimum, maximum, minLength, maxLength (characters), enum, and
// the format date. The rest of a schema is the handler's, and the document's.
class ValueRule {
 public:
  // Asserts that it is a JSON object.
  explicit ValueRule(std::string_view schema);
  explicit ValueRule(const boost::json::object& schema);

  // Why a parameter's text is no such value; none when it is.
  [[nodiscard]] std::optional<std::string> against_text(std::string_view text) const;
  // Why a JSON value is none.
  [[nodiscard]] std::optional<std::string> against(const boost::json::value& value) const;

 private:
  enum class Type { any, string, integer, number, boolean, object, array };
  [[nodiscard]] std::optional<std::string> against_number(double number, std::string_view shown) const;
  [[nodiscard]] std::optional<std::string> against_string(std::string_view text) const;

  Type type_ = Type::any;
  std::optional<double> minimum_, maximum_;
  std::optional<std::size_t> min_length_, max_length_;
  std::vector<std::string> choices_;
  bool is_date_ = false;
};

// The rules of one route, made once.
class RequestRules {
 public:
  explicit RequestRules(const Route& route);
  // 400 or 415 for the first thing that is wrong.
  [[nodiscard]] std::optional<Response> check(const Request& request) const;

 private:
  struct Row {
    std::string name;
    bool required = false;
    ValueRule rule;
  };
  [[nodiscard]] std::optional<Response> check_query(const Request& request) const;
  [[nodiscard]] std::optional<Response> check_path(const Request& request) const;
  [[nodiscard]] std::optional<Response> check_body(const Request& request) const;
  [[nodiscard]] std::optional<Response> check_keys(const boost::json::object& body) const;

  std::vector<Row> query_, path_, keys_;
  std::vector<std::string> query_names_, key_names_;
  bool takes_body_ = false;
  bool body_required_ = false;
  bool is_closed_ = false;  // no other keys
};

}  // namespace rebalancer::http
