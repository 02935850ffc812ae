#include "adapters/system/trading_switch.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/fake_clock.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using rebalancer::system::FileTradingSwitch;

namespace {

using std::chrono::milliseconds;

struct Scene {
  test::TemporaryDirectory folder;
  test::FakeClock clock{Instant::from_nanoseconds(1'795'419'000'123'000'000)};
  FileTradingSwitch kill_switch{folder.file("data/HALT"), clock};

  [[nodiscard]] std::filesystem::path halt_file() const { return folder.file("data/HALT"); }
  [[nodiscard]] TradingStateRecord with_content(const std::string& content) {
    folder.write("data/HALT", content);
    return kill_switch.read();
  }
  [[nodiscard]] std::string content() const {
    std::ifstream stream(halt_file());
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

TradingStateRecord halted(std::string reason) { return {TradingState::halted, std::move(reason), "command", {}}; }

// The rights of somebody who does not own the machine: root may write anywhere.
class WithoutPrivileges {
 public:
  WithoutPrivileges() {
    if (was_root_ && seteuid(65534) != 0) FAIL("seteuid");
  }
  ~WithoutPrivileges() {
    if (was_root_ && seteuid(0) != 0) FAIL("seteuid back");
  }
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;

 private:
  const bool was_root_ = geteuid() == 0;
};

void make_read_only(const Scene& scene) {
  chmod(scene.folder.path().c_str(), 0755);
  chmod(scene.folder.file("data").c_str(), 0555);
}

// No file may grow in this process, as on a full disk.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = signal(SIGXFSZ, SIG_IGN);
    const rlimit nothing{0, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &nothing);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  sighandler_t handler_ = nullptr;
};

}  // namespace

TEST_CASE("the switch of a journal is in its folder") {
  CHECK(FileTradingSwitch::file_beside("data/journal.db") == "data/HALT");
  CHECK(FileTradingSwitch::file_beside("journal.db") == "HALT");
}

TEST_CASE("without a file trading is active, and nobody is said to have changed it") {
  Scene scene;
  const auto record = scene.kill_switch.read();
  CHECK(record.state == TradingState::active);
  CHECK(record.by.empty());
  CHECK_FALSE(record.set_at);
  CHECK_FALSE(std::filesystem::exists(scene.folder.file("data")));
}

TEST_CASE("any file halts, and its first line is the reason") {
  Scene scene;
  CHECK(scene.with_content("").state == TradingState::halted);
  CHECK(scene.with_content("").by == "file");
  CHECK(scene.with_content("").reason.empty());
  for (const char* content : {"\n\n", "active", "active 2026-11-23T07:30:00.000Z command", "Reducing", "reducing!",
                              "halted", "no reducing", "\x01\x02", "{}"}) {
    CAPTURE(content);
    const auto record = scene.with_content(content);
    CHECK(record.state == TradingState::halted);
    CHECK(record.by == "file");
    CHECK_FALSE(record.set_at);
  }
  CHECK(scene.with_content("the broker is odd\nmore\n").reason == "the broker is odd");
  CHECK(scene.with_content("halted until monday\n").reason == "until monday");
  CHECK(scene.with_content("\n  reducing  only sells\r\n").reason == "only sells");
  CHECK(scene.with_content("a \x1b[2J b").reason == "a \\x1b[2J b");
  CHECK(scene.with_content(std::string(1'000'000, 'x')).reason == std::string(512, 'x'));
  CHECK(scene.with_content(std::string(10'000, '\0')).state == TradingState::halted);
}

TEST_CASE("a file whose first word is reducing reduces") {
  Scene scene;
  for (const char* content :
       {"reducing", "reducing\n", "  reducing", "\nreducing\n", "reducing\tbecause", "reducing x"}) {
    CAPTURE(content);
    const auto record = scene.with_content(content);
    CHECK(record.state == TradingState::reducing);
    CHECK(record.by == "file");
  }
}

TEST_CASE("what cannot be read as a file halts, with its reason") {
  Scene scene;
  std::filesystem::create_directories(scene.halt_file());
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  CHECK(scene.kill_switch.read().reason.find("is not a regular file") != std::string::npos);

  std::filesystem::remove(scene.halt_file());
  REQUIRE(mkfifo(scene.halt_file().c_str(), 0644) == 0);
  CHECK(scene.kill_switch.read().state == TradingState::halted);

  std::filesystem::remove(scene.halt_file());
  std::filesystem::create_symlink("nowhere", scene.halt_file());
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  CHECK(scene.kill_switch.pass().record.state == TradingState::halted);

  std::filesystem::remove_all(scene.folder.file("data"));
  scene.folder.write("data", "a file where the folder should be");
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  CHECK(scene.kill_switch.read().reason.find("data/HALT cannot be read (Not a directory)") != std::string::npos);
  CHECK(scene.kill_switch.pass().record.state == TradingState::halted);
}

TEST_CASE("a file that may not be read halts") {
  Scene scene;
  scene.folder.write("data/HALT", "reducing");
  chmod(scene.folder.path().c_str(), 0755);
  chmod(scene.halt_file().c_str(), 0);
  const WithoutPrivileges somebody;
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  CHECK(scene.kill_switch.read().reason.find("Permission denied") != std::string::npos);
}

TEST_CASE("what is set survives a restart and reads back exactly, a line for people") {
  Scene scene;
  const std::string accented = "the \xC3\xA9lan is gone \\ \"quoted\"";
  for (const TradingState state : {TradingState::reducing, TradingState::halted}) {
    for (const std::string& reason : {std::string(), std::string("x"), std::string("  two  blanks "), accented}) {
      const TradingStateRecord record{state, reason, "command", scene.clock.now()};
      REQUIRE(scene.kill_switch.set(record).has_value());
      const auto read = FileTradingSwitch(scene.halt_file(), scene.clock).read();
      CHECK(read.state == state);
      CHECK(read.reason == reason);
      CHECK(read.by == "command");
      CHECK(read.set_at == record.set_at);
    }
  }
  REQUIRE(scene.kill_switch.set({TradingState::halted, "the market looks odd", "signal", {}}).has_value());
  CHECK(scene.content() == "halted 2026-11-23T07:30:00.123Z signal the market looks odd\n");
  REQUIRE(scene.kill_switch.set({TradingState::reducing, "", "", {}}).has_value());
  CHECK(scene.content() == "reducing 2026-11-23T07:30:00.123Z -\n");
  CHECK(scene.kill_switch.read().by.empty());
}

TEST_CASE("every millisecond reads back, before 1970 too") {
  Scene scene;
  for (const std::int64_t milliseconds_since_epoch :
       {-86'400'001LL, -1LL, 0LL, 951'782'399'999LL, 4'102'444'800'000LL}) {
    const auto set_at = Instant::from_nanoseconds(milliseconds_since_epoch * 1'000'000);
    REQUIRE(scene.kill_switch.set({TradingState::halted, "r", "command", set_at}).has_value());
    CHECK(scene.kill_switch.read().set_at == set_at);
  }
  // A line that only looks like one of ours is by hand.
  CHECK(scene.with_content("reducing 2026-02-30T07:30:00.000Z command r").by == "file");
  CHECK(scene.with_content("reducing 2026-11-23T24:30:00.000Z command r").by == "file");
  CHECK(scene.with_content("reducing 2026-11-23 07:30:00.000Z command r").by == "file");
  CHECK(scene.with_content("reducing 2026-11-23T07:30:00.000Z").by == "file");
}

TEST_CASE("a reason is one line of at most 512 bytes and no control characters") {
  Scene scene;
  REQUIRE(scene.kill_switch.set(halted("one\ntwo\r\nthree\x1b[0m")).has_value());
  CHECK(scene.kill_switch.read().reason == "one two  three\\x1b[0m");
  REQUIRE(scene.kill_switch.set(halted("a\nreducing")).has_value());
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  std::string long_reason = "x";
  for (int i = 0; i < 1000; ++i) long_reason += "\xC3\xA9";
  REQUIRE(scene.kill_switch.set(halted(long_reason)).has_value());
  CHECK(scene.kill_switch.read().reason == long_reason.substr(0, 511));
  const std::string content = scene.content();
  CHECK(content.find('\n') == content.size() - 1);
  REQUIRE(scene.kill_switch.set({TradingState::halted, "r", "two words\n", {}}).has_value());
  CHECK(scene.kill_switch.read().by == "two_words_");
  CHECK(scene.kill_switch.read().reason == "r");
}

TEST_CASE("active removes the file, whoever made it, and is fine twice") {
  Scene scene;
  REQUIRE(scene.kill_switch.set({}).has_value());
  CHECK_FALSE(std::filesystem::exists(scene.folder.file("data")));
  REQUIRE(scene.kill_switch.set(halted("r")).has_value());
  REQUIRE(scene.kill_switch.set(halted("r")).has_value());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(scene.kill_switch.set({}).has_value());
    CHECK(scene.kill_switch.read().state == TradingState::active);
  }
  scene.folder.write("data/HALT", "");
  REQUIRE(scene.kill_switch.set({}).has_value());
  CHECK_FALSE(std::filesystem::exists(scene.halt_file()));
}

TEST_CASE("nothing is left beside the state and its lock") {
  Scene scene;
  REQUIRE(scene.kill_switch.set(halted("r")).has_value());
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scene.folder.file("data"))) {
    names.insert(entry.path().filename().string());
  }
  CHECK(names == std::set<std::string>{"HALT", "HALT.lock"});
}

TEST_CASE("a state that is a folder can be neither replaced nor removed, and says so") {
  Scene scene;
  std::filesystem::create_directories(scene.halt_file());
  for (const auto& record : {halted("r"), TradingStateRecord{}}) {
    const auto done = scene.kill_switch.set(record);
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == ErrorCode::unavailable);
    CHECK(done.error().message.find("data/HALT") != std::string::npos);
    CHECK(done.error().message.find("Is a directory") != std::string::npos);
  }
  CHECK(std::distance(std::filesystem::directory_iterator(scene.folder.file("data")), {}) == 1);
}

TEST_CASE("in a folder that is read-only passes read the state and set says why it cannot write") {
  Scene scene;
  scene.folder.write("data/HALT", "reducing");
  make_read_only(scene);
  const WithoutPrivileges somebody;
  const auto pass = scene.kill_switch.pass();
  CHECK(pass.record.state == TradingState::reducing);
  CHECK(pass.held == nullptr);
  const auto done = scene.kill_switch.set(halted("r"));
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == ErrorCode::unavailable);
  CHECK(done.error().message == scene.halt_file().string() + ": the state cannot be written (Permission denied)");
  const auto removed = scene.kill_switch.set({});
  REQUIRE_FALSE(removed.has_value());
  CHECK(removed.error().message == scene.halt_file().string() + ": cannot be removed (Permission denied)");
}

TEST_CASE("a folder that cannot be made is an error with its name") {
  Scene scene;
  scene.folder.write("data", "a file where the folder should be");
  const auto done = scene.kill_switch.set(halted("r"));
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == ErrorCode::unavailable);
  CHECK(done.error().message.find(scene.folder.file("data").string() + ": the folder cannot be created") == 0);
}

TEST_CASE("a lock file that cannot be opened keeps nobody from halting") {
  Scene scene;
  std::filesystem::create_directories(scene.folder.file("data"));
  std::filesystem::create_symlink("elsewhere", scene.folder.file("data/HALT.lock"));
  CHECK(scene.kill_switch.pass().record.state == TradingState::active);
  REQUIRE(scene.kill_switch.set(halted("r")).has_value());
  CHECK(scene.kill_switch.pass().record.state == TradingState::halted);
  CHECK_FALSE(std::filesystem::exists(scene.folder.file("data/elsewhere")));
}

TEST_CASE("a full disk halts all the same, but does not reduce by half") {
  Scene scene;
  std::filesystem::create_directories(scene.folder.file("data"));
  {
    const FullDisk full;
    CHECK(scene.kill_switch.set(halted("r")).has_value());
  }
  CHECK(scene.content().empty());
  CHECK(scene.kill_switch.read().state == TradingState::halted);
  REQUIRE(scene.kill_switch.set({}).has_value());
  {
    const FullDisk full;
    const auto done = scene.kill_switch.set({TradingState::reducing, "r", "command", {}});
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().message.find("the state cannot be written (File too large)") != std::string::npos);
  }
  CHECK(scene.kill_switch.read().state == TradingState::active);
  CHECK(std::distance(std::filesystem::directory_iterator(scene.folder.file("data")), {}) == 1);
}

TEST_CASE("a pass sees the state, and set waits for those that are held, but not longer than 50 ms") {
  Scene scene;
  REQUIRE(scene.kill_switch.set(halted("free")).has_value());
  CHECK(scene.clock.waited() == milliseconds(0));
  {
    const auto first = scene.kill_switch.pass();
    const auto second = FileTradingSwitch(scene.halt_file(), scene.clock).pass();
    CHECK(first.record.state == TradingState::halted);
    CHECK(second.held != nullptr);
    REQUIRE(scene.kill_switch.set({TradingState::reducing, "held", "command", {}}).has_value());
    CHECK(scene.clock.waited() == milliseconds(50));
    // Who asks meanwhile is not held up, and sees it.
    CHECK(scene.kill_switch.pass().record.state == TradingState::reducing);
    CHECK(scene.clock.waited() == milliseconds(50));
  }
  REQUIRE(scene.kill_switch.set({}).has_value());
  CHECK(scene.clock.waited() == milliseconds(50));
}

TEST_CASE("a lock that somebody keeps to himself halts, after a while") {
  Scene scene;
  REQUIRE(scene.kill_switch.set({}).has_value());
  CHECK(scene.kill_switch.pass().held != nullptr);
  const int stranger = open(scene.folder.file("data/HALT.lock").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(stranger >= 0);
  REQUIRE(flock(stranger, LOCK_EX) == 0);
  const auto pass = scene.kill_switch.pass();
  CHECK(pass.record.state == TradingState::halted);
  CHECK(pass.record.reason.find("HALT.lock cannot be locked") != std::string::npos);
  CHECK(scene.clock.waited() == milliseconds(1000));
  close(stranger);
  CHECK(scene.kill_switch.pass().record.state == TradingState::active);
}
