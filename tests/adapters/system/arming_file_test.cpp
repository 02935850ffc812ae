#include "adapters/system/arming_file.hpp"

#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using system::ArmingFile;

namespace {

constexpr std::int64_t start_s = 1'795'419'000;

struct Scene {
  Arming leave(int hours = 24, std::int64_t value = 5'000) {
    return {clock.now(),
            Instant::from_nanoseconds(clock.now().nanoseconds() + hours * 3'600'000'000'000),
            Decimal::whole(value),
            "U1",
            {}};
  }
  void append(const std::string& text) { std::ofstream(path, std::ios::app | std::ios::binary) << text; }
  std::string refusal(std::string_view id = "rb-1", std::int64_t value = 1) {
    const auto admitted = file.admit("U1", id, Decimal::whole(value));
    return admitted ? "" : admitted.error().message;
  }

  test::TemporaryDirectory directory;
  test::FakeClock clock{Instant::from_seconds(start_s)};
  std::filesystem::path path = directory.path() / "data" / "ARMED";
  ArmingFile file{path, clock};
};

}  // namespace

TEST_CASE("without leave no order with real money leaves") {
  Scene scene;
  CHECK_FALSE(scene.file.read().value().has_value());
  CHECK(scene.refusal() == "live trading is not armed: 'rebalancer arm --for 24h --max-value $5000' gives leave");
  CHECK(scene.file.disarm().has_value());
}

TEST_CASE("leave ends by itself, is for one account, and is nobody's when the clock is before it") {
  Scene scene;
  REQUIRE(scene.file.arm(scene.leave()).has_value());
  struct stat status {};
  REQUIRE(::stat(scene.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(scene.file.check("U1").has_value());
  CHECK(scene.file.check("U2").error().message.starts_with("live trading is armed for account U1, this is U2: "));
  scene.clock.advance(std::chrono::hours(24) - std::chrono::nanoseconds(1));
  CHECK(scene.refusal().empty());
  scene.clock.advance(std::chrono::nanoseconds(1));
  CHECK(scene.refusal("rb-2").starts_with("live trading was armed from "));
  REQUIRE(scene.file.arm(scene.leave()).has_value());
  CHECK(scene.refusal("rb-2").empty());
  test::FakeClock early{Instant::from_seconds(start_s)};
  CHECK_FALSE(ArmingFile(scene.path, early).check("U1").has_value());
  REQUIRE(scene.file.disarm().has_value());
  CHECK_FALSE(scene.file.check("U1").has_value());
}

TEST_CASE("every order counts once, across processes, and the value is never exceeded") {
  Scene scene;
  REQUIRE(scene.file.arm(scene.leave()).has_value());
  CHECK(scene.refusal("rb-1", 3'000).empty());
  CHECK(scene.refusal("rb-1", 3'000).empty());
  ArmingFile other(scene.path, scene.clock);
  CHECK(other.read().value()->sent == Decimal::whole(3'000));
  CHECK(scene.refusal("rb-2", 2'001) ==
        "order rb-2 is worth 2001, and 3000 of the 5000 that live trading is armed for are sent: 'rebalancer arm --for "
        "24h --max-value $5000' gives leave");
  CHECK(other.admit("U1", "rb-3", Decimal::whole(2'000)).has_value());
  CHECK_FALSE(scene.refusal("rb-4", 1).empty());
  CHECK(scene.refusal("rb-1", 3'000).empty());
}

TEST_CASE("a line that a killed process left unfinished counts for nothing, anything else that is odd ends the leave") {
  Scene scene;
  REQUIRE(scene.file.arm(scene.leave()).has_value());
  CHECK(scene.refusal("rb-1", 1'000).empty());
  scene.append("order rb-2");
  CHECK(scene.refusal("rb-3", 1'000).empty());
  CHECK(scene.file.read().value()->sent == Decimal::whole(2'000));
  CHECK(scene.refusal("rb-4", 3'000).empty());
  scene.append("order rb-5 many\n");
  CHECK(scene.refusal("rb-6").find("this is no leave to trade") != std::string::npos);
  for (const char* line : {"", "armed", "armed yesterday until tomorrow value 5 account U1\n",
                           "armed 2026-11-23T07:30:00Z until 2026-11-24T07:30:00Z value -5 account U1\n"}) {
    CAPTURE(line);
    std::ofstream(scene.path, std::ios::binary | std::ios::trunc) << line;
    CHECK_FALSE(scene.file.check("U1").has_value());
    CHECK_FALSE(scene.file.read().has_value());
  }
}

TEST_CASE("leave that makes no sense is not given") {
  Scene scene;
  Arming backwards = scene.leave();
  backwards.until = backwards.armed_at;
  CHECK(scene.file.arm(backwards).error().code == ErrorCode::invalid);
  CHECK(scene.file.arm(scene.leave(24, 0)).error().message == "the value is 0, must be positive");
  Arming nobody = scene.leave();
  nobody.account = "";
  CHECK(scene.file.arm(nobody).error().code == ErrorCode::invalid);
  CHECK_FALSE(std::filesystem::exists(scene.path));
}
