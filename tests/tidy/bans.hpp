// Calls and words that have one place, or none.
#pragma once
#include <string_view>
#include <vector>

#include "tidy/source_tree.hpp"

namespace rebalancer::tidy {

struct Exception {
  std::string_view path;  // a file, or a folder with its slash
  std::string_view reason;
};

struct Ban {
  std::string_view name;
  std::vector<std::string_view> tokens;
  std::vector<std::string_view> folders;  // where it counts, from the root of the tree
  std::vector<Exception> exceptions;
};

// Tokens are looked for in code, not in comments or literals.
[[nodiscard]] const std::vector<Ban>& bans();
[[nodiscard]] std::vector<Finding> check_ban(const Ban& ban, const SourceFile& file);

// double and float in the types and the code that orders are made of, but for the conversions named here.
[[nodiscard]] std::vector<Finding> check_order_types(const SourceFile& file);
[[nodiscard]] const std::vector<std::string_view>& order_type_files();  // prefixes of paths

// What holds for every text file: spaces, line ends, unfinished words, machine paths, length; headers open with pragma
// once.
[[nodiscard]] std::vector<Finding> check_text(const SourceFile& file);

}  // namespace rebalancer::tidy
