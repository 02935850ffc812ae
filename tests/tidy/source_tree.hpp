// The tree as text: what the rules of this folder look at.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::tidy {

struct SourceFile {
  std::string path;  // from the root of the tree, such as src/core/base/time.hpp
  std::string text;
  std::string code;  // text with comments and the insides of literals blanked, line by line the same
};

struct Finding {
  std::string path;
  std::size_t line;  // from 1; 0: the file as a whole
  std::string what;
};

// C and C++ only: comments and literals become spaces, quotes and line breaks stay.
[[nodiscard]] std::string code_of(std::string_view text);

[[nodiscard]] SourceFile make_source(std::string path, std::string text);

// All text files of the tree but build output, sorted by path; `code` is empty for what is not C or C++.
[[nodiscard]] std::vector<SourceFile> read_tree(const std::filesystem::path& root);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);
// Line number, from 1, of the character at `offset`.
[[nodiscard]] std::size_t line_at(std::string_view text, std::size_t offset);

[[nodiscard]] bool is_header(const SourceFile& file);
[[nodiscard]] bool is_code(const SourceFile& file);  // C or C++
[[nodiscard]] bool is_under(std::string_view path, std::string_view prefix);

// Offsets of `token` in `code` where it stands alone: not inside a longer word, and not a member's name.
[[nodiscard]] std::vector<std::size_t> find_token(std::string_view code, std::string_view token);

}  // namespace rebalancer::tidy
