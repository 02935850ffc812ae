#include "adapters/system/secrets.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace rebalancer::system {
namespace {

constexpr std::string_view blanks = " \t\r\n";
// Shorter pieces turn up in innocent texts.
constexpr std::size_t piece_size_min = 8;
constexpr std::size_t line_size_min = 16;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Without padding.
std::string base64(std::string_view bytes, std::string_view digits) {
  std::string encoded;
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8U) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) encoded += digits[(buffer >> (bits - 6)) & 63U];
  }
  if (bits > 0) encoded += digits[(buffer << (6 - bits)) & 63U];
  return encoded;
}

// The whole, and what stays the same of it after one or two bytes and before others.
std::vector<std::string> base64_forms(std::string_view secret) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::vector<std::string> forms;
  for (const char* last : {"+/", "-_"}) {
    const std::string digits = std::string(letters) + last;
    const std::string whole = base64(secret, digits);
    forms.push_back(whole);
    if (whole.size() % 4 != 0) forms.push_back(whole + std::string(4 - whole.size() % 4, '='));
    for (const std::size_t before : {0U, 1U, 2U}) {
      const std::string shifted = base64(std::string(before, '\0') + std::string(secret), digits);
      const std::size_t begin = (before * 8 + 5) / 6;
      const std::size_t end = (before + secret.size()) * 8 / 6;
      if (end >= begin + piece_size_min) forms.push_back(shifted.substr(begin, end - begin));
    }
  }
  return forms;
}

// Without those that say what it is: -----BEGIN PRIVATE KEY-----
std::vector<std::string> telling_lines(std::string_view secret) {
  std::vector<std::string> lines;
  while (!secret.empty()) {
    const std::size_t end = std::min(secret.find('\n'), secret.size());
    const std::string_view line = trimmed(secret.substr(0, end));
    if (line.size() >= line_size_min && !line.starts_with("-----")) lines.emplace_back(line);
    secret.remove_prefix(std::min(end + 1, secret.size()));
  }
  return lines;
}

std::optional<std::uint32_t> hex_number(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text.substr(0, digits)) {
    const bool is_digit = c >= '0' && c <= '9';
    const char letter = static_cast<char>(c | 0x20);
    if (!is_digit && (letter < 'a' || letter > 'f')) return std::nullopt;
    number = number * 16 + static_cast<std::uint32_t>(is_digit ? c - '0' : letter - 'a' + 10);
  }
  return number;
}

std::string utf8(std::uint32_t code_point) {
  const auto tail = [code_point](unsigned shift) { return static_cast<char>(0x80U | ((code_point >> shift) & 0x3FU)); };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0U | (code_point >> 6U)), tail(0)};
  if (code_point < 0x10000) return {static_cast<char>(0xE0U | (code_point >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (code_point >> 18U)), tail(12), tail(6), tail(0)};
}

// What the beginning of an encoded text stands for.
struct Piece {
  std::string bytes;
  std::size_t size;  // of the encoded text
};

Piece percent_piece(std::string_view text) {
  if (text.front() == '%') {
    if (const auto byte = hex_number(text.substr(1), 2)) return {{static_cast<char>(*byte)}, 3};
  }
  return {{text.front()}, 1};
}

// A query's plus sign.
Piece form_piece(std::string_view text) { return text.front() == '+' ? Piece{" ", 1} : percent_piece(text); }

Piece json_piece(std::string_view text) {
  if (text.front() != '\\' || text.size() < 2) return {{text.front()}, 1};
  if (text[1] == 'u') {
    const auto unit = hex_number(text.substr(2), 4);
    if (!unit) return {{text.front()}, 1};
    if (*unit < 0xD800 || *unit > 0xDBFF || text.substr(6, 2) != "\\u") return {utf8(*unit), 6};
    const auto low = hex_number(text.substr(8), 4);
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return {utf8(*unit), 6};
    return {utf8(0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00)), 12};
  }
  constexpr std::string_view escapes = "ntrbf";
  constexpr std::string_view meanings = "\n\t\r\b\f";
  const std::size_t known = escapes.find(text[1]);
  return {{known == std::string_view::npos ? text[1] : meanings[known]}, 2};
}

// How much of `text`'s beginning stands for `form`; 0: it does not.
std::size_t encoded_size(std::string_view text, std::string_view form, Piece (*first_piece)(std::string_view)) {
  std::size_t size = 0;
  while (!form.empty()) {
    if (size == text.size()) return 0;
    const Piece piece = first_piece(text.substr(size));
    if (!form.starts_with(piece.bytes)) return 0;
    form.remove_prefix(piece.bytes.size());
    size += piece.size;
  }
  return size;
}

std::size_t written_size(std::string_view text, std::string_view form) {
  if (text.starts_with(form)) return form.size();
  for (const auto first_piece : {&percent_piece, &form_piece, &json_piece}) {
    if (const std::size_t size = encoded_size(text, form, first_piece); size > 0) return size;
  }
  return 0;
}

}  // namespace

void Secrets::add(std::string_view secret) {
  if (const std::string_view inner = trimmed(secret); !inner.empty()) secret = inner;
  if (secret.empty()) return;
  const std::scoped_lock lock(mutex_);
  add_form(std::string(secret));
  for (std::string& form : base64_forms(secret)) add_form(std::move(form));
  if (secret.find('\n') != std::string_view::npos) {
    for (std::string& line : telling_lines(secret)) add_form(std::move(line));
  }
  std::stable_sort(forms_.begin(), forms_.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Secrets::add_form(std::string form) {
  if (std::find(forms_.begin(), forms_.end(), form) != forms_.end()) return;
  // However it is written, it begins with its first byte, or with the sign of an encoding.
  for (const char c : {form.front(), '%', '\\', '+'}) begins_[static_cast<unsigned char>(c)] = true;
  forms_.push_back(std::move(form));
}

std::string Secrets::redacted(std::string_view text) const {
  return take_redacted(text, std::numeric_limits<std::size_t>::max());
}

std::string Secrets::take_redacted(std::string_view& text, std::size_t size_max) const {
  const std::scoped_lock lock(mutex_);
  std::string clean;
  while (!text.empty() && clean.size() <= size_max) {
    std::size_t size = 0;
    if (begins_[static_cast<unsigned char>(text.front())]) {
      for (auto form = forms_.begin(); form != forms_.end() && size == 0; ++form) size = written_size(text, *form);
    }
    if (size == 0) {
      clean += text.front();
      text.remove_prefix(1);
    } else {
      clean += "***";
      text.remove_prefix(size);
    }
  }
  return clean;
}

}  // namespace rebalancer::system
