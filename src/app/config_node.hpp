// The configuration as a tree of text, each piece with the place it was written at.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "app/problem.hpp"

namespace rebalancer::app {

struct Origin {
  enum class Kind { none, file, environment, setting };  // none: nobody wrote it, a default
  Kind kind = Kind::none;
  std::string name = {};  // the file as it was named, the variable, the key of --set
  int line = 0;           // in a file, from 1
  int column = 0;

  [[nodiscard]] std::string to_string() const;  // "config.yaml:12:3", "environment TICKERS", "--set mode", "default"
};

struct ConfigNode;

struct ConfigMember {
  std::string key;
  Origin origin;                   // of the key
  std::vector<ConfigNode> value_;  // exactly one; a vector because the type is not complete yet
  [[nodiscard]] const ConfigNode& value() const;
  [[nodiscard]] ConfigNode& value();
};

struct ConfigNode {
  enum class Kind { null, scalar, sequence, map };
  Kind kind = Kind::null;
  std::string text = {};  // of a scalar
  bool secret = false;    // the text, or a part of it, was fetched by ${NAME} or file:PATH
  Origin origin = {};
  std::vector<ConfigNode> items = {};
  std::vector<ConfigMember> members = {};

  [[nodiscard]] const ConfigNode* find(std::string_view key) const;  // of a map
  [[nodiscard]] ConfigNode* find(std::string_view key);
  // What stands there, for a message: "5", *** for a secret, a list, a map, nothing.
  [[nodiscard]] std::string display() const;
};

inline const ConfigNode& ConfigMember::value() const { return value_.front(); }
inline ConfigNode& ConfigMember::value() { return value_.front(); }

// The node at "portfolio.investor.age" or "provider[1].path", and the last node met on the way there.
struct NodeSearch {
  const ConfigNode* found = nullptr;
  Origin nearest;  // of the key found, or of the deepest one on the way
};
[[nodiscard]] NodeSearch search(const ConfigNode& root, std::string_view path);

[[nodiscard]] Problem problem_at(const Origin& origin, std::string message);

// YAML with bounds: 1 MiB, 10,000 nodes counting what aliases repeat, 32 levels. Duplicate keys, tags and a second
// document are problems; all that are found are added. A syntax error ends the reading.
[[nodiscard]] ConfigNode read_yaml(std::string_view text, const Origin& origin, std::vector<Problem>& problems);

}  // namespace rebalancer::app
