// Which route a method and a path mean.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/route.hpp"

namespace rebalancer::http {

class PathTable {
 public:
  // Asserts that every path begins with a slash, that a parameter is a whole segment with a name of its own, that a row
  // for a path parameter names one of the template, and that no two routes have the same method and the same places.
  explicit PathTable(const std::vector<Route>& routes);

  struct Found {
    std::optional<std::size_t> route;               // its place in the list
    std::map<std::string, std::string> parameters;  // of the path
    std::string_view path;                          // the template; empty: no route has such a path
    std::string allow;                              // the path's methods, when it has none for this one
  };
  // HEAD is answered as GET is. Where several templates fit, the one with a word where others have a parameter wins.
  [[nodiscard]] Found find(std::string_view method, std::string_view path) const;
  // "GET, HEAD, OPTIONS" for a path; of all paths for "*". Empty: there is no such path.
  [[nodiscard]] std::string allow(std::string_view path) const;
  // The path that was probably meant.
  [[nodiscard]] std::optional<std::string> nearest(std::string_view path) const;

 private:
  struct Method {
    std::string name;
    std::size_t route;
  };
  struct Place {
    std::string path;
    std::vector<std::string> segments;  // "{id}" for a parameter
    std::vector<Method> methods;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Parameters = std::map<std::string, std::string>;
  [[nodiscard]] static const Method* method_of(const Place& place, std::string_view method);
  // The places that fit, the best first.
  [[nodiscard]] std::vector<const Place*> fitting(std::string_view path) const;

  std::vector<std::unique_ptr<Place>> places_;  // those with parameters, the best first
  std::unordered_map<std::string, std::unique_ptr<Place>, Hash, std::equal_to<>> fixed_;
  std::vector<std::string> names_;  // of all paths, as declared
};

}  // namespace rebalancer::http
