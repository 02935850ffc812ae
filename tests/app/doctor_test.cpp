#include "app/doctor.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::app;
using Status = Checkup::Status;

TEST_CASE("a clock that was lost is seen") {
  test::FakeClock clock;
  clock.set(Instant::from_seconds(1'790'000'000));
  CHECK(check_clock(clock).status == Status::ok);
  clock.set(Instant::from_seconds(1000));
  CHECK(check_clock(clock).status == Status::failure);
  CHECK(check_clock(clock).fix == "set the clock: timedatectl set-ntp true");
}

TEST_CASE("zones and calendars") {
  test::FakeClock clock;
  clock.set(Instant::from_seconds(1'790'000'000));
  CHECK(check_time_zone("Europe/Berlin").status == Status::ok);
  CHECK(check_time_zone("Mars/Olympus").status == Status::failure);
  CHECK(check_calendar("XNYS", clock).status == Status::ok);
  CHECK(check_calendar("XMRS", clock).exit_code == ExitCode::configuration);
}

TEST_CASE("a schedule at which the exchange is closed is a warning that names both keys and what to set") {
  test::FakeClock clock;
  clock.set(Instant::from_seconds(1'790'000'000));
  Config config;
  config.broker.use = "alpaca";
  const Checkup closed = check_schedule(config, clock);
  CHECK(closed.status == Status::warning);
  CHECK(closed.detail ==
        "schedule.at is 16:30: XNYS is closed then, and execution.outside_market_hours is off, so a scheduled run "
        "sends nothing to alpaca");
  CHECK(closed.fix.starts_with("set schedule.at: close-20m;"));
  const auto at = [&](const char* text, const char* zone = "America/New_York", const char* calendar = "XNYS") {
    config.schedule.at = parse_day_time(text).value();
    config.schedule.zone = zone;
    config.schedule.calendar = calendar;
    return check_schedule(config, clock);
  };
  for (const char* good : {"close-20m", "open", "open+15m", "09:30", "15:40", "15:59"}) {
    CAPTURE(good);
    CHECK(at(good).status == Status::ok);
  }
  for (const char* never : {"close", "close+5m", "open-1m", "09:29", "16:00"}) {
    CAPTURE(never);
    CHECK(at(never).detail.find("XNYS is closed then, ") != std::string::npos);
  }
  // Both clocks change, on other days: 21:45 is 16:45 in New York for a few weeks.
  CHECK(at("21:45", "Europe/Berlin").detail.find("XNYS is closed then on ") != std::string::npos);
  CHECK(at("20:00", "Europe/Berlin").status == Status::ok);
  CHECK(at("03:00", "Asia/Tokyo", "24x7").status == Status::ok);
}

TEST_CASE("a folder that is not there yet is judged by the one above it, and nothing is made") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "a" / "b" / "journal.db";
  CHECK(check_folder("journal", file).status == Status::ok);
  CHECK_FALSE(std::filesystem::exists(directory.path() / "a"));
  std::ofstream(directory.path() / "a") << "a file";
  CHECK(check_folder("journal", file).status == Status::failure);
  CHECK(check_folder("journal", "/proc/1/x/journal.db").status == Status::failure);
}

TEST_CASE("a port that is taken is a warning with its reason") {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(listener >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener, 1) == 0);
  socklen_t size = sizeof address;
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const int port = ntohs(address.sin_port);
  const Checkup taken = check_port("fetcher", "127.0.0.1", port);
  CHECK(taken.status == Status::warning);
  CHECK(taken.detail == fmt::format("fetcher cannot listen on 127.0.0.1 port {}: Address already in use", port));
  close(listener);
  CHECK(check_port("fetcher", "127.0.0.1", port).status == Status::ok);
  CHECK(check_port("fetcher", "127.0.0.1", 0).status == Status::ok);
}
