#include "http/router_paths.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "core/base/nearest.hpp"

namespace rebalancer::http {
namespace {

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.empty() || path.front() != '/') return segments;
  path.remove_prefix(1);
  for (;;) {
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

// A parameter where the other has a word comes later.
bool is_better(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::lexicographical_compare(a, b, {}, is_parameter, is_parameter);
}

bool same_places(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::equal(
      a, b, [](std::string_view x, std::string_view y) { return x == y || (is_parameter(x) && is_parameter(y)); });
}

bool fits(const std::vector<std::string>& segments, const std::vector<std::string_view>& path) {
  return std::ranges::equal(segments, path, [](std::string_view segment, std::string_view part) {
    return is_parameter(segment) ? !part.empty() : segment == part;
  });
}

// True when each parameter is a whole segment, each has a name of its own, and each row has its parameter.
[[maybe_unused]] bool is_sound(const Route& route, const std::vector<std::string_view>& segments) {
  std::vector<std::string_view> names;
  for (const std::string_view segment : segments) {
    const bool whole = is_parameter(segment) && segment.back() == '}';
    const std::string_view inside = whole ? segment.substr(1, segment.size() - 2) : segment;
    if (inside.find_first_of("{}") != std::string_view::npos) return false;
    if (whole && std::ranges::find(names, inside) != names.end()) return false;
    if (whole) names.push_back(inside);
  }
  return !segments.empty() && std::ranges::all_of(route.parameters, [&](const Parameter& row) {
    return row.in != Parameter::In::path || std::ranges::find(names, row.name) != names.end();
  });
}

}  // namespace

PathTable::PathTable(const std::vector<Route>& routes) {
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Route& route = routes[i];
    const auto parts = segments_of(route.path);
    assert(is_sound(route, parts));
    const std::vector<std::string> segments(parts.begin(), parts.end());
    Place* place = nullptr;
    if (std::ranges::none_of(segments, is_parameter)) {
      auto& fixed = fixed_[route.path];
      if (!fixed) fixed = std::make_unique<Place>();
      place = fixed.get();
    } else {
      const auto known =
          std::ranges::find_if(places_, [&](const auto& other) { return same_places(other->segments, segments); });
      // One path, one template: clients see it in metrics and in the document.
      assert(known == places_.end() || (*known)->path == route.path);
      place = known == places_.end() ? places_.emplace_back(std::make_unique<Place>()).get() : known->get();
    }
    if (place->path.empty()) names_.push_back(route.path);
    place->path = route.path;
    place->segments = segments;
    assert(method_of(*place, route.method) == nullptr);
    place->methods.push_back({route.method, i});
  }
  std::ranges::stable_sort(places_, [](const auto& a, const auto& b) { return is_better(a->segments, b->segments); });
}

const PathTable::Method* PathTable::method_of(const Place& place, std::string_view method) {
  if (method == "HEAD") method = "GET";
  const auto found = std::ranges::find(place.methods, method, &Method::name);
  return found == place.methods.end() ? nullptr : &*found;
}

std::vector<const PathTable::Place*> PathTable::fitting(std::string_view path) const {
  std::vector<const Place*> fitting;
  if (const auto fixed = fixed_.find(path); fixed != fixed_.end()) fitting.push_back(fixed->second.get());
  const auto parts = segments_of(path);
  for (const auto& place : places_) {
    if (fits(place->segments, parts)) fitting.push_back(place.get());
  }
  return fitting;
}

PathTable::Found PathTable::find(std::string_view method, std::string_view path) const {
  Found found;
  // Most requests are for a path without parameters.
  if (const auto fixed = fixed_.find(path); fixed != fixed_.end()) {
    if (const Method* known = method_of(*fixed->second, method)) {
      found.route = known->route;
      found.path = fixed->second->path;
      return found;
    }
  }
  for (const Place* place : fitting(path)) {
    if (found.path.empty()) found.path = place->path;
    const Method* known = method_of(*place, method);
    if (known == nullptr) continue;
    found.route = known->route;
    found.path = place->path;
    const auto parts = segments_of(path);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string& segment = place->segments[i];
      if (is_parameter(segment)) found.parameters.emplace(segment.substr(1, segment.size() - 2), parts[i]);
    }
    return found;
  }
  if (!found.path.empty()) found.allow = allow(path);
  return found;
}

std::string PathTable::allow(std::string_view path) const {
  std::vector<const Place*> places = fitting(path);
  if (path == "*") {
    for (const auto& [name, place] : fixed_) places.push_back(place.get());
    for (const auto& place : places_) places.push_back(place.get());
  }
  if (places.empty()) return {};
  std::string text;
  for (const std::string_view method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    if (std::ranges::any_of(places, [&](const Place* place) { return method_of(*place, method) != nullptr; })) {
      text += fmt::format("{}, ", method);
    }
  }
  return text + "OPTIONS";
}

std::optional<std::string> PathTable::nearest(std::string_view path) const { return nearest_name(path, names_); }

}  // namespace rebalancer::http
