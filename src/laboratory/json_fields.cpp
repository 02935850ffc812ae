#include "laboratory/json_fields.hpp"

#include <boost/json/basic_parser_impl.hpp>

namespace rebalancer::laboratory {
namespace {

namespace json = boost::json;
using error_code = boost::system::error_code;

struct FieldHandler {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  JsonFields fields;
  int depth = 0;
  bool is_object = false;
  std::string key;
  std::string part;
  std::string duplicate;

  void put(JsonField::Kind kind, std::string text) {
    if (depth == 1 && is_object) fields[key] = {kind, std::move(text)};
  }
  bool open(bool object) {
    if (depth == 0) is_object = object;
    if (depth == 1) put(JsonField::Kind::nested, "");
    ++depth;
    return true;
  }
  bool take_number(json::string_view rest) {
    put(JsonField::Kind::number, part + std::string(rest.data(), rest.size()));
    part.clear();
    return true;
  }
  bool take_part(json::string_view text) {
    part.append(text.data(), text.size());
    return true;
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return open(false); }
  bool on_array_end(std::size_t, error_code&) {
    --depth;
    return true;
  }
  bool on_object_begin(error_code&) { return open(true); }
  bool on_object_end(std::size_t, error_code&) {
    --depth;
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t, error_code&) { return take_part(text); }
  bool on_string(json::string_view rest, std::size_t, error_code&) {
    put(JsonField::Kind::text, part + std::string(rest.data(), rest.size()));
    part.clear();
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t, error_code&) { return take_part(text); }
  bool on_key(json::string_view rest, std::size_t, error_code& error) {
    std::string name = part + std::string(rest.data(), rest.size());
    part.clear();
    if (depth != 1) return true;
    if (fields.contains(name)) {
      duplicate = name;
      error = json::error::extra_data;  // any error stops the parser; `duplicate` says which
      return false;
    }
    fields[name] = {};
    key = std::move(name);
    return true;
  }
  bool on_number_part(json::string_view text, error_code&) { return take_part(text); }
  bool on_int64(std::int64_t, json::string_view rest, error_code&) { return take_number(rest); }
  bool on_uint64(std::uint64_t, json::string_view rest, error_code&) { return take_number(rest); }
  bool on_double(double, json::string_view rest, error_code&) { return take_number(rest); }
  bool on_bool(bool flag, error_code&) {
    put(JsonField::Kind::boolean, flag ? "true" : "false");
    return true;
  }
  bool on_null(error_code&) {
    put(JsonField::Kind::null, "");
    return true;
  }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

const JsonField* find(const JsonFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() || found->second.kind == JsonField::Kind::null ? nullptr : &found->second;
}

Result<std::optional<Decimal>> decimal_field(const JsonFields& fields, std::string_view name, JsonField::Kind kind) {
  const JsonField* field = find(fields, name);
  if (field == nullptr) return std::optional<Decimal>();
  if (field->kind != kind) {
    return fail(ErrorCode::invalid, "{} must be a {}", name, kind == JsonField::Kind::text ? "string" : "number");
  }
  auto number = Decimal::parse(field->text);
  if (!number) return fail(ErrorCode::invalid, "{} is not a decimal: {}", name, field->text);
  return std::optional<Decimal>(*number);
}

}  // namespace

Result<JsonFields> parse_fields(std::string_view text) {
  json::parse_options options;
  options.max_depth = 16;
  json::basic_parser<FieldHandler> parser(options);
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  FieldHandler& handler = parser.handler();
  if (!handler.duplicate.empty()) return fail(ErrorCode::invalid, "\"{}\" is sent twice", handler.duplicate);
  if (error) return fail(ErrorCode::invalid, "the body is not JSON at byte {}: {}", read, error.message());
  if (text.substr(read).find_first_not_of(" \t\r\n") != std::string_view::npos) {
    return fail(ErrorCode::invalid, "something follows the JSON at byte {}", read);
  }
  if (!handler.is_object) return fail(ErrorCode::invalid, "the body is not a JSON object");
  return std::move(handler.fields);
}

Result<std::optional<std::string>> text_field(const JsonFields& fields, std::string_view name) {
  const JsonField* field = find(fields, name);
  if (field == nullptr) return std::optional<std::string>();
  if (field->kind != JsonField::Kind::text) return fail(ErrorCode::invalid, "{} must be a string", name);
  return std::optional<std::string>(field->text);
}

Result<std::optional<bool>> boolean_field(const JsonFields& fields, std::string_view name) {
  const JsonField* field = find(fields, name);
  if (field == nullptr) return std::optional<bool>();
  if (field->kind != JsonField::Kind::boolean) return fail(ErrorCode::invalid, "{} must be a boolean", name);
  return std::optional<bool>(field->text == "true");
}

Result<std::optional<Decimal>> text_decimal_field(const JsonFields& fields, std::string_view name) {
  return decimal_field(fields, name, JsonField::Kind::text);
}

Result<std::optional<Decimal>> number_field(const JsonFields& fields, std::string_view name) {
  return decimal_field(fields, name, JsonField::Kind::number);
}

}  // namespace rebalancer::laboratory
