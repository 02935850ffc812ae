#include "chart.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "fixtures.hpp"
#include "raw_bars.hpp"

using namespace rebalancer;
using namespace rebalancer::yahoo;

namespace {

std::string chart_of(std::string_view inside) {
  return fmt::format(R"({{"chart":{{"result":[{}],"error":null}}}})", inside);
}

constexpr std::string_view meta =
    R"("meta":{"symbol":"AAPL","currency":"USD","dataGranularity":"1d","exchangeTimezoneName":"America/New_York"})";

std::string message_of(const Result<Chart>& chart) { return chart ? "no error" : chart.error().message; }

std::vector<std::string> split_line(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find(" | ", start), line.size());
    cells.push_back(line.substr(start, end - start));
    start = end + 3;
  }
  return cells;
}

}  // namespace

TEST_CASE("every recorded answer has the rows, events and nulls that its manifest counts") {
  const auto manifest = test::reference_file("protocols/fixtures/yahoo/MANIFEST.txt");
  if (!manifest) return;
  std::istringstream lines(test::file_text(*manifest));
  std::string line;
  std::getline(lines, line);
  int charts = 0;
  while (std::getline(lines, line)) {
    const auto cells = split_line(line);
    if (cells.size() != 9) continue;
    CAPTURE(cells[0]);
    const auto body = test::yahoo_body(cells[0]);
    REQUIRE(body);
    const auto chart = parse_chart(*body);
    REQUIRE_MESSAGE(chart, message_of(chart));
    ++charts;
    CHECK(chart->symbol == cells[2]);
    CHECK(chart->currency == cells[3]);
    CHECK(chart->time_zone == cells[4]);
    CHECK(chart->granularity == cells[5]);
    CHECK(std::to_string(chart->rows.size()) == cells[6]);
    const auto counted = [&](const std::string& kind) {
      const auto at = cells[7].find("'" + kind + "': ");
      return at == std::string::npos ? 0 : std::stoi(cells[7].substr(at + kind.size() + 4));
    };
    CHECK(static_cast<int>(chart->dividends.size()) == counted("dividends"));
    CHECK(static_cast<int>(chart->splits.size()) == counted("splits"));
    CHECK(static_cast<int>(chart->capital_gains.size()) == counted("capitalGains"));
    const auto nulls = std::ranges::count_if(chart->rows, [](const ChartRow& row) { return std::isnan(row.close); });
    CHECK(std::to_string(nulls) == cells[8]);
  }
  CHECK(charts == 21);
}

TEST_CASE("the recorded 404 is a symbol that does not exist") {
  const auto body = test::yahoo_body("error-404-not-found.body.json");
  if (!body) return;
  const auto chart = parse_chart(*body);
  REQUIRE(!chart);
  CHECK(chart.error().code == ErrorCode::not_found);
  CHECK(chart.error().message == "No data found, symbol may be delisted");
}

TEST_CASE("a range without data is a chart without rows") {
  const auto chart = parse_chart(
      R"({"chart":{"result":null,"error":{"code":"Bad Request","description":"Data doesn't exist for startDate = 1, endDate = 2"}}})");
  REQUIRE(chart);
  CHECK(chart->rows.empty());
}

TEST_CASE("another refusal keeps Yahoo's words") {
  const auto chart =
      parse_chart(R"({"chart":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}})");
  REQUIRE(!chart);
  CHECK(chart.error().code == ErrorCode::rejected);
  CHECK(chart.error().message == "yahoo says: Unauthorized: Invalid Crumb");
}

TEST_CASE("an event is dated by its date, not by its key") {
  const auto body = test::yahoo_body("history_chart_VFINX.json");
  if (!body) return;
  const auto chart = parse_chart(*body);
  REQUIRE(chart);
  REQUIRE(!chart->dividends.empty());
  CHECK(chart->dividends.front().date == *Date::make(1980, 6, 27));  // its key says 1985-01-01
  CHECK(chart->dividends.front().amount == doctest::Approx(0.16));
}

TEST_CASE("a day is a day of the exchange, whatever the season and whatever gmtoffset says") {
  CHECK(*date_in_zone("America/New_York", 1'598'880'600) == *Date::make(2020, 8, 31));  // 13:30Z
  CHECK(*date_in_zone("America/New_York", 1'604'673'000) == *Date::make(2020, 11, 6));  // 14:30Z
  CHECK(*date_in_zone("Europe/Berlin", 1'527'199'200) == *Date::make(2018, 5, 25));     // 22:00Z the day before
  CHECK(*date_in_zone("Pacific/Auckland", 1'577'915'999) == *Date::make(2020, 1, 2));   // 21:59:59Z
  CHECK(*date_in_zone("UTC", 1'577'836'799) == *Date::make(2019, 12, 31));
  CHECK(date_in_zone("Mars/Olympus", 0).error().message == "time zone \"Mars/Olympus\" is not known on this machine");
  CHECK(!date_in_zone("UTC", 99'999'999'999));
}

TEST_CASE("numbers may be in scientific notation and columns may miss") {
  const auto chart = parse_chart(chart_of(
      fmt::format(R"({{{},"timestamp":[1.5988806e9],"indicators":{{"quote":[{{"close":[1.25E1]}}]}}}})", meta)));
  REQUIRE_MESSAGE(chart, message_of(chart));
  REQUIRE(chart->rows.size() == 1);
  CHECK(chart->rows[0].date == *Date::make(2020, 8, 31));
  CHECK(chart->rows[0].close == 12.5);
  CHECK(std::isnan(chart->rows[0].open));
  CHECK(std::isnan(chart->rows[0].volume));
}

TEST_CASE("what is not a chart is refused, and the message says what it is instead") {
  const auto rows = [&](std::string_view inside) { return chart_of(fmt::format("{{{},{}}}", meta, inside)); };
  struct Case {
    std::string body;
    std::string message;
  };
  const std::vector<Case> cases = {
      {"", "it is empty"},
      {"<!DOCTYPE html><html></html>", "it is not JSON at byte 0: syntax error"},
      {R"({"chart":{"result":[{"meta)", "it ends in the middle, after 26 bytes"},
      {R"({"chart":{"result":null,"result":null}})", "it names \"result\" twice in one object"},
      {"[]", "it has no \"chart\" object"},
      {R"({"finance":{}})", "it has no \"chart\" object"},
      {R"({"chart":{"result":null,"error":null}})", "chart.result is not an array of one object"},
      {chart_of("{}"), "there is no \"meta\""},
      {chart_of(R"({"meta":{"symbol":"A"}})"), "there is no meta.exchangeTimezoneName"},
      {rows(R"("timestamp":[1598880600])"), "there is no \"indicators\""},
      {rows(R"("timestamp":[1598880600],"indicators":{"quote":[{}]})"), "there are 1 timestamps but no closes"},
      {rows(R"("timestamp":[1598880600],"indicators":{"quote":[{"close":[1,2]}]})"),
       "\"close\" has 2 values for 1 timestamps"},
      {rows(R"("timestamp":[1598880600],"indicators":{"quote":[{"close":["1"]}]})"),
       "\"close\" of row 0 is not a number"},
      {rows(R"("timestamp":[null],"indicators":{"quote":[{"close":[1]}]})"),
       "timestamp of row 0 is not a time in seconds"},
      {rows(R"("timestamp":[1598880600,1598880600],"indicators":{"quote":[{"close":[1,1]}]})"),
       "timestamp of row 1 is 1598880600, not after the one before"},
      {rows(R"("timestamp":[1598880600],"indicators":{"quote":[{"close":[1],"volume":[-1]}]})"),
       "volume of 2020-08-31 is negative"},
      {rows(
           R"("indicators":{"quote":[{}]},"events":{"splits":{"1":{"date":1598880600,"numerator":4,"denominator":0}}})"),
       "split on 2020-08-31 has no ratio between 1e-6 and 1e6"},
      {rows(R"("indicators":{"quote":[{}]},"events":{"dividends":{"1":{"date":1598880600,"amount":-1}}})"),
       "amount of dividends on 2020-08-31 is not a number of at least 0"},
      {rows(R"("indicators":{"quote":[{}]},"events":{"dividends":{"1":{"amount":1}}})"),
       "date of dividends is not a time in seconds"},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.body);
    const auto chart = parse_chart(wrong.body);
    REQUIRE(!chart);
    CHECK(chart.error().code == ErrorCode::invalid);
    CHECK(chart.error().message == wrong.message);
  }
}

TEST_CASE("no truncation of a recorded answer passes for an answer") {
  for (const auto& file : test::yahoo_files()) {
    CAPTURE(file.filename().string());
    std::string body = test::body_of(file);
    while (!body.empty() && body.back() != '}') body.pop_back();  // a line feed at the end is no part of it
    Random random(7);
    for (int i = 0; i < 200; ++i) {
      const std::string cut = body.substr(0, random.below(body.size()));
      const auto chart = parse_chart(cut);
      REQUIRE(!chart);
      REQUIRE(chart.error().code == ErrorCode::invalid);
    }
  }
}

TEST_CASE("whatever bytes are flipped, the parser gives a value or an error") {
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for (const auto& file : test::yahoo_files()) {
    const std::string body = test::body_of(file);
    const int rounds = body.size() > 100'000 ? 20 : 300;
    Random random(11);
    for (int i = 0; i < rounds; ++i) {
      std::string damaged = body;
      for (std::uint64_t flips = random.below(8) + 1; flips > 0; --flips) {
        char& byte = damaged[random.below(damaged.size())];
        // Mostly digit for digit: other damage seldom gets past the JSON parser.
        byte = i % 4 != 0 && byte >= '0' && byte <= '9' ? static_cast<char>('0' + random.below(10))
               : i % 4 == 0                             ? static_cast<char>(random.below(256))
                                                        : byte;
      }
      const auto chart = parse_chart(damaged);
      if (!chart) {
        ++refused;
        REQUIRE(!chart.error().message.empty());
        continue;
      }
      ++accepted;
      const auto raw =
          raw_bars(*chart, Instant::from_seconds(1'800'000'000), *Date::make(1970, 1, 1), *Date::make(2030, 1, 1));
      if (raw) REQUIRE(BarTable::make(*Symbol::parse("X"), raw->bars, PriceBasis::raw, "yahoo").has_value());
    }
  }
  if (!test::yahoo_files().empty()) {
    CHECK(refused > 1000);
    CHECK(accepted > 100);
  }
}
