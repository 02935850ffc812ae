#include "core/market/price_csv.hpp"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "core/base/random.hpp"
#include "core/market/corporate_action.hpp"
#include "support/reference.hpp"

using namespace rebalancer;

namespace {

Date day(const char* iso) { return Date::parse(iso).value(); }

PriceCsv good(std::string_view text) {
  auto parsed = parse_price_csv(text, "p.csv", "csv p.csv");
  if (!parsed) FAIL(parsed.error().message);
  return *std::move(parsed);
}

std::string refusal(std::string_view text, ErrorCode code = ErrorCode::invalid) {
  const auto parsed = parse_price_csv(text, "p.csv", "csv p.csv");
  if (parsed) return "accepted";
  CHECK(parsed.error().code == code);
  return parsed.error().message;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same(const Bar& a, const Bar& b) {
  return a.date == b.date && same(a.open, b.open) && same(a.high, b.high) && same(a.low, b.low) &&
         same(a.close, b.close) && same(a.volume, b.volume) && a.dividend == b.dividend &&
         a.split_ratio == b.split_ratio;
}

}  // namespace

TEST_CASE("the wide form gives one table of adjusted closes per column, and no bar for an empty cell") {
  const auto csv = good("date,SPY,BRK-B\n2026-01-05,600.5,\n2026-01-06,601,500.25\n");
  REQUIRE(csv.tables.size() == 2);
  CHECK(csv.tables[0].symbol().str() == "SPY");
  CHECK(csv.tables[0].basis() == PriceBasis::adjusted);
  CHECK(csv.tables[0].source() == "csv p.csv");
  REQUIRE(csv.tables[0].bars().size() == 2);
  CHECK(csv.tables[0].bars()[0].date == day("2026-01-05"));
  CHECK(csv.tables[0].bars()[0].close == 600.5);
  CHECK(std::isnan(csv.tables[0].bars()[0].open));
  REQUIRE(csv.tables[1].bars().size() == 1);
  CHECK(csv.tables[1].bars()[0].date == day("2026-01-06"));
  CHECK(csv.warnings.empty());
}

TEST_CASE("byte order mark, CRLF, quotes, blanks, blank lines and a missing last line end make no difference") {
  const auto csv = good("\xEF\xBB\xBF\"date\" , \"SPY\"\r\n\r\n2026-01-05, \"600.5\" \r\n   \r\n\"2026-01-06\",601");
  REQUIRE(csv.tables.size() == 1);
  REQUIRE(csv.tables[0].bars().size() == 2);
  CHECK(csv.tables[0].bars()[0].close == 600.5);
  CHECK(csv.tables[0].bars()[1].close == 601);
  CHECK(refusal("date,\"a\"\"b\"\n").find("named \"a\"b\"") != std::string::npos);
}

TEST_CASE("the long form with events is raw, whatever the order of columns and symbols") {
  const auto csv = good(
      "symbol,date,close,open,high,low,volume,dividend,split\n"
      "SPY,2026-01-05,600,599,601,598,1000,,\n"
      "QQQ,2026-01-05,500,,,,,0,1\n"
      "SPY,2026-01-06,301,,,,,1.5,2\n"
      "QQQ,2026-01-06,,,,,,,\n"
      "QQQ,2026-01-07,510,,,,,0,0\n");
  REQUIRE(csv.tables.size() == 2);
  CHECK(csv.tables[0].basis() == PriceBasis::raw);
  const auto spy = csv.tables[0].bars();
  REQUIRE(spy.size() == 2);
  CHECK(spy[0].open == 599);
  CHECK(spy[0].high == 601);
  CHECK(spy[0].low == 598);
  CHECK(spy[0].volume == 1000);
  CHECK(spy[0].split_ratio == 1);
  CHECK(spy[1].dividend == 1.5);
  CHECK(spy[1].split_ratio == 2);
  const auto qqq = csv.tables[1].bars();
  REQUIRE(qqq.size() == 2);  // the empty day is no bar
  CHECK(qqq[1].date == day("2026-01-07"));
  CHECK(qqq[1].split_ratio == 1);
}

TEST_CASE("the long form without events is adjusted, all its prices on the scale of adjusted_close") {
  const auto csv = good("date,symbol,open,close,adjusted_close\n2026-01-05,SPY,590,600,300\n2026-01-06,SPY,,600,\n");
  CHECK(csv.tables[0].basis() == PriceBasis::adjusted);
  REQUIRE(csv.tables[0].bars().size() == 1);  // no adjusted close, no price
  CHECK(csv.tables[0].bars()[0].close == 300);
  CHECK(csv.tables[0].bars()[0].open == doctest::Approx(295));
  CHECK(good("date,symbol,close\n2026-01-05,SPY,600\n").tables[0].basis() == PriceBasis::adjusted);
  CHECK(good("date,symbol,adjusted_close\n2026-01-05,SPY,600\n").tables[0].bars()[0].close == 600);
}

TEST_CASE("an adjusted_close that contradicts the events is told, and only then") {
  const std::string header = "date,symbol,close,adjusted_close,dividend,split\n";
  CHECK(good(header + "2026-01-05,SPY,600,300,,\n2026-01-06,SPY,301,301,,2\n").warnings.empty());
  // A vendor that adjusted for a later split: all of it is on another scale.
  CHECK(good(header + "2026-01-05,SPY,600,150,,\n2026-01-06,SPY,301,150.5,,2\n").warnings.empty());
  const auto warnings = good(header + "2026-01-05,SPY,600,600,,\n2026-01-06,SPY,301,301,,2\n").warnings;
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] ==
        "SPY: adjusted_close differs from close, dividend and split on 1 of 2 days, most on 2026-01-05: 600 where they "
        "give 300; close, dividend and split are used");
}

TEST_CASE("what is wrong is named with its line, column, value and rule") {
  CHECK(refusal("") == "p.csv: the file is empty, must start with a header");
  CHECK(refusal("\xFF\xFE"
                "d") == "p.csv: the text is UTF-16, must be UTF-8");
  CHECK(refusal("day,SPY\n") == "p.csv:1: the first column is \"day\", must be date");
  CHECK(refusal("date\n") == "p.csv:1: the header has one column, must name at least one symbol after date");
  CHECK(refusal("date,spy\n") == "p.csv:1: column 2 is named \"spy\", must be a symbol: 1 to 16 of A-Z 0-9 . - ^ =");
  CHECK(refusal("date,Open,High\n") ==
        "p.csv:1: column Open belongs to the long form, which needs a column symbol too");
  CHECK(refusal("date,SPY,QQQ,SPY\n") == "p.csv:1: column SPY appears twice");
  CHECK(refusal("date,SPY\n2026-01-05\n") == "p.csv:2: 1 cells, must be 2 as in the header");
  CHECK(refusal("date,SPY\n05.01.2026,1\n") == "p.csv:2: date is \"05.01.2026\", must be a day of the form 2026-11-23");
  CHECK(refusal("date,SPY\n2026-02-30,1\n") == "p.csv:2: date is \"2026-02-30\", must be a day of the form 2026-11-23");
  CHECK(refusal("date,SPY\n2026-01-06,1\n\n2026-01-05,1\n") ==
        "p.csv:4: 2026-01-05 follows 2026-01-06, dates must ascend");
  CHECK(refusal("date,SPY\n2026-01-06,1\n2026-01-06,\n") ==
        "p.csv:3: 2026-01-06 follows 2026-01-06, dates must ascend");
  CHECK(refusal("date,SPY\n2026-01-06,\"1\n") == "p.csv:2: a quote is opened and not closed on this line");
  CHECK(refusal("date,SPY\n2026-01-06,\"1\"2\n") == "p.csv:2: \"2\" follows a closing quote, must be a comma");
  CHECK(refusal("date,SPY\n2026-01-06,1\"2\n") ==
        "p.csv:2: cell 2 is \"1\"2\", quotes must stand around the whole cell");
  CHECK(refusal("date,symbol,clse\n") ==
        "p.csv:1: column \"clse\" is not known (did you mean close?); must be one of date, symbol, open, high, low, "
        "close, adjusted_close, volume, dividend, split");
  CHECK(refusal("date,symbol,close,close\n") == "p.csv:1: column close appears twice");
  CHECK(refusal("symbol,close\n") == "p.csv:1: there is no column date");
  CHECK(refusal("date,symbol,open\n") == "p.csv:1: there is no column close and no column adjusted_close");
  CHECK(refusal("date,symbol,adjusted_close,split\n") ==
        "p.csv:1: there is no column close, needed with dividend or split");
  CHECK(refusal("date,symbol,close\n2026-01-05,spy,1\n") ==
        "p.csv:2: symbol is \"spy\", must be 1 to 16 of A-Z 0-9 . - ^ =");
  CHECK(refusal("date,symbol,close\n2026-01-05,SPY,1\n2026-01-05,QQQ,1\n2026-01-05,SPY,2\n") ==
        "p.csv:4: 2026-01-05 of SPY appears twice");
  CHECK(refusal("date,symbol,close\n2026-01-06,SPY,1\n2026-01-05,SPY,2\n") ==
        "p.csv:3: 2026-01-05 of SPY follows 2026-01-06, dates must ascend");
  CHECK(refusal("date,symbol,close,dividend\n2026-01-06,SPY,1,-2\n") ==
        "p.csv:2: dividend of SPY is -2, must not be negative");
  CHECK(refusal("date,symbol,close,split\n2026-01-06,SPY,1,x\n") ==
        "p.csv:2: split of SPY is \"x\", must be a finite number or empty");
}

TEST_CASE("only finite decimal numbers are numbers") {
  for (const char* cell : {"nan", "NaN", "inf", "-inf", "infinity", "1e400", "-1e400", "1e-400", "0x10", "1 000",
                           "\"1,000\"", "1.2.3", "$5", "+5", "--5", "N/A", "null", "1e", "."}) {
    CAPTURE(cell);
    CHECK(refusal(std::string("date,SPY\n2026-01-05,") + cell + "\n").starts_with("p.csv:2: SPY is \""));
  }
  for (const auto& [cell, value] :
       {std::pair{"5", 5.0}, {"0.1", 0.1}, {"1e2", 100.0}, {".5", 0.5}, {"-1", -1.0}, {"0", 0.0}, {"1E-3", 0.001}}) {
    CAPTURE(cell);
    CHECK(good(std::string("date,SPY\n2026-01-05,") + cell + "\n").tables[0].bars()[0].close == value);
  }
}

TEST_CASE("what a message quotes is short and cannot command a terminal") {
  const std::string message = refusal("date,SPY\n2026-01-05,\x1b[2J" + std::string(1000, 'x') + "\n");
  CHECK(message.size() < 150);
  CHECK(message.find('\x1b') == std::string::npos);
}

TEST_CASE("more lines, columns or symbols than allowed are refused") {
  const auto code = [](std::string_view text, PriceCsvLimits limits) {
    return parse_price_csv(text, "p.csv", "", limits).error();
  };
  CHECK(code("date,A\n2026-01-05,1\n2026-01-06,1\n", {2, 10}) ==
        Error{ErrorCode::exhausted, "p.csv: more than 2 lines, the most a price file may have"});
  CHECK(code("date,A,B,C\n", {10, 2}) == Error{ErrorCode::exhausted, "p.csv: 4 columns, at most 3 allowed"});
  CHECK(code("date,symbol,close\n2026-01-05,A,1\n2026-01-05,B,1\n2026-01-05,C,1\n", {10, 2}) ==
        Error{ErrorCode::exhausted, "p.csv: more than 2 symbols, the most a price file may have"});
}

TEST_CASE("tables written as text and read again are the same tables") {
  Random random(5);
  for (int repeat = 0; repeat < 100; ++repeat) {
    const PriceBasis basis = repeat % 2 == 0 ? PriceBasis::raw : PriceBasis::adjusted;
    std::vector<BarTable> tables;
    for (const char* name : {"AAA", "^B.B", "C-C=X"}) {
      std::vector<Bar> bars;
      for (int i = 0; i < 30; ++i) {
        if (random.below(5) == 0) continue;
        Bar bar;
        bar.date = Date::from_days(20'000 + i);
        bar.close = 1 + 1000 * random.uniform();
        if (random.below(3) != 0) bar.open = 1 + 1000 * random.uniform();
        if (random.below(3) != 0) bar.high = 1 + 1000 * random.uniform();
        if (random.below(3) != 0) bar.low = 1 + 1000 * random.uniform();
        if (random.below(3) != 0) bar.volume = static_cast<double>(random.below(1'000'000));
        if (basis == PriceBasis::raw && random.below(6) == 0) bar.dividend = random.uniform() * bar.close / 100;
        if (basis == PriceBasis::raw && random.below(9) == 0) bar.split_ratio = 2;
        bars.push_back(bar);
      }
      tables.push_back(BarTable::make(Symbol::parse(name).value(), bars, basis, "csv p.csv").value());
    }
    const auto text = long_csv(tables);
    REQUIRE(text);
    const auto read = good(*text);
    CHECK(read.warnings.empty());
    REQUIRE(read.tables.size() == tables.size());
    for (std::size_t t = 0; t < tables.size(); ++t) {
      CHECK(read.tables[t].basis() == basis);
      REQUIRE(read.tables[t].bars().size() == tables[t].bars().size());
      for (std::size_t i = 0; i < tables[t].bars().size(); ++i) {
        REQUIRE(same(read.tables[t].bars()[i], tables[t].bars()[i]));
      }
    }
    const auto frame = adjusted_frame(tables, Date::from_days(0), Date::from_days(30'000)).value();
    const auto again =
        adjusted_frame(good(wide_csv(frame)).tables, Date::from_days(0), Date::from_days(30'000)).value();
    CHECK(again.dates() == frame.dates());
    CHECK(again.symbols() == frame.symbols());
    for (Eigen::Index i = 0; i < frame.values().size(); ++i) {
      REQUIRE(same(frame.values().data()[i], again.values().data()[i]));
    }
  }
}

TEST_CASE("raw and adjusted tables do not go into one file") {
  const std::vector<BarTable> tables{BarTable::make(Symbol::parse("A").value(), {}, PriceBasis::raw, "").value(),
                                     BarTable::make(Symbol::parse("B").value(), {}, PriceBasis::adjusted, "").value()};
  CHECK(long_csv(tables).error().message == "A has raw prices and B has adjusted ones, one file must have one kind");
}

TEST_CASE("damaged text never gives anything but tables or an error") {
  const std::string seed_text =
      "date,symbol,open,close,dividend,split\r\n2026-01-05,SPY,599,\"600\",,\n2026-01-06,SPY,1,301,1.5,2\n";
  Random random(11);
  int accepted = 0;
  for (int repeat = 0; repeat < 20'000; ++repeat) {
    std::string text = seed_text;
    for (std::uint64_t change = random.below(4) + 1; change > 0; --change) {
      const std::size_t at = random.below(text.size());
      constexpr std::string_view interesting = "\",\n\r0-e.\0\xff\xEFS";
      if (random.below(2) == 0) {
        text.erase(at, random.below(5));
      } else {
        text[at] = interesting[random.below(interesting.size())];
      }
      if (text.empty()) text = ",";
    }
    const auto parsed = parse_price_csv(text, "p.csv", "");
    if (parsed) {
      ++accepted;
      for (const BarTable& table : parsed->tables) {
        for (const Bar& bar : table.bars()) REQUIRE_FALSE(std::isinf(bar.close));
      }
    } else {
      REQUIRE(parsed.error().message.starts_with("p.csv:"));
    }
  }
  CHECK(accepted > 0);
  CHECK(accepted < 20'000);
}

TEST_CASE("real files of twenty stocks are read whole") {
  const auto file = test::reference_file("golden/data/dev20_prices.csv");
  if (!file) return;
  std::stringstream text;
  text << std::ifstream(*file).rdbuf();
  const auto csv = good(text.str());
  REQUIRE(csv.tables.size() == 20);
  CHECK(csv.tables[0].symbol().str() == "GOOG");
  CHECK(csv.tables[0].bars().front().date == day("2014-09-19"));
  CHECK(csv.tables[0].bars().front().close == 592.820374);
  for (const BarTable& table : csv.tables) CHECK(table.bars().size() == csv.tables[0].bars().size());
}
