#include "interactive_brokers/times.hpp"

#include <doctest/doctest.h>

namespace interactive_brokers {
namespace {

std::string instant(std::string_view text, std::string_view zone = "") {
  const auto told = instant_from(text, zone);
  return told ? told->to_string() : told.error().message;
}

Instant at(const char* text) { return Instant::parse(text).value(); }

constexpr const char* hours =
    "20260405:CLOSED;20260406:0930-20260406:1600;20260407:0930-20260407:1300;20260408:CLOSED;20260409:0930-20260409:"
    "1600";

std::string state(const char* now, std::string_view list = hours, const char* zone = "US/Eastern") {
  const auto told = market_hours(list, zone_named(zone).value(), at(now));
  if (!told) return told.error().message;
  const char* const names[] = {"open", "closed", "not told"};
  return names[static_cast<int>(told->state)] + (told->next_open ? " " + told->next_open->to_string() : "");
}

}  // namespace

TEST_CASE("stamps, with a zone, with the gateway's and in UTC") {
  CHECK(instant("20260413 15:27:04 US/Eastern") == "2026-04-13T19:27:04.000Z");
  CHECK(instant("20230224  12:04:56", "EST (Eastern Standard Time)") == "2023-02-24T17:04:56.000Z");
  CHECK(instant("20230724  12:04:56", "EST") == "2023-07-24T16:04:56.000Z");
  CHECK(instant("20260413-19:27:04") == "2026-04-13T19:27:04.000Z");
  CHECK(instant("20250708 02:35:00 America/New_York") == "2025-07-08T06:35:00.000Z");
  CHECK(instant("20260413 21:27:03 Central European Standard Time") == "2026-04-13T19:27:03.000Z");
  CHECK(instant("20240125 10:30:00") == "the time 20240125 10:30:00 has no zone, and none is set");
  CHECK(instant("20240125 10:30:00 Mars/Base").find("Mars/Base") != std::string::npos);
  for (const char* wrong : {"", "20240125", "20240231 10:30:00 UTC", "20240125 24:30:00 UTC", "20240125 10:30 UTC",
                            "20240125T10:30:00 UTC", "20240125 10:30:00UTC", "2024012x 10:30:00"}) {
    CAPTURE(wrong);
    CHECK_FALSE(instant_from(wrong, "UTC"));
  }
}

TEST_CASE("the zone of a connection") {
  CHECK(zone_name_in("20260413 21:27:03 Central European Standard Time") == "Central European Standard Time");
  CHECK(zone_name_in("20230405 22:20:39 PST") == "PST");
  CHECK(zone_name_in("soon").empty());
  CHECK(zone_name_in("").empty());
}

TEST_CASE("hours: open, closed until when, an early close, a holiday, and days that are not told") {
  CHECK(state("2026-04-06T13:29:59Z") == "closed 2026-04-06T13:30:00.000Z");
  CHECK(state("2026-04-06T13:30:00Z").starts_with("open"));
  CHECK(state("2026-04-06T19:59:59Z").starts_with("open"));
  CHECK(state("2026-04-06T20:00:00Z") == "closed 2026-04-07T13:30:00.000Z");
  CHECK(state("2026-04-07T17:00:00Z") == "closed 2026-04-09T13:30:00.000Z");
  CHECK(state("2026-04-08T15:00:00Z") == "closed 2026-04-09T13:30:00.000Z");
  CHECK(state("2026-04-09T20:00:00Z") == "closed");
  CHECK(state("2026-04-10T15:00:00Z") == "not told");
  CHECK(state("2026-04-06T15:00:00Z", "") == "not told");
}

TEST_CASE("hours of older servers, of two sessions, and over midnight") {
  const char* older = "20090507:0700-1130,1230-2330;20090508:CLOSED";
  CHECK(state("2009-05-07T12:00:00Z", older).starts_with("open"));
  CHECK(state("2009-05-07T16:00:00Z", older) == "closed 2009-05-07T16:30:00.000Z");
  const char* night = "20250521:1700-20250522:1600";
  CHECK(state("2025-05-22T03:00:00Z", night).starts_with("open"));
  for (const char* wrong : {"soon", "20260406", "20260406:09:30", "20260406:0930-1600x", "20260406:1600-0930",
                            "20260406:0930-2501", "20261306:CLOSED"}) {
    CAPTURE(wrong);
    CHECK_FALSE(market_hours(wrong, zone_named("UTC").value(), at("2026-04-06T15:00:00Z")));
  }
}

}  // namespace interactive_brokers
