#include "adapters/system/metrics_process.hpp"

#include <fcntl.h>
#include <map>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace rebalancer::system;

namespace {

std::map<std::string, double> told() {
  std::map<std::string, double> values;
  for (const ProcessFigure& figure : process_figures()) values[figure.name] = figure.value;
  return values;
}

}  // namespace

TEST_CASE("a process' name may hold anything, its fields are found") {
  const std::string_view stat = "17 (a) b (c)) S 1 17 17\n";
  CHECK(stat_field(stat, 3) == "S");
  CHECK(stat_field(stat, 4) == "1");
  CHECK(stat_field(stat, 6) == "17");
  CHECK(stat_field(stat, 7).empty());
  CHECK(stat_field(stat, 2).empty());
  CHECK(stat_field("", 3).empty());
}

TEST_CASE("this process is told of as it is") {
  const auto before = told();
  CHECK(before.at("process_resident_memory_bytes") > 1e6);
  CHECK(before.at("process_virtual_memory_bytes") > before.at("process_resident_memory_bytes"));
  CHECK(before.at("process_cpu_seconds_total") >= 0);
  CHECK(before.at("process_start_time_seconds") > 1.7e9);

  const int descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(descriptor >= 0);
  CHECK(told().at("process_open_fds") == before.at("process_open_fds") + 1);
  ::close(descriptor);
  CHECK(told().at("process_open_fds") == before.at("process_open_fds"));

  std::jthread other([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  CHECK(told().at("process_threads") == before.at("process_threads") + 1);
}
