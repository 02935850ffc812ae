#include "laboratory/simulator.hpp"

#include <fmt/format.h>

namespace rebalancer::laboratory {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t day = 86'400 * second;

}  // namespace

std::string rfc3339(Instant instant) {
  const Date date = instant.utc_date();
  const std::int64_t of_day = instant.nanoseconds() - std::int64_t{date.days()} * day;
  const std::int64_t seconds = of_day / second;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:09}Z", date.to_string(), seconds / 3'600, seconds / 60 % 60, seconds % 60,
                     of_day % second);
}

Result<Instant> parse_time(std::string_view text) {
  if (text.size() != 10) {
    std::string whole(text);
    // An offset's plus that was not escaped arrives as a blank.
    if (whole.size() > 6 && whole[whole.size() - 6] == ' ') whole[whole.size() - 6] = '+';
    return Instant::parse(whole);
  }
  const auto date = Date::parse(text);
  if (!date) return fail(date.error());
  return Instant::from_nanoseconds(std::int64_t{date->days()} * day);
}

std::string encode_base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j <= bytes.size() ? letters[group >> (18 - 6 * j) & 63U] : '=';
    }
  }
  return text;
}

}  // namespace rebalancer::laboratory
