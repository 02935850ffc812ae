#include "plugins/support/broker_json.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json/basic_parser_impl.hpp>

namespace rebalancer::plugin_support {

namespace json = boost::json;
using error_code = boost::system::error_code;

// Builds the values, and keeps the digits of a number as they are.
struct JsonBuilder {
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  std::vector<Json> open;  // the whole, and what is inside what
  std::vector<std::string> keys;
  std::string part;
  std::string duplicate;
  Json whole;

  bool add(Json value) {
    if (open.empty()) {
      whole = std::move(value);
    } else if (open.back().kind_ == Json::Kind::array) {
      open.back().items_.push_back(std::move(value));
    } else {
      open.back().members_.emplace_back(std::move(keys.back()), std::move(value));
      keys.pop_back();
    }
    return true;
  }
  bool add(Json::Kind kind, std::string text) {
    Json value;
    value.kind_ = kind;
    value.text_ = std::move(text);
    return add(std::move(value));
  }
  bool begin(Json::Kind kind) {
    open.emplace_back();
    open.back().kind_ = kind;
    return true;
  }
  bool end() {
    Json done = std::move(open.back());
    open.pop_back();
    return add(std::move(done));
  }
  std::string take(json::string_view last) {
    std::string text = std::move(part);
    part.clear();
    return text.append(last.data(), last.size());
  }
  bool keep(json::string_view more) {
    part.append(more.data(), more.size());
    return true;
  }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code&) { return begin(Json::Kind::array); }
  bool on_array_end(std::size_t, error_code&) { return end(); }
  bool on_object_begin(error_code&) { return begin(Json::Kind::object); }
  bool on_object_end(std::size_t, error_code&) { return end(); }
  bool on_string_part(json::string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_string(json::string_view text, std::size_t, error_code&) { return add(Json::Kind::string, take(text)); }
  bool on_key_part(json::string_view text, std::size_t, error_code&) { return keep(text); }
  bool on_key(json::string_view text, std::size_t, error_code& error) {
    keys.push_back(take(text));
    const auto& members = open.back().members_;
    const bool twice =
        std::any_of(members.begin(), members.end(), [this](const auto& member) { return member.first == keys.back(); });
    if (!twice) return true;
    duplicate = keys.back();
    error = json::error::extra_data;  // any error stops the parser; `duplicate` says which
    return false;
  }
  bool on_number_part(json::string_view text, error_code&) { return keep(text); }
  bool on_int64(std::int64_t, json::string_view text, error_code&) { return add(Json::Kind::number, take(text)); }
  bool on_uint64(std::uint64_t, json::string_view text, error_code&) { return add(Json::Kind::number, take(text)); }
  bool on_double(double, json::string_view text, error_code&) { return add(Json::Kind::number, take(text)); }
  bool on_bool(bool value, error_code&) { return add(Json::Kind::boolean, value ? "true" : "false"); }
  bool on_null(error_code&) { return add(Json()); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }
};

Result<Json> Json::parse(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return fail(ErrorCode::invalid, "it is empty");
  if (text[first] == '<') return fail(ErrorCode::invalid, "it is a page for people, not JSON");
  json::parse_options options;
  options.max_depth = 32;
  json::basic_parser<JsonBuilder> parser(options);
  error_code error;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
  JsonBuilder& builder = parser.handler();
  if (!builder.duplicate.empty()) {
    return fail(ErrorCode::invalid, "it names \"{}\" twice in one object", builder.duplicate);
  }
  if (error == json::error::incomplete) {
    return fail(ErrorCode::invalid, "it ends in the middle, after {} bytes", text.size());
  }
  if (error) return fail(ErrorCode::invalid, "it is not JSON at byte {}: {}", read, error.message());
  if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
    return fail(ErrorCode::invalid, "it goes on after its end, at byte {}", read);
  }
  return std::move(builder.whole);
}

const Json* Json::find(std::string_view name) const {
  for (const auto& [key, value] : members_) {
    if (key == name) return value.kind_ == Kind::null ? nullptr : &value;
  }
  return nullptr;
}

Fields::Fields(const Json& json, std::string what) : json_(&json), what_(std::move(what)) {
  if (json.kind() != Json::Kind::object) throw BadAnswer(what_ + " is no JSON object");
}

void Fields::wrong(std::string_view name, std::string_view why) const {
  throw BadAnswer(fmt::format("{}: {} {}", what_, name, why));
}

const Json& Fields::member(std::string_view name) const {
  const Json* found = json_->find(name);
  if (found == nullptr) wrong(name, "is missing");
  return *found;
}

std::string Fields::text(std::string_view name) const {
  const Json& value = member(name);
  if (value.kind() != Json::Kind::string) wrong(name, "is no text");
  return value.text();
}

std::string Fields::text_or(std::string_view name, std::string_view otherwise) const {
  return has(name) ? text(name) : std::string(otherwise);
}

Decimal Fields::decimal(std::string_view name) const {
  const Json& value = member(name);
  if (value.kind() != Json::Kind::string && value.kind() != Json::Kind::number) wrong(name, "is no number");
  const auto parsed = exact_decimal(value.text());
  if (!parsed) wrong(name, fmt::format("is \"{}\": {}", value.text().substr(0, 40), parsed.error().message));
  return *parsed;
}

std::optional<Decimal> Fields::optional_decimal(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  return decimal(name);
}

std::optional<Decimal> Fields::rounded_decimal(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const Json& value = member(name);
  const std::size_t point = value.text().find('.');
  const bool plain = value.text().find_first_of("eE") == std::string::npos;
  constexpr std::size_t places = 9;
  if (!plain || point == std::string::npos || value.text().size() - point - 1 <= places) return decimal(name);
  const auto cut = exact_decimal(std::string_view(value.text()).substr(0, point + 1 + places));
  const std::string_view rest = std::string_view(value.text()).substr(point + 1 + places);
  if (!cut || rest.find_first_not_of("0123456789") != std::string_view::npos) wrong(name, "is no number");
  const bool up = rest.front() >= '5';
  const std::int64_t step = value.text().starts_with('-') ? -1 : 1;
  return Decimal::from_billionths(cut->billionths() + (up ? step : 0));
}

bool Fields::boolean(std::string_view name) const {
  const Json& value = member(name);
  if (value.kind() != Json::Kind::boolean) wrong(name, "is neither true nor false");
  return value.text() == "true";
}

bool Fields::boolean_or(std::string_view name, bool otherwise) const { return has(name) ? boolean(name) : otherwise; }

Instant Fields::instant(std::string_view name) const {
  const auto parsed = Instant::parse(text(name));
  if (!parsed) wrong(name, "is no time: " + parsed.error().message);
  return *parsed;
}

Fields Fields::object(std::string_view name) const { return {member(name), fmt::format("{}: {}", what_, name)}; }

const std::vector<Json>& items_of(const Json& json, std::string_view what) {
  if (json.kind() != Json::Kind::array) throw BadAnswer(fmt::format("{} is no JSON array", what));
  return json.items();
}

Result<Decimal> exact_decimal(std::string_view text) {
  const std::size_t letter = text.find_first_of("eE");
  std::string_view digits = text.substr(0, letter);
  int exponent = 0;
  if (letter != std::string_view::npos) {
    std::string_view power = text.substr(letter + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto [end, problem] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (power.empty() || problem != std::errc() || end != power.data() + power.size() || std::abs(exponent) > 40) {
      return fail(ErrorCode::invalid, "it is no number");
    }
  }
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  const std::size_t point = digits.find('.');
  std::string all(digits.substr(0, point));
  std::string places = point == std::string_view::npos ? "" : std::string(digits.substr(point + 1));
  const bool shaped = !all.empty() && (point == std::string_view::npos || !places.empty());
  if (!shaped || (all + places).find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorCode::invalid, "it is no number");
  }
  for (; exponent > 0; --exponent) {
    all += places.empty() ? '0' : places.front();
    if (!places.empty()) places.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    places.insert(places.begin(), all.empty() ? '0' : all.back());
    if (!all.empty()) all.pop_back();
  }
  while (!places.empty() && places.back() == '0') places.pop_back();
  all.erase(0, std::min(all.find_first_not_of('0'), all.size()));
  if (all.empty()) all = "0";
  return Decimal::parse((negative ? "-" : "") + all + (places.empty() ? "" : "." + places));
}

}  // namespace rebalancer::plugin_support
