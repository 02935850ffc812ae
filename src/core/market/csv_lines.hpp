// Cuts CSV text (RFC 4180, commas) into lines and cells. A quoted cell may not span lines: no field of ours has one.
#pragma once
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace rebalancer {

class CsvLines {
 public:
  // `name` stands before every message: "prices.csv:12: ...". Both texts outlive the reader. Skips a UTF-8 mark.
  CsvLines(std::string_view text, std::string_view name);

  // The cells of the next line that is not blank, valid until the next call; false at the end. Blanks around a cell
  // that is not quoted do not count. Errors: invalid for quotes that do not close.
  [[nodiscard]] Result<bool> next(std::vector<std::string_view>& cells);
  [[nodiscard]] std::size_t line() const { return line_; }

  template <class... Args>
  [[nodiscard]] tl::unexpected<Error> fail_here(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(ErrorCode::invalid, "{}:{}: {}", name_, line_, fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  [[nodiscard]] Result<void> cut(std::string_view line, std::vector<std::string_view>& cells);
  [[nodiscard]] Result<std::string_view> quoted_cell(std::string_view& rest);

  std::string_view rest_;
  std::string_view name_;
  std::size_t line_ = 0;
  std::deque<std::string> unescaped_;  // cells that held doubled quotes
};

// For messages: at most 40 characters, nothing a terminal would obey.
[[nodiscard]] std::string shown(std::string_view cell);

}  // namespace rebalancer
