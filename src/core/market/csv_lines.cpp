#include "core/market/csv_lines.hpp"

namespace rebalancer {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

CsvLines::CsvLines(std::string_view text, std::string_view name) : rest_(text), name_(name) {
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

Result<bool> CsvLines::next(std::vector<std::string_view>& cells) {
  unescaped_.clear();
  while (!rest_.empty()) {
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_;
    if (trimmed(line).empty()) continue;
    if (auto good = cut(line, cells); !good) return fail(good.error());
    return true;
  }
  return false;
}

Result<void> CsvLines::cut(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  while (true) {
    const auto start = line.find_first_not_of(" \t");
    if (start != std::string_view::npos && line[start] == '"') {
      line.remove_prefix(start);
      const auto cell = quoted_cell(line);
      if (!cell) return fail(cell.error());
      cells.push_back(*cell);
      if (line.empty()) return {};
      line.remove_prefix(1);
      continue;
    }
    const auto comma = line.find(',');
    const std::string_view cell = trimmed(line.substr(0, comma));
    if (cell.find('"') != std::string_view::npos) {
      return fail_here("cell {} is \"{}\", quotes must stand around the whole cell", cells.size() + 1, shown(cell));
    }
    cells.push_back(cell);
    if (comma == std::string_view::npos) return {};
    line.remove_prefix(comma + 1);
  }
}

// Leaves `rest` at the comma after the cell, or empty.
Result<std::string_view> CsvLines::quoted_cell(std::string_view& rest) {
  std::string_view body = rest.substr(1);
  bool has_doubled = false;
  std::size_t end = 0;
  while (true) {
    end = body.find('"', end);
    if (end == std::string_view::npos) return fail_here("a quote is opened and not closed on this line");
    if (end + 1 >= body.size() || body[end + 1] != '"') break;
    has_doubled = true;
    end += 2;
  }
  std::string_view after = body.substr(end + 1);
  const auto comma = after.find_first_not_of(" \t");
  after = comma == std::string_view::npos ? std::string_view() : after.substr(comma);
  if (!after.empty() && after.front() != ',') {
    return fail_here("\"{}\" follows a closing quote, must be a comma", shown(after));
  }
  rest = after;
  const std::string_view cell = body.substr(0, end);
  if (!has_doubled) return cell;
  std::string plain;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    plain += cell[i];
    if (cell[i] == '"') ++i;
  }
  return unescaped_.emplace_back(std::move(plain));
}

std::string shown(std::string_view cell) {
  constexpr std::size_t length_max = 40;
  std::string text(cell.substr(0, length_max));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  // Never ends inside a character of several bytes.
  if (cell.size() > length_max) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    if (!text.empty() && (static_cast<unsigned char>(text.back()) & 0x80) != 0) text.pop_back();
    text += "...";
  }
  return text;
}

}  // namespace rebalancer
