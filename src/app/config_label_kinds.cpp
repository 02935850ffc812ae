// The kinds of value whose keys are not all symbols: labels by kind, and a glide path by years.
#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>

#include "app/config_kinds.hpp"
#include "app/limit_texts.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

using Labels = std::map<Symbol, std::vector<std::string>>;
using Curve = std::vector<std::pair<double, double>>;

std::string labels_text(const std::vector<std::string>& labels) { return fmt::format("{}", fmt::join(labels, ", ")); }

// One entry of {symbol: labels}; `kind` is put before each label that has none.
bool read_labels(const ConfigMember& member, const std::string& path, const std::string& kind, Labels& labels,
                 Complaints& complaints) {
  const std::string member_path = path + "." + member.key;
  const auto symbol = Symbol::parse(member.key);
  if (!symbol) {
    complaints.say(member.origin, fmt::format("{} names \"{}\", must be a symbol, or a kind of label with a map from "
                                              "symbols to labels",
                                              path, member.key));
    return false;
  }
  if (member.value().kind != ConfigNode::Kind::scalar) {
    complaints.add(member.value(), member_path, "must be labels such as \"tech, issuer:apple\"");
    return false;
  }
  const auto parsed = parse_labels(trimmed(member.value().text));
  if (!parsed) {
    complaints.add(member.value(), member_path, parsed.error().message);
    return false;
  }
  std::vector<std::string>& own = labels[*symbol];
  for (const std::string& label : *parsed) {
    if (!kind.empty() && label.find(':') != std::string::npos) {
      complaints.add(member.value(), member_path, fmt::format("must be a label without a kind, {} is it", kind));
      return false;
    }
    const std::string whole = kind.empty() ? label : kind + ":" + label;
    if (std::find(own.begin(), own.end(), whole) == own.end()) own.push_back(whole);
  }
  return true;
}

std::optional<Labels> parse_label_map(const ConfigNode& node, const std::string& path, Complaints& complaints) {
  Labels labels;
  bool good = true;
  for (const ConfigMember& member : node.members) {
    if (member.value().kind != ConfigNode::Kind::map) {
      good = read_labels(member, path, "", labels, complaints) && good;
      continue;
    }
    if (!parse_name(member.key) || member.key == "class" || member.key == "symbol") {
      complaints.say(member.origin, fmt::format("{} names \"{}\", must be a kind of label such as sector (class and "
                                                "symbol are taken)",
                                                path, member.key));
      good = false;
      continue;
    }
    for (const ConfigMember& inner : member.value().members) {
      good = read_labels(inner, path + "." + member.key, member.key, labels, complaints) && good;
    }
  }
  if (!good) return std::nullopt;
  return labels;
}

std::string labels_braced(const Labels& labels) {
  std::string text;
  for (const auto& [symbol, own] : labels) {
    text += (text.empty() ? "" : ", ") + json_string(symbol.str()) + ": " + json_string(labels_text(own));
  }
  return "{" + text + "}";
}

std::optional<Curve> parse_curve(const ConfigNode& node, const std::string& path, Complaints& complaints) {
  Curve curve;
  bool good = true;
  for (const ConfigMember& member : node.members) {
    const std::string member_path = path + "." + member.key;
    const auto years = parse_number(trimmed(member.key), 0, 130);
    if (!years) {
      complaints.say(member.origin,
                     fmt::format("{} has a point at \"{}\", {} of years", path, member.key, years.error().message));
    }
    if (member.value().kind != ConfigNode::Kind::scalar) {
      complaints.add(member.value(), member_path, "must be a share such as 70%");
      good = false;
      continue;
    }
    const auto share = parse_fraction(trimmed(member.value().text), 0, 1);
    if (!share) complaints.add(member.value(), member_path, share.error().message);
    good = good && years && share;
    if (years && share) curve.emplace_back(*years, *share);
  }
  if (!good) return std::nullopt;
  std::stable_sort(curve.begin(), curve.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return curve;
}

std::string curve_text(const Curve& curve, bool as_json) {
  std::string text;
  for (const auto& [years, share] : curve) {
    const std::string at = fmt::format("{}", years), part = fraction_text(share);
    text += (text.empty() ? "" : ", ") + (as_json ? json_string(at) : at) + ": " + (as_json ? json_string(part) : part);
  }
  return "{" + text + "}";
}

}  // namespace

ValueKind<Labels> labels_kind() {
  return {.type = "a map from kinds to maps from symbols to labels",
          .schema = R"({"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, )"
                    R"({"type": "object", "additionalProperties": {"type": "string"}}]}})",
          .shape = KeyShape::map,
          .parse = parse_label_map,
          .yaml = labels_braced,
          .json = labels_braced};
}

ValueKind<Curve> glide_curve_kind() {
  return {.type = "a map from years to shares",
          .schema = R"({"type": "object", "additionalProperties": {"type": ["string", "number"]}})",
          .shape = KeyShape::map,
          .parse = parse_curve,
          .yaml = [](const Curve& curve) { return curve_text(curve, false); },
          .json = [](const Curve& curve) { return curve_text(curve, true); }};
}

}  // namespace rebalancer::app
