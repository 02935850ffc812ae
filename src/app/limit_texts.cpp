#include "app/limit_texts.hpp"

#include <algorithm>

#include "app/units.hpp"
#include "services/optimizer_inputs.hpp"

namespace rebalancer::app {
namespace {

// A word, or a kind and a word: "tech", "sector:tech".
bool is_label(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return parse_name(text).has_value();
  return parse_name(text.substr(0, colon)).has_value() && parse_name(text.substr(colon + 1)).has_value();
}

// What a limit may be about: labels and symbols, several of them joined by "+".
bool is_subject(const std::string& text) {
  for (const std::string& term : terms_of(text)) {
    if (!is_label(term) && !Symbol::parse(term)) return false;
  }
  return true;
}

}  // namespace

Result<std::string> parse_name(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!good) return fail(ErrorCode::invalid, "must be a name of letters, digits, _ and -");
  return std::string(text);
}

Result<std::vector<std::string>> parse_labels(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : std::string(text) + ",") {
    if (c != ',' && c != ' ') {
      word += c;
      continue;
    }
    if (word.empty()) continue;
    if (!is_label(word)) {
      return fail(ErrorCode::invalid, "has \"{}\", must be labels such as tech or issuer:apple, with commas between",
                  word);
    }
    out.push_back(std::move(word));
    word.clear();
  }
  if (out.empty()) return fail(ErrorCode::invalid, "must be at least one label");
  return out;
}

Result<ClassLimit> parse_class_limit(std::string_view text) {
  const auto rule = [] { return fail(ErrorCode::invalid, "must read like \"tech <= 25%\" or \"5% <= gold <= 15%\""); };
  std::vector<std::string> parts;  // operands and operators, alternating
  std::string_view rest = text;
  while (true) {
    const std::size_t at = rest.find_first_of("<>=");
    parts.emplace_back(trimmed(rest.substr(0, at)));
    if (at == std::string_view::npos) break;
    const std::size_t after = rest.find_first_not_of("<>=", at);
    parts.emplace_back(rest.substr(at, after == std::string_view::npos ? after : after - at));
    rest = after == std::string_view::npos ? std::string_view{} : rest.substr(after);
  }
  ClassLimit limit;
  limit.text = std::string(text);
  const auto take = [&](const std::string& amount, bool is_upper) -> Result<void> {
    const auto value = parse_fraction(amount, -1, 1);
    if (!value) return fail(ErrorCode::invalid, "has \"{}\", which {}", amount, value.error().message);
    (is_upper ? limit.upper : limit.lower) = *value;
    return {};
  };
  if (parts.size() == 3) {
    limit.label = parts[0];
    const std::string& comparison = parts[1];
    const bool exact = comparison == "=" || comparison == "==";
    if (!exact && comparison != "<=" && comparison != ">=") return rule();
    if (!is_subject(limit.label)) return rule();
    if (exact || comparison == "<=") {
      if (auto taken = take(parts[2], true); !taken) return fail(taken.error());
    }
    if (exact || comparison == ">=") {
      if (auto taken = take(parts[2], false); !taken) return fail(taken.error());
    }
  } else if (parts.size() == 5) {
    limit.label = parts[2];
    const bool ascending = parts[1] == "<=" && parts[3] == "<=";
    if ((!ascending && (parts[1] != ">=" || parts[3] != ">=")) || !is_subject(limit.label)) return rule();
    if (auto taken = take(parts[0], !ascending); !taken) return fail(taken.error());
    if (auto taken = take(parts[4], ascending); !taken) return fail(taken.error());
  } else {
    return rule();
  }
  if (limit.lower > limit.upper) return fail(ErrorCode::invalid, "must not ask for more than it allows");
  return limit;
}

void open_sides(std::vector<ClassLimit>& limits, double gross_max) {
  for (ClassLimit& limit : limits) {
    const auto first = limit.text.find_first_of("<>=");
    if (first == std::string::npos) continue;
    const auto behind = limit.text.find_first_not_of("<>=", first);
    if (behind == std::string::npos || limit.text.find_first_of("<>=", behind) != std::string::npos) continue;
    if (limit.text[first] == '<') limit.lower = -gross_max;
    if (limit.text[first] == '>') limit.upper = gross_max;
  }
}

}  // namespace rebalancer::app
