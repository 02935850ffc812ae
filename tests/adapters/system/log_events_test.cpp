#include "adapters/system/log_events.hpp"

#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "adapters/system/log_text.hpp"
#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using namespace rebalancer::system;

namespace {

struct Log {
  test::FakeClock clock{Instant::from_nanoseconds(1'795'419'000'123'456'789)};
  Secrets secrets;
  std::ostringstream stream;
  std::unique_ptr<LogEvents> events;

  explicit Log(LogSettings settings = {}) : events(LogEvents::to_stream(stream, settings, clock, secrets)) {}
  [[nodiscard]] std::string text() const { return stream.str(); }
};

LogSettings as_text() {
  LogSettings settings;
  settings.format = LogSettings::Format::text;
  return settings;
}

}  // namespace

TEST_CASE("an event is one JSON line with time, level, event, message, run and fields") {
  Log log;
  log.events->set_run_id("7f3a");
  log.events->emit(EventLevel::warning, "order_rejected", "SPY: insufficient cash",
                   {{"symbol", "SPY"}, {"cash", "1.5"}});
  CHECK(log.text() ==
        R"({"ts":"2026-11-23T07:30:00.123Z","level":"warning","event":"order_rejected","msg":"SPY: insufficient cash",)"
        R"("symbol":"SPY","cash":"1.5","run_id":"7f3a"})"
        "\n");
}

TEST_CASE("events below the level are not written") {
  Log log;
  log.events->emit(EventLevel::debug, "detail", "quiet", {});
  CHECK(log.text().empty());
  log.events->emit(EventLevel::info, "news", "told", {});
  CHECK_FALSE(log.text().empty());
}

TEST_CASE("a key appears once: a field cannot overwrite the time, and an explicit run wins") {
  Log log;
  log.events->set_run_id("context");
  log.events->emit(EventLevel::info, "e", "m", {{"ts", "forged"}, {"run_id", "explicit"}, {"a", "1"}, {"a", "2"}});
  CHECK(
      log.text() ==
      R"({"ts":"2026-11-23T07:30:00.123Z","level":"info","event":"e","msg":"m","_ts":"forged","run_id":"explicit","a":"1"})"
      "\n");
}

TEST_CASE("nothing in a message can start a second line or move a cursor") {
  std::string hostile = "a\nb\r\x1b[2J\"\\\t";
  hostile += '\0';
  hostile += "\xc2\x9b\xff\xe2\x80\xae!";
  Log json;
  json.events->emit(EventLevel::info, "e", hostile, {{"f", hostile}});
  CHECK(json.text().find('\n') == json.text().size() - 1);
  CHECK(json.text().find(R"("msg":"a\nb\u000d\u001b[2J\"\\\t\u0000\u009b)"
                         "\xEF\xBF\xBD"
                         R"(\u202e!")") != std::string::npos);
  Log text(as_text());
  text.events->emit(EventLevel::info, "e", hostile, {{"f", hostile}});
  CHECK(text.text().find('\n') == text.text().size() - 1);
  CHECK(text.text().find(R"(a\nb\x0d\x1b[2J"\\t\x00\x9b\xff\u202e!)") != std::string::npos);
  for (const char c : text.text()) CHECK((static_cast<unsigned char>(c) >= 0x20 || c == '\n'));
}

TEST_CASE("overlong and truncated UTF-8 is replaced, valid UTF-8 is kept") {
  CHECK(json_string("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x92\xb0") ==
        "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x92\xb0\"");
  CHECK(json_string("\xc0\xaf") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json_string("\xed\xa0\x80") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(json_string("\xe2\x82") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST_CASE("long texts are cut between characters and say by how much") {
  CHECK(bounded("abcdef", 6) == "abcdef");
  CHECK(bounded("abcdefg", 6) == "abcdef... (+1 bytes)");
  CHECK(bounded("a\xe2\x82\xac", 3) == "a... (+3 bytes)");
  CHECK(bounded("abcdefg", 6, 10) == "abcdef... (+11 bytes)");
  CHECK(bounded("abc", 6, 10) == "abc... (+10 bytes)");
  Log log;
  log.events->emit(EventLevel::info, "e", std::string(1'000'000, 'x'), {{"f", std::string(1'000'000, 'y')}});
  CHECK(log.text().size() < 10'000);
}

TEST_CASE("a secret is never written: not in a message, a field, a key, a URL, nor cut in half") {
  Log log;
  const std::string secret = "s3cr3t/+&key";
  log.secrets.add(secret);
  log.secrets.add("s3cr3t");
  log.secrets.add("");
  const std::string at_the_cut = std::string(LogEvents::message_size_max - 5, 'x') + secret;
  log.events->emit(EventLevel::error, "e", "key is " + secret, {{"f", secret + secret}, {secret, "v"}});
  log.events->emit(EventLevel::error, "e", at_the_cut, {{"url", "https://h/?k=s3cr3t%2F%2B%26key"}});
  log.events->set_run_id(secret);
  log.events->emit(EventLevel::error, secret, "m", {});
  CHECK(log.text().find("s3cr") == std::string::npos);
  CHECK(log.text().find("key\"") == std::string::npos);
  CHECK(log.text().find("\"key is ***\"") != std::string::npos);
  CHECK(log.text().find("\"f\":\"******\"") != std::string::npos);
  CHECK(log.text().find("https://h/?k=***") != std::string::npos);
}

TEST_CASE("progress is written only where it is wanted, and cleared before the next line") {
  Log silent;
  silent.events->progress("fetching", 1, 5);
  CHECK(silent.text().empty());

  LogSettings settings = as_text();
  settings.shows_progress = true;
  Log log(settings);
  log.events->progress("fetching", 1, 4);
  CHECK(log.text() == "\r\x1b[K  fetching ######.................. 1/4");
  log.events->progress("fetching", 2, 4);  // too soon after the last
  CHECK(log.text() == "\r\x1b[K  fetching ######.................. 1/4");
  log.clock.advance(std::chrono::seconds(1));
  log.stream.str("");
  log.events->progress("fetching", 2, 4);
  CHECK(log.text().ends_with("2/4"));
  log.stream.str("");
  log.events->emit(EventLevel::info, "e", "m", {});
  CHECK(log.text().starts_with("\r\x1b[K2026-"));
  log.stream.str("");
  log.events->progress("fetching", 4, 4);  // nothing shown any more: nothing to clear
  CHECK(log.text().empty());
}

TEST_CASE("a log file is appended to, and one that cannot be opened is an error") {
  const test::TemporaryDirectory folder;
  const test::FakeClock clock;
  const Secrets secrets;
  for (int i = 0; i < 2; ++i) {
    auto events = LogEvents::to_file(folder.file("log").string(), {}, clock, secrets);
    REQUIRE(events.has_value());
    (*events)->emit(EventLevel::info, "e", "m", {});
  }
  std::ifstream file(folder.file("log").string());
  int lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  CHECK(lines == 2);
  CHECK(LogEvents::to_file(folder.path().string(), {}, clock, secrets).error().code == ErrorCode::unavailable);
}

TEST_CASE("a run is named by the thread that it runs on, and by no other") {
  Log log;
  Log other;
  log.events->set_run_id("7f3a");
  std::jthread([&log] { log.events->emit(EventLevel::info, "request", "", {}); }).join();
  CHECK(log.text().find("run_id") == std::string::npos);
  std::jthread([&log] {
    log.events->set_run_id("b2c1");
    log.events->emit(EventLevel::info, "stage", "", {});
  }).join();
  CHECK(log.text().find(R"("run_id":"b2c1")") != std::string::npos);
  // Threads are numbered anew when they end: a run must not pass to whoever is given its number.
  log.stream.str("");
  for (int i = 0; i < 20; ++i) {
    std::jthread([&log] { log.events->emit(EventLevel::info, "request", "", {}); }).join();
  }
  CHECK(log.text().find("run_id") == std::string::npos);
  log.events->emit(EventLevel::info, "stage", "", {});
  CHECK(log.text().find(R"("run_id":"7f3a")") != std::string::npos);
  other.events->emit(EventLevel::info, "e", "", {});
  CHECK(other.text().find("run_id") == std::string::npos);
  log.stream.str("");
  log.events->set_run_id({});
  log.events->emit(EventLevel::info, "request", "", {});
  CHECK(log.text().find("run_id") == std::string::npos);
}

TEST_CASE("a log does not go on with the run of one that is gone") {
  for (int i = 0; i < 10; ++i) {
    Log log;
    log.events->emit(EventLevel::info, "e", "", {});
    CHECK(log.text().find("run_id") == std::string::npos);
    log.events->set_run_id("7f3a");
    log.events->emit(EventLevel::info, "e", "", {});
    CHECK(log.text().find(R"("run_id":"7f3a")") != std::string::npos);
  }
}

TEST_CASE("ids of orders and decisions are fields beside the run's") {
  Log log;
  log.events->set_run_id("7f3a");
  log.events->emit(EventLevel::info, "order_filled", "bought 2 SPY",
                   {{"order_id", "rb-7f3a-SPY-b-1"}, {"decision_id", "4f1c"}});
  CHECK(log.text().ends_with(
      "\"msg\":\"bought 2 SPY\",\"order_id\":\"rb-7f3a-SPY-b-1\",\"decision_id\":\"4f1c\",\"run_id\":\"7f3a\"}\n"));
}

TEST_CASE("lines of many threads stay whole") {
  Log log;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&log] {
        for (int i = 0; i < 200; ++i) log.events->emit(EventLevel::info, "e", "message", {{"a", "b"}});
      });
    }
  }
  std::istringstream lines(log.text());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CHECK(line == R"({"ts":"2026-11-23T07:30:00.123Z","level":"info","event":"e","msg":"message","a":"b"})");
  }
  CHECK(count == 800);
}
