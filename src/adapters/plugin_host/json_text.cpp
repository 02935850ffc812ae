#include "adapters/plugin_host/json_text.hpp"

#include <cmath>
#include <set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace rebalancer {
namespace {

namespace json = boost::json;

// Sees every key of every object, and stops at the first that comes twice.
struct DuplicateFinder {
  constexpr static std::size_t max_object_size = std::size_t(-1);
  constexpr static std::size_t max_array_size = std::size_t(-1);
  constexpr static std::size_t max_key_size = std::size_t(-1);
  constexpr static std::size_t max_string_size = std::size_t(-1);

  std::vector<std::set<std::string, std::less<>>> open;
  std::string key;
  std::string duplicate;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    open.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key.append(part.data(), part.size());
    const bool fresh = open.back().insert(key).second;
    if (!fresh) {
      duplicate = key;
      error = json::error::syntax;
    }
    key.clear();
    return fresh;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::error_code error;
  json::basic_parser<DuplicateFinder> finder{json::parse_options{}};
  finder.write_some(false, text.data(), text.size(), error);
  if (const std::string& key = finder.handler().duplicate; !key.empty()) {
    return fail(ErrorCode::invalid, "\"{}\" is given twice", key);
  }
  error.clear();
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error) return fail(ErrorCode::invalid, "not JSON: {}", error.message());
  return value;
}

std::string scalar_text(const json::value& scalar) {
  switch (scalar.kind()) {
    case json::kind::bool_:
      return scalar.get_bool() ? "true" : "false";
    case json::kind::int64:
      return fmt::format("{}", scalar.get_int64());
    case json::kind::uint64:
      return fmt::format("{}", scalar.get_uint64());
    case json::kind::double_:
      return fmt::format("{}", scalar.get_double());
    case json::kind::string:
      return {scalar.get_string().data(), scalar.get_string().size()};
    default:
      return json_text(scalar);
  }
}

std::string json_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::object: {
      std::string text = "{";
      for (const auto& member : value.get_object()) {
        if (text.size() > 1) text += ',';
        text += json::serialize(json::value(member.key())) + ":" + json_text(member.value());
      }
      return text + "}";
    }
    case json::kind::array: {
      std::string text = "[";
      for (const auto& element : value.get_array()) {
        if (text.size() > 1) text += ',';
        text += json_text(element);
      }
      return text + "]";
    }
    case json::kind::string:
      return json::serialize(value);
    case json::kind::null:
      return "null";
    case json::kind::double_:
      if (!std::isfinite(value.get_double())) return "null";
      return scalar_text(value);
    default:
      return scalar_text(value);
  }
}

}  // namespace rebalancer
