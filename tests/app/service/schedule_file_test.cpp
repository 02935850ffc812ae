#include "app/service/schedule_file.hpp"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "support/temporary_directory.hpp"

namespace rebalancer::app {
namespace {

TEST_CASE("what is written is read, and gone when removed") {
  const test::TemporaryDirectory directory;
  const ScheduleFile file(directory.file("schedule.json"));
  REQUIRE(file.read());
  CHECK_FALSE(*file.read());
  const Schedule schedule{
      .enabled = false, .at = {.anchor = DayTime::Anchor::close, .minutes = -20}, .zone = "America/New_York"};
  REQUIRE(file.write(schedule));
  const auto read = file.read();
  REQUIRE(read);
  REQUIRE(*read);
  CHECK((*read)->at == schedule.at);
  CHECK((*read)->zone == schedule.zone);
  CHECK_FALSE((*read)->enabled);
  REQUIRE(file.remove());
  REQUIRE(file.remove());
  CHECK_FALSE(*file.read());
}

TEST_CASE("a file that is not a schedule is named with its rule, and not touched") {
  const test::TemporaryDirectory directory;
  const std::pair<const char*, const char*> cases[] = {
      {"", "is not"},
      {"[]", "is not a JSON object"},
      {R"({"at":"16:30","zone":"UTC"})", "lacks \"enabled\""},
      {R"({"at":1630,"zone":"UTC","enabled":true})", "lacks \"at\", a text"},
      {R"({"at":"noon","zone":"UTC","enabled":true})", "has an \"at\" that must be a time of day"},
      {R"({"at":"16:30","zone":"UTC","enabled":true,"when":1})", "has an unknown key \"when\""},
      {R"({"at":"16:30","at":"16:31","zone":"UTC","enabled":true})", "at"},
  };
  for (const auto& [text, rule] : cases) {
    CAPTURE(text);
    const ScheduleFile file(directory.write("schedule.json", text));
    const auto read = file.read();
    if (std::string_view(text).empty()) {
      CHECK_FALSE(read);
      continue;
    }
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::invalid);
    CHECK(read.error().message.find(rule) != std::string::npos);
    CHECK(read.error().message.find("schedule.json") != std::string::npos);
    std::ostringstream kept;
    kept << std::ifstream(file.file()).rdbuf();
    CHECK(kept.str() == text);
  }
}

TEST_CASE("where it cannot be written, the old one stays") {
  const test::TemporaryDirectory directory;
  const ScheduleFile file(directory.file("nowhere/schedule.json"));
  const auto written = file.write({});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == ErrorCode::unavailable);
  CHECK(written.error().message.find("nowhere/schedule.json.new cannot be written") != std::string::npos);
}

}  // namespace
}  // namespace rebalancer::app
