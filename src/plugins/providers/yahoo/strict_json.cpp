#include "strict_json.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace rebalancer::yahoo {
namespace {

namespace json = boost::json;
using error_code = boost::system::error_code;

// Looks only at the keys.
struct KeyHandler {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  std::vector<std::set<std::string, std::less<>>> open_objects;
  std::string key;
  std::string duplicate;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t, error_code&) { return true; }
  bool on_object_begin(error_code&) {
    open_objects.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    open_objects.pop_back();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& error) {
    key.append(part.data(), part.size());
    if (!open_objects.back().insert(key).second) {
      duplicate = key;
      error = json::error::extra_data;  // any error stops the parser; `duplicate` says which
      return false;
    }
    key.clear();
    return true;
  }
  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, error_code&) { return true; }
  bool on_double(double, json::string_view, error_code&) { return true; }
  bool on_bool(bool, error_code&) { return true; }
  bool on_null(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return fail(ErrorCode::invalid, "it is empty");
  json::parse_options options;
  options.max_depth = 32;
  json::basic_parser<KeyHandler> keys(options);
  error_code error;
  const std::size_t read = keys.write_some(false, text.data(), text.size(), error);
  if (!keys.handler().duplicate.empty()) {
    return fail(ErrorCode::invalid, "it names \"{}\" twice in one object", keys.handler().duplicate);
  }
  if (error == json::error::incomplete) {
    return fail(ErrorCode::invalid, "it ends in the middle, after {} bytes", text.size());
  }
  if (error) return fail(ErrorCode::invalid, "it is not JSON at byte {}: {}", read, error.message());

  json::value value = json::parse(text, error, {}, options);
  if (error) return fail(ErrorCode::invalid, "it is not JSON: {}", error.message());
  return value;
}

}  // namespace rebalancer::yahoo
