#include "app/config_kinds.hpp"

#include <arpa/inet.h>
#include <set>

#include "app/limit_texts.hpp"
#include "core/base/json_text.hpp"
#include "core/base/nearest.hpp"
#include "core/market/calendar.hpp"
#include "core/market/time_zone.hpp"

namespace rebalancer::app {
namespace {

// A kind whose values are one scalar and whose parser only knows the rule.
template <class T>
ValueKind<T> scalar_kind(std::string type, std::string schema, std::function<Result<T>(std::string_view)> parse,
                         std::function<std::string(const T&)> yaml, std::function<std::string(const T&)> json) {
  return {.type = std::move(type),
          .schema = std::move(schema),
          .parse = [parse = std::move(parse)](const ConfigNode& node, const std::string& path,
                                              Complaints& complaints) -> std::optional<T> {
            auto value = parse(trimmed(node.text));
            if (value) return std::move(*value);
            complaints.add(node, path, value.error().message);
            return std::nullopt;
          },
          .yaml = std::move(yaml),
          .json = std::move(json)};
}

ValueKind<std::string> text_kind(std::string type, std::string schema,
                                 std::function<Result<std::string>(std::string_view)> parse) {
  return scalar_kind<std::string>(std::move(type), std::move(schema), std::move(parse), yaml_scalar, json_string);
}

Result<Symbol> parse_symbol(std::string_view text) {
  auto symbol = Symbol::parse(text);
  if (symbol) return symbol;
  const auto upper = Symbol::parse(upper_case(trimmed(text)));
  const std::string hint = upper ? fmt::format("; did you mean \"{}\"?", upper->str()) : "";
  return fail(ErrorCode::invalid, "must be a symbol: 1 to 16 of A-Z 0-9 . - ^ ={}", hint);
}

// Every item of a list through `parse`, complaints with the item's own place.
template <class T>
std::optional<std::vector<T>> parse_items(const ConfigNode& node, const std::string& path, Complaints& complaints,
                                          const std::function<Result<T>(std::string_view)>& parse) {
  std::vector<T> values;
  bool good = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const ConfigNode& item = node.items[i];
    const std::string item_path = fmt::format("{}[{}]", path, i);
    if (item.kind != ConfigNode::Kind::scalar) {
      complaints.add(item, item_path, "must be one value");
      good = false;
      continue;
    }
    auto value = parse(trimmed(item.text));
    if (!value) {
      complaints.add(item, item_path, value.error().message);
      good = false;
      continue;
    }
    values.push_back(std::move(*value));
  }
  if (!good) return std::nullopt;
  return values;
}

template <class T>
std::string yaml_list(const std::vector<T>& values, const std::function<std::string(const T&)>& yaml) {
  std::string text;
  for (const T& value : values) text += (text.empty() ? "" : ", ") + yaml(value);
  return "[" + text + "]";
}

template <class T>
ValueKind<std::vector<T>> list_kind(std::string type, std::string item_schema,
                                    std::function<Result<T>(std::string_view)> parse,
                                    std::function<std::string(const T&)> yaml,
                                    std::function<std::string(const T&)> json) {
  return {.type = std::move(type),
          .schema = fmt::format(R"({{"type": "array", "items": {}}})", item_schema),
          .shape = KeyShape::list,
          .parse = [parse = std::move(parse)](
                       const ConfigNode& node, const std::string& path,
                       Complaints& complaints) { return parse_items<T>(node, path, complaints, parse); },
          .yaml = [yaml = std::move(yaml)](const std::vector<T>& values) { return yaml_list<T>(values, yaml); },
          .json = [json = std::move(json)](const std::vector<T>& values) { return yaml_list<T>(values, json); }};
}

template <class T>
std::string braced(const std::map<Symbol, T>& values,
                   const std::function<std::string(const Symbol&, const T&)>& entry) {
  std::string text;
  for (const auto& [symbol, value] : values) text += (text.empty() ? "" : ", ") + entry(symbol, value);
  return "{" + text + "}";
}

// A map from symbols to values that `parse` reads.
template <class T>
ValueKind<std::map<Symbol, T>> symbol_map_kind(std::string type, std::string value_schema,
                                               std::function<Result<T>(std::string_view)> parse,
                                               std::function<std::string(const T&)> yaml) {
  return {.type = std::move(type),
          .schema = fmt::format(R"({{"type": "object", "additionalProperties": {}}})", value_schema),
          .shape = KeyShape::map,
          .parse = [parse = std::move(parse)](const ConfigNode& node, const std::string& path,
                                              Complaints& complaints) -> std::optional<std::map<Symbol, T>> {
            std::map<Symbol, T> values;
            bool good = true;
            for (const ConfigMember& member : node.members) {
              const std::string member_path = path + "." + member.key;
              auto symbol = parse_symbol(member.key);
              if (!symbol)
                complaints.say(member.origin,
                               fmt::format("{} names \"{}\", {}", path, member.key, symbol.error().message));
              if (member.value().kind != ConfigNode::Kind::scalar) {
                complaints.add(member.value(), member_path, "must be one value");
                good = false;
                continue;
              }
              auto value = parse(trimmed(member.value().text));
              if (!value) complaints.add(member.value(), member_path, value.error().message);
              good = good && symbol && value;
              if (symbol && value) values.emplace(std::move(*symbol), std::move(*value));
            }
            if (!good) return std::nullopt;
            return values;
          },
          .yaml =
              [yaml](const std::map<Symbol, T>& values) {
                return braced<T>(values, [&](const Symbol& symbol, const T& value) {
                  return yaml_scalar(symbol.str()) + ": " + yaml(value);
                });
              },
          .json =
              [yaml](const std::map<Symbol, T>& values) {
                return braced<T>(values, [&](const Symbol& symbol, const T& value) {
                  const std::string text = yaml(value);
                  return json_string(symbol.str()) + ": " + (text.starts_with('"') ? text : json_string(text));
                });
              }};
}

Result<std::pair<double, double>> parse_bounds(std::string_view text) {
  const std::size_t dots = text.find("..");
  const std::string_view low = trimmed(text.substr(0, dots));
  const std::string_view high = dots == std::string_view::npos ? low : trimmed(text.substr(dots + 2));
  auto lower = low.empty() ? Result<double>(0.0) : parse_fraction(low, -1, 1);
  auto upper = high.empty() ? Result<double>(1.0) : parse_fraction(high, -1, 1);
  if (!lower || !upper || text.empty()) {
    return fail(ErrorCode::invalid, "must be a range such as 10%..40%, ..40%, 10%.. or 20%");
  }
  if (*lower > *upper) return fail(ErrorCode::invalid, "must not start above where it ends");
  return std::pair(*lower, *upper);
}

std::string bounds_text(const std::pair<double, double>& bounds) {
  return fraction_text(bounds.first) + ".." + fraction_text(bounds.second);
}

}  // namespace

std::string choice_rule(std::string_view typed, const std::vector<std::string>& names) {
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + name;
  const auto nearest = nearest_name(typed, names);
  return fmt::format("must be one of {}{}", listed, nearest ? fmt::format("; did you mean \"{}\"?", *nearest) : "");
}

std::string choice_schema(const std::vector<std::string>& names) {
  std::string listed;
  for (const std::string& name : names) listed += (listed.empty() ? "" : ", ") + json_string(name);
  return fmt::format(R"({{"enum": [{}]}})", listed);
}

ValueKind<bool> boolean_kind() {
  return scalar_kind<bool>(
      "true or false", R"({"type": "boolean"})", parse_boolean, [](bool value) { return value ? "true" : "false"; },
      [](bool value) { return value ? "true" : "false"; });
}

ValueKind<int> integer_kind(int minimum, int maximum) {
  const auto text = [](int value) { return fmt::format("{}", value); };
  return scalar_kind<int>(
      fmt::format("a whole number from {} to {}", minimum, maximum),
      fmt::format(R"({{"type": "integer", "minimum": {}, "maximum": {}}})", minimum, maximum),
      [minimum, maximum](std::string_view written) -> Result<int> {
        const auto value = parse_integer(written, minimum, maximum);
        if (!value) return fail(value.error());
        return static_cast<int>(*value);
      },
      text, text);
}

ValueKind<double> number_kind(double minimum, double maximum) {
  const auto text = [](double value) { return fmt::format("{}", value); };
  return scalar_kind<double>(
      fmt::format("a number from {} to {}", minimum, maximum),
      fmt::format(R"({{"type": "number", "minimum": {}, "maximum": {}}})", minimum, maximum),
      [minimum, maximum](std::string_view written) { return parse_number(written, minimum, maximum); }, text,
      json_number);
}

ValueKind<double> fraction_kind(double minimum, double maximum) {
  return scalar_kind<double>(
      fmt::format("a fraction from {} to {}", fraction_text(minimum), fraction_text(maximum)),
      fmt::format(R"({{"anyOf": [{{"type": "number", "minimum": {}, "maximum": {}}}, )"
                  R"({{"type": "string", "pattern": "^[-+]?[0-9.]+ *(%|bps?)?$"}}]}})",
                  minimum, std::min(maximum, 1.0)),
      [minimum, maximum](std::string_view written) { return parse_fraction(written, minimum, maximum); }, fraction_text,
      json_number);
}

ValueKind<Decimal> money_kind() {
  return scalar_kind<Decimal>(
      "an amount of money", R"({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]})", parse_money,
      [](const Decimal& amount) { return "$" + amount.to_string(); },
      [](const Decimal& amount) { return json_string(amount.to_string()); });
}

ValueKind<Decimal> shares_kind() {
  return scalar_kind<Decimal>(
      "a number of shares", R"({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]})",
      [](std::string_view text) -> Result<Decimal> {
        auto shares = Decimal::parse(text);
        if (shares && shares->is_positive()) return shares;
        return fail(ErrorCode::invalid, "must be a positive number of shares such as 500 or 0.25");
      },
      [](const Decimal& shares) { return shares.to_string(); },
      [](const Decimal& shares) { return json_string(shares.to_string()); });
}

ValueKind<Date> date_kind() {
  return scalar_kind<Date>(
      "a date", R"({"type": "string", "format": "date"})",
      [](std::string_view text) -> Result<Date> {
        auto date = Date::parse(text);
        if (!date) return fail(ErrorCode::invalid, "must be a date such as 1990-12-31");
        return date;
      },
      [](const Date& date) { return date.to_string(); },
      [](const Date& date) { return json_string(date.to_string()); });
}

ValueKind<std::string> name_kind() {
  return text_kind("a name", R"({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"})", parse_name);
}

ValueKind<std::string> account_kind() {
  return text_kind("an account id", R"({"type": "string", "pattern": "^[A-Za-z0-9._:/@-]{1,64}$"})",
                   [](std::string_view text) -> Result<std::string> {
                     constexpr std::string_view allowed =
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@-";
                     const bool good = text.find_first_not_of(allowed) == std::string_view::npos;
                     if (good && !text.empty() && text.size() <= 64) return std::string(text);
                     return fail(ErrorCode::invalid, "must be an account id: letters, digits and . _ - : / @");
                   });
}

ValueKind<std::string> zone_kind() {
  return text_kind("a time zone of the tz database", R"({"type": "string"})",
                   [](std::string_view text) -> Result<std::string> {
                     auto zone = TimeZone::named(text);
                     if (zone) return std::string(text);
                     if (zone.error().code == ErrorCode::unavailable) return fail(zone.error());
                     return fail(ErrorCode::invalid, "must be a time zone such as America/New_York");
                   });
}

ValueKind<std::string> calendar_kind() {
  return text_kind("XNYS or 24x7", R"({"type": "string"})", [](std::string_view text) -> Result<std::string> {
    auto calendar = calendar_named(text);
    if (calendar) return std::string(text);
    return fail(ErrorCode::invalid, "must be {}", choice_rule(text, {"XNYS", "24x7"}).substr(8));
  });
}

ValueKind<std::string> address_kind() {
  return text_kind(
      "an IPv4 or IPv6 address", R"({"type": "string"})", [](std::string_view text) -> Result<std::string> {
        const std::string address(text);
        in6_addr buffer{};
        if (inet_pton(AF_INET, address.c_str(), &buffer) == 1 || inet_pton(AF_INET6, address.c_str(), &buffer) == 1) {
          return address;
        }
        return fail(ErrorCode::invalid, "must be an address such as 127.0.0.1 or ::1");
      });
}

ValueKind<std::string> token_kind() {
  return text_kind("at least 32 visible characters", R"({"type": "string", "pattern": "^[!-~]{32,512}$"})",
                   [](std::string_view text) -> Result<std::string> {
                     const bool visible =
                         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
                     if (visible && text.size() >= 32 && text.size() <= 512) return std::string(text);
                     return fail(ErrorCode::invalid, "must be 32 to 512 visible ASCII characters without spaces");
                   });
}

ValueKind<DayTime> day_time_kind() {
  const auto text = [](const DayTime& time) { return json_string(to_string(time)); };
  return scalar_kind<DayTime>("a time of day, or close-20m, open+15m", R"({"type": "string"})", parse_day_time, text,
                              text);
}

namespace {

Result<std::filesystem::path> parse_path(std::string_view text) {
  if (text.empty() || text.find('\0') != std::string_view::npos) return fail(ErrorCode::invalid, "must be a path");
  return std::filesystem::path(text);
}
std::string path_yaml(const std::filesystem::path& path) { return yaml_scalar(path.string()); }
std::string path_json(const std::filesystem::path& path) { return json_string(path.string()); }

}  // namespace

ValueKind<std::filesystem::path> path_kind() {
  return scalar_kind<std::filesystem::path>("a path", R"({"type": "string"})", parse_path, path_yaml, path_json);
}

ValueKind<std::vector<std::filesystem::path>> paths_kind() {
  return list_kind<std::filesystem::path>("a list of paths", R"({"type": "string"})", parse_path, path_yaml, path_json);
}

ValueKind<std::vector<std::string>> names_kind() {
  return list_kind<std::string>("a list of names", R"({"type": "string"})", parse_name, yaml_scalar, json_string);
}

ValueKind<std::vector<std::string>> hosts_kind() {
  return list_kind<std::string>(
      "a list of host names", R"({"type": "string"})",
      [](std::string_view text) -> Result<std::string> {
        const bool good = !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        });
        if (!good) return fail(ErrorCode::invalid, "must be a host name such as trader.example, without a port");
        return lower_case(text);
      },
      yaml_scalar, json_string);
}

ValueKind<std::vector<Symbol>> symbols_kind() {
  return list_kind<Symbol>(
      "a list of symbols", R"({"type": "string"})", parse_symbol,
      [](const Symbol& symbol) { return yaml_scalar(symbol.str()); },
      [](const Symbol& symbol) { return json_string(symbol.str()); });
}

ValueKind<std::map<Symbol, std::string>> classes_kind() {
  return symbol_map_kind<std::string>("a map from symbols to classes", R"({"type": "string"})", parse_name,
                                      yaml_scalar);
}

ValueKind<std::map<Symbol, std::pair<double, double>>> bounds_kind() {
  return symbol_map_kind<std::pair<double, double>>("a map from symbols to ranges of fractions",
                                                    R"({"type": ["string", "number"]})", parse_bounds, bounds_text);
}

ValueKind<std::map<Symbol, double>> symbol_weights_kind() {
  auto kind = symbol_map_kind<double>(
      "one symbol, or a map from symbols to fractions", R"({"type": ["string", "number"]})",
      [](std::string_view text) { return parse_fraction(text, 0, 1); }, fraction_text);
  kind.schema = fmt::format(R"({{"anyOf": [{{"type": "string"}}, {}]}})", kind.schema);
  kind.parse = [many = kind.parse](const ConfigNode& node, const std::string& path,
                                   Complaints& complaints) -> std::optional<std::map<Symbol, double>> {
    if (node.kind != ConfigNode::Kind::scalar) return many(node, path, complaints);
    auto symbol = parse_symbol(trimmed(node.text));
    if (symbol) return std::map<Symbol, double>{{*std::move(symbol), 1.0}};
    complaints.add(node, path, symbol.error().message);
    return std::nullopt;
  };
  return kind;
}

ValueKind<std::vector<ClassLimit>> class_limits_kind() {
  const auto text = [](const ClassLimit& limit) { return json_string(limit.text); };
  return list_kind<ClassLimit>("a list of limits per class", R"({"type": "string"})", parse_class_limit, text, text);
}

}  // namespace rebalancer::app
