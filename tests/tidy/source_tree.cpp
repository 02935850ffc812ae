#include "tidy/source_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

namespace rebalancer::tidy {
namespace {

constexpr std::array text_endings{".cpp",  ".hpp",  ".c",   ".h",   ".md", ".cmake", ".txt",
                                  ".json", ".yaml", ".yml", ".svg", ".sh", ".in"};
constexpr std::array skipped_folders{"build", ".git", "data", "decisions", "node_modules", "plugins"};  // of the root

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The end of the raw string literal whose R stands at `start`, or npos when there is none.
std::size_t raw_string_end(std::string_view text, std::size_t start) {
  const std::size_t open = text.find('(', start);
  if (text[start] != 'R' || start + 1 >= text.size() || text[start + 1] != '"' || open == std::string_view::npos) {
    return std::string_view::npos;
  }
  const std::string close = ")" + std::string(text.substr(start + 2, open - start - 2)) + "\"";
  const std::size_t end = text.find(close, open);
  return end == std::string_view::npos ? text.size() : end + close.size();
}

std::size_t literal_end(std::string_view text, std::size_t start) {
  std::size_t i = start + 1;
  while (i < text.size() && text[i] != text[start] && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

bool is_text(const std::filesystem::path& file) {
  const auto ending = file.extension().string();
  if (std::ranges::find(text_endings, ending) != text_endings.end()) return true;
  const auto name = file.filename().string();
  const auto folder = file.parent_path().filename().string();
  return ending.empty() && (folder == "script" || folder == ".ci" || name == "Dockerfile");
}

}  // namespace

std::string code_of(std::string_view text) {
  std::string code(text);
  const auto blank = [&code](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
  };
  std::size_t i = 0;
  while (i < text.size()) {
    const std::string_view rest = text.substr(i);
    const bool word_before = i > 0 && is_word(text[i - 1]);
    std::size_t end = i + 1;
    if (rest.starts_with("//")) {
      end = std::min(text.find('\n', i), text.size());
      blank(i, end);
    } else if (rest.starts_with("/*")) {
      const std::size_t close = text.find("*/", i + 2);
      end = close == std::string_view::npos ? text.size() : close + 2;
      blank(i, end);
    } else if (!word_before && raw_string_end(text, i) != std::string_view::npos) {
      end = raw_string_end(text, i);
      blank(i + 2, end - 1);
    } else if (text[i] == '"' || (text[i] == '\'' && !word_before)) {  // 10'000 is no literal
      end = literal_end(text, i);
      blank(i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

SourceFile make_source(std::string path, std::string text) {
  SourceFile file{std::move(path), std::move(text), {}};
  if (is_code(file)) file.code = code_of(file.text);
  return file;
}

std::vector<SourceFile> read_tree(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(root); entry != std::filesystem::end(entry);
       ++entry) {
    const auto path = std::filesystem::relative(entry->path(), root).string();
    if (entry->is_directory()) {
      const bool skipped = std::ranges::find(skipped_folders, path) != skipped_folders.end();
      if (skipped || path.ends_with("/testdata")) entry.disable_recursion_pending();
      continue;
    }
    if (!entry->is_regular_file() || !is_text(entry->path())) continue;
    std::ifstream in(entry->path(), std::ios::binary);
    files.push_back(make_source(path, std::string(std::istreambuf_iterator<char>(in), {})));
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

bool is_header(const SourceFile& file) { return file.path.ends_with(".hpp") || file.path.ends_with(".h"); }

bool is_code(const SourceFile& file) {
  return is_header(file) || file.path.ends_with(".cpp") || file.path.ends_with(".c");
}

bool is_under(std::string_view path, std::string_view prefix) { return path.starts_with(prefix); }

std::vector<std::size_t> find_token(std::string_view code, std::string_view token) {
  std::vector<std::size_t> found;
  for (std::size_t at = code.find(token); at != std::string_view::npos; at = code.find(token, at + 1)) {
    const std::string_view before = code.substr(0, at);
    const std::string_view after = code.substr(at + token.size());
    const bool joined_before = is_word(token.front()) && (before.ends_with('.') || before.ends_with("->") ||
                                                          (!before.empty() && is_word(before.back())));
    const bool joined_after = is_word(token.back()) && !after.empty() && is_word(after.front());
    if (!joined_before && !joined_after) found.push_back(at);
  }
  return found;
}

}  // namespace rebalancer::tidy
