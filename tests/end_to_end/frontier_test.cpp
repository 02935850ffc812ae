// The frontier as a user asks for it: against the independent reference, as a plot, as a picture, and with bad input.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "end_to_end/rebalancer_process.hpp"
#include "support/reference.hpp"

using namespace rebalancer::test;

namespace {

constexpr const char* small_file =
    "date,AAA,BBB,CCC\n2024-01-02,100,50,20\n2024-01-03,101,50.2,20.3\n2024-01-04,100.5,50.9,20.1\n"
    "2024-01-05,102,50.4,20.2\n2024-01-08,103,51,20.7\n2024-01-09,102.8,51.3,20.6\n";

std::string content_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::size_t columns_of(std::string_view line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, columns_of(line));
  return widest;
}

}  // namespace

TEST_CASE("frontier --prices agrees with the independent reference at 50 returns") {
  const auto file = reference_file("golden/golden_dev.json");
  if (!file) return;
  const auto prices = std::filesystem::canonical(file->parent_path() / "data/dev20_prices.csv");
  const auto numbers = boost::json::parse(content_of(*file));
  const auto& expected = at(numbers, "/datasets/dev20/optimisation/frontier50");
  const TemporaryDirectory directory;
  const auto run = run_binary(directory, {"frontier", "--prices", prices.string(), "--points", "50", "--json"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const auto answer = json_of(run);
  const auto& points = at(answer, "/points").as_array();
  REQUIRE(points.size() == 50);
  // Spaced from the lowest variance upwards.
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(number_at(points[i], "/expected_return") - at(expected, "/returns").at(i).to_number<double>()) <
          1e-9);
    CHECK(std::abs(number_at(points[i], "/volatility") - at(expected, "/volatilities").at(i).to_number<double>()) <
          1e-9);
  }
}

TEST_CASE("frontier --json has corner portfolios that keep the bounds and sum to one") {
  const TemporaryDirectory directory;
  directory.write("p.csv", small_file);
  const auto run =
      run_binary(directory, {"frontier", "--prices", "p.csv", "--max-weight", "0.6", "--points", "7", "--json"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const auto answer = json_of(run);
  CHECK(at(answer, "/points").as_array().size() == 7);
  const auto& corners = at(answer, "/corner_portfolios").as_array();
  REQUIRE(corners.size() >= 2);
  double last_return = INFINITY, last_volatility = INFINITY;
  for (const auto& corner : corners) {
    double sum = 0;
    for (const auto& [symbol, weight] : at(corner, "/weights").as_object()) {
      sum += weight.to_number<double>();
      CHECK(weight.to_number<double>() >= 0);
      CHECK(weight.to_number<double>() <= 0.6 + 1e-12);
    }
    CHECK(std::abs(sum - 1) < 1e-12);
    CHECK(number_at(corner, "/expected_return") <= last_return + 1e-15);
    CHECK(number_at(corner, "/volatility") <= last_volatility + 1e-15);
    last_return = number_at(corner, "/expected_return");
    last_volatility = number_at(corner, "/volatility");
    CHECK(corner.as_object().contains("lambda"));
  }
}

TEST_CASE("frontier draws in 80 columns without color, and writes a picture") {
  const TemporaryDirectory directory;
  directory.write("p.csv", small_file);
  const auto plot = run_binary(directory, {"frontier", "--prices", "p.csv", "--plot", "--svg", "f.svg"});
  REQUIRE_MESSAGE(plot.exit_code == 0, plot.err);
  CHECK(widest_line(plot.out) <= 80);
  CHECK(plot.out.find('\x1b') == std::string::npos);
  for (const char* word : {"expected return per year", "volatility per year", "M minimum variance", "T highest Sharpe",
                           "+ corner portfolios", "o single symbols"}) {
    CHECK_MESSAGE(plot.out.find(word) != std::string::npos, word);
  }
  const std::string svg = content_of(directory.path() / "f.svg");
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("nan") == std::string::npos);
  const auto table = run_binary(directory, {"frontier", "--prices", "p.csv"});
  CHECK(table.exit_code == 0);
  CHECK(widest_line(table.out) <= 80);
  CHECK(table.out.find("Sharpe") != std::string::npos);
}

TEST_CASE("frontier of the configured portfolio needs stored prices and takes the bounds from the configuration") {
  const TemporaryDirectory directory;
  directory.write("config.yaml", sample_config("constraints: {max_weight: 0.4}\n"));
  CHECK(run_binary(directory, {"frontier"}).exit_code == 4);
  REQUIRE(run_binary(directory, {"fetch"}).exit_code == 0);
  const auto run = run_binary(directory, {"frontier", "--json"});
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const auto answer = json_of(run);
  for (const auto& corner : at(answer, "/corner_portfolios").as_array()) {
    for (const auto& [symbol, weight] : at(corner, "/weights").as_object()) {
      CHECK(weight.to_number<double>() <= 0.4 + 1e-12);
    }
  }
  const auto mixed = run_binary(directory, {"frontier", "--max-weight", "0.3"});
  CHECK(mixed.exit_code == 2);
  CHECK(mixed.err.find("--max-weight goes with --prices") != std::string::npos);
}

TEST_CASE("frontier names bad input and the rule it breaks") {
  const TemporaryDirectory directory;
  directory.write("p.csv", small_file);
  const auto refused = [&](std::vector<std::string> options, int exit_code, const char* words) {
    options.insert(options.begin(), {"frontier", "--prices", "p.csv"});
    const auto run = run_binary(directory, options);
    CAPTURE(run.err);
    CAPTURE(words);
    CHECK(run.exit_code == exit_code);
    CHECK(run.err.find(words) != std::string::npos);
    CHECK(run.out.empty());
  };
  refused({"--points", "1"}, 2, "--points is \"1\"");
  refused({"--points", "ten"}, 2, "--points is \"ten\"");
  refused({"--risk-free", "200"}, 2, "--risk-free is \"200\"");
  refused({"--max-weight", "0.3"}, 5, "maximum weights sum to 0.9, must be at least 1");
  refused({"--min-weight", "0.5"}, 5, "minimum weights sum to 1.5, must be at most 1");
  refused({"--risk-model", "samble"}, 4, "samble");
  refused({"--expected-returns", "hope"}, 4, "hope");
  refused({"--from", "2024-13-01"}, 2, "--from is \"2024-13-01\"");
  refused({"--from", "2025-01-01"}, 4, "no prices");
  refused({"--to", "2024-01-03"}, 4, "at least 3");
  refused({"--svg", "nowhere/f.svg"}, 4, "nowhere/f.svg cannot be written");
  CHECK(run_binary(directory, {"frontier", "--prices", "absent.csv"}).exit_code == 4);
}
