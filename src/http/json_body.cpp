#include "http/json_body.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/base/nearest.hpp"
#include "core/base/utf8.hpp"

namespace rebalancer::http {
namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 16;
constexpr std::size_t values_max = 10'000;
constexpr std::size_t shown_bytes_max = 64;

std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

// What a client wrote, as it may stand in a sentence: its beginning, in quotes.
std::string shown(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const std::size_t next = std::max<std::size_t>(utf8_length(text.substr(size)), 1);
    if (size + next > shown_bytes_max) break;
    size += next;
  }
  return json_string(size < text.size() ? std::string(text.substr(0, size)) + "..." : std::string(text));
}

// Builds the value and refuses what Boost's own parser takes: keys that come twice (the last would win), integers that
// become doubles, too many values. Keys are kept in trees, not hashed: no choice of keys makes that slow.
struct StrictHandler {
  constexpr static std::size_t max_object_size = std::size_t(-1);
  constexpr static std::size_t max_array_size = std::size_t(-1);
  constexpr static std::size_t max_key_size = std::size_t(-1);
  constexpr static std::size_t max_string_size = std::size_t(-1);

  json::value_stack stack;
  std::vector<std::set<std::string, std::less<>>> open;  // the keys of each object around
  std::string key;
  std::string number;
  std::size_t values = 0;
  std::string wrong;  // why we refused, when it was us

  bool refuse(std::string why, json::error_code& error) {
    wrong = std::move(why);
    error = json::error::syntax;
    return false;
  }
  bool count(json::error_code& error) {
    if (++values <= values_max) return true;
    return refuse(fmt::format("the body has more than {} values", values_max), error);
  }

  bool on_document_begin(json::error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code& error) {
    open.emplace_back();
    return count(error);
  }
  bool on_object_end(std::size_t size, json::error_code&) {
    open.pop_back();
    stack.push_object(size);
    return true;
  }
  bool on_array_begin(json::error_code& error) { return count(error); }
  bool on_array_end(std::size_t size, json::error_code&) {
    stack.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key.append(part.data(), part.size());
    stack.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key.append(part.data(), part.size());
    stack.push_key(part);
    const std::string whole = std::exchange(key, {});
    if (open.back().insert(whole).second) return true;
    return refuse(fmt::format("key {} is given twice in one object", shown(whole)), error);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    stack.push_string(part);
    return count(error);
  }
  bool on_number_part(json::string_view part, json::error_code&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t whole, json::string_view, json::error_code& error) {
    number.clear();
    stack.push_int64(whole);
    return count(error);
  }
  bool on_uint64(std::uint64_t, json::string_view part, json::error_code& error) { return beyond(part, error); }
  bool on_double(double real, json::string_view part, json::error_code& error) {
    const bool is_integer =
        view(part).find_first_of(".eE") == std::string_view::npos && number.find_first_of(".eE") == std::string::npos;
    if (is_integer) return beyond(part, error);
    number.append(part.data(), part.size());
    const std::string text = std::exchange(number, {});
    if (!std::isfinite(real)) return refuse(fmt::format("number {} is too large", shown_number(text)), error);
    stack.push_double(real);
    return count(error);
  }
  bool on_bool(bool flag, json::error_code& error) {
    stack.push_bool(flag);
    return count(error);
  }
  bool on_null(json::error_code& error) {
    stack.push_null();
    return count(error);
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  static std::string shown_number(std::string_view text) {
    return text.size() <= shown_bytes_max ? std::string(text) : std::string(text.substr(0, shown_bytes_max)) + "...";
  }
  bool beyond(json::string_view part, json::error_code& error) {
    number.append(part.data(), part.size());
    return refuse(fmt::format("integer {} does not fit into 64 bits", shown_number(std::exchange(number, {}))), error);
  }
};

// In our words for what happens often.
std::string told(const json::error_code& error) {
  if (error == json::error::too_deep) return fmt::format("the body is nested deeper than {} levels", depth_max);
  if (error == json::error::incomplete) return "the body is not whole JSON: it ends too early";
  if (error == json::error::extra_data) return "the body goes on after its JSON value";
  if (error == json::error::exponent_overflow) return "a number's exponent is too large";
  if (error == json::error::illegal_leading_surrogate || error == json::error::illegal_trailing_surrogate ||
      error == json::error::expected_utf16_escape) {
    return "the body has half a surrogate pair in a string";
  }
  return fmt::format("the body is not JSON: {}", error.message());
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Of the first bytes that are not UTF-8; npos when all are.
std::size_t broken_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace

tl::expected<json::value, BodyError> parse_strict_json(std::string_view text) {
  const auto wrong = [text](std::string detail, std::size_t at) {
    const auto before = text.substr(0, std::min(at, text.size()));
    return tl::unexpected<BodyError>({std::move(detail), 1 + static_cast<int>(std::ranges::count(before, '\n'))});
  };
  if (const auto at = broken_utf8(text); at != std::string_view::npos) return wrong("the body is not UTF-8", at);
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<StrictHandler> parser{options};
  json::error_code error;
  std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  StrictHandler& handler = parser.handler();
  if (!handler.wrong.empty()) return wrong(std::move(handler.wrong), used);
  if (error) return wrong(told(error), used);
  while (used < text.size() && is_blank(text[used])) ++used;
  if (used < text.size()) return wrong(told(json::make_error_code(json::error::extra_data)), used);
  return handler.stack.release();
}

BodyFields::BodyFields(const Request& request) {
  if (request.body.empty()) {
    root_.emplace_object();
    return;
  }
  auto parsed = parse_strict_json(request.body);
  if (!parsed) {
    wrong_ = ProblemFields{"invalid_json", std::move(parsed.error().detail), {}, parsed.error().line};
  } else if (!parsed->is_object()) {
    wrong_ = ProblemFields{"invalid", "the body must be a JSON object"};
  } else {
    root_ = *std::move(parsed);
    return;
  }
  root_.emplace_object();
}

const json::value* BodyFields::take(std::string_view name) {
  known_.emplace_back(name);
  return root_.get_object().if_contains({name.data(), name.size()});
}

std::optional<bool> BodyFields::boolean(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (const bool* flag = value->if_bool()) return *flag;
  complain(name, fmt::format("{} must be true or false", name));
  return std::nullopt;
}

std::optional<double> BodyFields::number(std::string_view name, double minimum, double maximum) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    complain(name, fmt::format("{} must be a number", name));
    return std::nullopt;
  }
  const double number = value->to_number<double>();
  if (number >= minimum && number <= maximum) return number;
  complain(name, fmt::format("{} is {}, must be from {} to {}", name, json_number(number), json_number(minimum),
                             json_number(maximum)));
  return std::nullopt;
}

std::optional<std::string> BodyFields::text(std::string_view name, std::size_t size_max) {
  const json::value* value = take(name);
  if (value == nullptr) return std::nullopt;
  const json::string* text = value->if_string();
  if (text == nullptr) {
    complain(name, fmt::format("{} must be a string", name));
  } else if (text->size() > size_max) {
    complain(name, fmt::format("{} has {} bytes, must have at most {}", name, text->size(), size_max));
  } else {
    return std::string(text->data(), text->size());
  }
  return std::nullopt;
}

const json::object* BodyFields::object(std::string_view name) {
  const json::value* value = take(name);
  if (value == nullptr) return nullptr;
  const json::object* object = value->if_object();
  if (object == nullptr) complain(name, fmt::format("{} must be an object", name));
  return object;
}

void BodyFields::complain(std::string_view field, std::string detail) {
  if (!wrong_) wrong_ = ProblemFields{"invalid", std::move(detail), std::string(field)};
}

std::optional<Response> BodyFields::problem() {
  for (const auto& member : root_.get_object()) {
    const std::string_view key = view(member.key());
    if (!wrong_ && std::ranges::find(known_, key) == known_.end()) wrong_ = unknown_key(key, known_);
  }
  if (!wrong_) return std::nullopt;
  return http::problem(400, *wrong_);
}

ProblemFields unknown_key(std::string_view key, std::span<const std::string> known) {
  std::string detail = fmt::format("unknown key {}", shown(key));
  if (const auto near = nearest_name(key, known)) detail += fmt::format(", did you mean \"{}\"?", *near);
  return {"unknown_key", std::move(detail), std::string(key.substr(0, key.size() <= shown_bytes_max ? key.size() : 0))};
}

}  // namespace rebalancer::http
