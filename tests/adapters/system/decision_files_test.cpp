#include "adapters/system/decision_files.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/temporary_directory.hpp"

using namespace rebalancer;
using rebalancer::system::DecisionFiles;
using rebalancer::system::FileOperations;

namespace {

const std::string id = "0123456789abcdef0123456789abcdef";
const std::string other_id = "01234567ffffffffffffffffffffffff";

// Steps that change the disk, counted; from one of them on they fail. Of a write that fails half is written.
struct Faults {
  int steps = 0;
  int first_failing = 0;  // from 1; 0: none
  int failing = 1;        // so many in a row; the dead do nothing any more
  int error = ENOSPC;
  bool short_writes = false;
};
Faults faults;

bool fails() {
  ++faults.steps;
  const int past = faults.steps - faults.first_failing;
  if (faults.first_failing == 0 || past < 0 || past >= faults.failing) return false;
  errno = faults.error;
  return true;
}

FileOperations faulty() {
  static const FileOperations real;
  FileOperations operations;
  operations.open = [](const char* file, int flags, mode_t mode) {
    return fails() ? -1 : real.open(file, flags, mode);
  };
  operations.write = [](int descriptor, const void* bytes, std::size_t size) -> ssize_t {
    if (fails()) {
      const ssize_t half = real.write(descriptor, bytes, size / 2);
      errno = half < 0 ? errno : faults.error;
      return -1;
    }
    return real.write(descriptor, bytes, faults.short_writes ? std::min<std::size_t>(size, 3) : size);
  };
  operations.fsync = [](int descriptor) { return fails() ? -1 : real.fsync(descriptor); };
  operations.close = [](int descriptor) {
    const bool wrong = fails();
    const int error = errno;
    const int closed = real.close(descriptor);  // the kernel closes it either way
    errno = error;
    return wrong ? -1 : closed;
  };
  operations.rename = [](const char* from, const char* to) { return fails() ? -1 : real.rename(from, to); };
  operations.unlink = [](const char* file) { return fails() ? -1 : real.unlink(file); };
  operations.mkdir = [](const char* folder, mode_t mode) { return fails() ? -1 : real.mkdir(folder, mode); };
  return operations;
}

// Stages and publishes in a new folder with what `faults` says, then hands the folder to `look`.
template <class Look>
void with_faults(const Faults& wanted, Look&& look) {
  const test::TemporaryDirectory folder;
  faults = wanted;
  DecisionFiles files(folder.file("data/decisions"), faulty());
  const bool staged = files.stage(id, "the whole text\n").has_value();
  const bool published = staged && files.publish(id).has_value();
  faults.first_failing = 0;
  look(folder.file("data/decisions"), staged, published);
}

int step_count() {
  int steps = 0;
  with_faults({}, [&](const auto&, bool, bool published) {
    CHECK(published);
    steps = faults.steps;
  });
  return steps;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

TEST_CASE("decisions lie beside the journal") {
  CHECK(DecisionFiles::folder_beside("data/journal.db") == "data/decisions");
  CHECK(DecisionFiles::folder_beside("journal.db") == "decisions");
}

TEST_CASE("a decision is seen when it is published, not when it is staged") {
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.file("data/decisions"));
  CHECK(files.ids()->empty());
  CHECK(files.read(id).error().code == ErrorCode::not_found);

  REQUIRE(files.stage(id, "text\n").has_value());
  CHECK(files.ids()->empty());
  CHECK(files.read(id).error().code == ErrorCode::not_found);
  CHECK(names_in(folder.file("data/decisions")) == std::vector{id + ".json.staged"});

  REQUIRE(files.publish(id).has_value());
  CHECK(*files.ids() == std::vector{id});
  CHECK(*files.read(id) == "text\n");
  CHECK(*files.read("01234567") == "text\n");
  CHECK(names_in(folder.file("data/decisions")) == std::vector{id + ".json"});
  CHECK(*DecisionFiles(folder.file("data/decisions")).read(id) == "text\n");
}

TEST_CASE("any bytes come back as they were, none too") {
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.path());
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += static_cast<char>(i * 7 % 256);
  for (const std::string& text : {std::string(), bytes}) {
    const std::string name = text.empty() ? id : other_id;
    REQUIRE(files.stage(name, text).has_value());
    REQUIRE(files.publish(name).has_value());
    CHECK(*files.read(name) == text);
  }
}

TEST_CASE("staging and publishing again is fine, and a published decision never changes") {
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.file("decisions"));
  CHECK(files.publish(id).error().code == ErrorCode::not_found);
  REQUIRE(files.stage(id, "first, and longer").has_value());
  REQUIRE(files.stage(id, "second").has_value());
  REQUIRE(files.publish(id).has_value());
  REQUIRE(files.publish(id).has_value());
  CHECK(*files.read(id) == "second");
  REQUIRE(files.stage(id, "second").has_value());
  CHECK(names_in(folder.file("decisions")) == std::vector{id + ".json"});
  CHECK(files.stage(id, "third").error().code == ErrorCode::conflict);
  // However a staged text came to be there: what is published stays.
  folder.write("decisions/" + id + ".json.staged", "third");
  REQUIRE(files.publish(id).has_value());
  CHECK(*files.read(id) == "second");
  CHECK(names_in(folder.file("decisions")) == std::vector{id + ".json"});
}

TEST_CASE("a prefix is at least 8 hex digits and leads to one decision") {
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.file("decisions"));
  for (const std::string& name : {id, other_id}) {
    REQUIRE(files.stage(name, name).has_value());
    REQUIRE(files.publish(name).has_value());
  }
  CHECK(*files.read("012345678") == id);
  CHECK(*files.read("01234567f") == other_id);
  CHECK(*files.read(other_id) == other_id);
  const auto ambiguous = files.read("01234567");
  REQUIRE_FALSE(ambiguous.has_value());
  CHECK(ambiguous.error().code == ErrorCode::conflict);
  CHECK(ambiguous.error().message == "01234567 begins 2 decisions, such as " + id + " and " + other_id);
  CHECK(files.read("01234568").error().code == ErrorCode::not_found);
  for (const std::string& wrong : {std::string(), std::string("0123456"), std::string("0123456G"),
                                   std::string("0123456F"), id + "0", std::string("../../../etc/passwd")}) {
    CAPTURE(wrong);
    CHECK(files.read(wrong).error().code == ErrorCode::invalid);
  }
  for (const std::string& wrong : {std::string(), id.substr(1), id + "0", "../" + id.substr(3)}) {
    CAPTURE(wrong);
    CHECK(files.stage(wrong, "text").error().code == ErrorCode::invalid);
    CHECK(files.publish(wrong).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("the ids are those of published decisions, sorted, whatever else lies there") {
  const test::TemporaryDirectory folder;
  const std::string late(32, 'f');
  for (const std::string& name :
       {late + ".json", id + ".json", other_id + ".json.staged", other_id + ".json.part", std::string("notes.txt"),
        std::string(32, 'G') + ".json", std::string(31, 'a') + ".json", std::string(33, 'a') + ".json"}) {
    folder.write("decisions/" + name, "text");
  }
  CHECK(*DecisionFiles(folder.file("decisions")).ids() == std::vector{id, late});
  CHECK(DecisionFiles(folder.file("none")).ids()->empty());
  folder.write("file", "");
  CHECK(DecisionFiles(folder.file("file")).ids().error().code == ErrorCode::unavailable);
}

TEST_CASE("a decision beyond 256 MiB is neither written nor read") {
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.path());
  const std::string_view too_long(id.data(), DecisionFiles::text_size_max + 1);  // refused before anybody looks
  CHECK(files.stage(id, too_long).error().code == ErrorCode::invalid);
  const auto file = folder.write(id + ".json", "");
  REQUIRE(truncate(file.c_str(), static_cast<off_t>(DecisionFiles::text_size_max) + 1) == 0);  // takes no space
  CHECK(files.read(id).error().code == ErrorCode::exhausted);
}

TEST_CASE("a decision that is no file is an error with its name") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.file(id + ".json"));
  REQUIRE(mkfifo(folder.file(other_id + ".json").c_str(), 0644) == 0);
  DecisionFiles files(folder.path());
  for (const std::string& name : {id, other_id}) {
    const auto text = files.read(name);
    REQUIRE_FALSE(text.has_value());
    CHECK(text.error().code == ErrorCode::unavailable);
    CHECK(text.error().message.find(name + ".json is not a regular file") != std::string::npos);
  }
}

TEST_CASE("a disk that takes three bytes at a time takes all of it") {
  with_faults({.short_writes = true}, [](const auto& folder, bool, bool published) {
    CHECK(published);
    CHECK(*DecisionFiles(folder).read(id) == "the whole text\n");
  });
}

TEST_CASE("file and folder are synced before a decision is staged, and the folder before it is published") {
  // What was done, in order, as one letter each.
  static std::string log;
  log.clear();
  FileOperations operations;
  operations.open = [](const char* file, int flags, mode_t mode) {
    static const FileOperations real;
    log += std::filesystem::is_directory(file) ? "(" : "o";
    return real.open(file, flags, mode);
  };
  operations.write = [](int descriptor, const void* bytes, std::size_t size) {
    log += "w";
    return ::write(descriptor, bytes, size);
  };
  operations.fsync = [](int descriptor) {
    log += "s";
    return ::fsync(descriptor);
  };
  operations.close = [](int descriptor) {
    log += ")";
    return ::close(descriptor);
  };
  operations.rename = [](const char* from, const char* to) {
    log += "r";
    return std::rename(from, to);
  };
  operations.mkdir = [](const char* folder, mode_t mode) {
    log += "m";
    return ::mkdir(folder, mode);
  };
  const test::TemporaryDirectory folder;
  DecisionFiles files(folder.file("data/decisions"), operations);
  REQUIRE(files.stage(id, "text").has_value());
  CHECK(log == "m(s)m(s)ows)r(s)");
  log.clear();
  REQUIRE(files.publish(id).has_value());
  CHECK(log == "r(s)");
  // Done before, by somebody who may have died just then.
  log.clear();
  REQUIRE(files.publish(id).has_value());
  REQUIRE(files.stage(id, "text").has_value());
  CHECK(log == "(s)(s)");
}

TEST_CASE("whatever step fails, nothing half-written is published, and the same again succeeds") {
  const int steps = step_count();
  REQUIRE(steps > 10);
  for (const auto& [error, code] : {std::pair(ENOSPC, ErrorCode::exhausted), std::pair(EDQUOT, ErrorCode::exhausted),
                                    std::pair(EIO, ErrorCode::unavailable), std::pair(EROFS, ErrorCode::unavailable)}) {
    for (int step = 1; step <= steps; ++step) {
      CAPTURE(error);
      CAPTURE(step);
      with_faults({.first_failing = step, .error = error}, [](const auto& folder, bool staged, bool published) {
        DecisionFiles files(folder, faulty());
        if (published) CHECK(staged);
        if (const auto text = files.read(id)) CHECK(*text == "the whole text\n");
        if (published) CHECK(files.read(id).has_value());
        if (!staged) CHECK(files.ids()->empty());
        // Only what is whole gets the name that publish looks for.
        const auto early = files.publish(id);
        if (early) CHECK(*files.read(id) == "the whole text\n");
        CHECK(files.stage(id, "the whole text\n").has_value());
        CHECK(files.publish(id).has_value());
        CHECK(*files.read(id) == "the whole text\n");
        CHECK(names_in(folder) == std::vector{id + ".json"});
      });
      // The error of the step is told with the file.
      const test::TemporaryDirectory folder;
      faults = {.first_failing = step, .error = error};
      DecisionFiles files(folder.file("data/decisions"), faulty());
      auto done = files.stage(id, "the whole text\n");
      if (done) done = files.publish(id);
      if (done) continue;
      CHECK(done.error().code == code);
      CHECK(done.error().message.find(folder.path().string()) == 0);
    }
  }
}

TEST_CASE("a text that was staged stays whole while another is staged in its place") {
  const int steps = step_count();
  for (int step = 1; step <= steps; ++step) {
    CAPTURE(step);
    const test::TemporaryDirectory folder;
    REQUIRE(DecisionFiles(folder.path()).stage(id, "first").has_value());
    faults = {.first_failing = step, .failing = 1000};
    const bool replaced = DecisionFiles(folder.path(), faulty()).stage(id, "second").has_value();
    DecisionFiles files(folder.path());
    REQUIRE(files.publish(id).has_value());
    const std::string text = *files.read(id);
    CHECK((text == "second" || (!replaced && text == "first")));
  }
}

TEST_CASE("a process that dies at any step leaves nothing that the next one cannot finish") {
  const int steps = step_count();
  for (int step = 1; step <= steps; ++step) {
    CAPTURE(step);
    with_faults({.first_failing = step, .failing = 1000, .error = EIO}, [](const auto& folder, bool staged, bool) {
      DecisionFiles files(folder);
      if (staged) {
        CHECK(files.publish(id).has_value());
      } else {
        CHECK(files.ids()->empty());
        CHECK(files.stage(id, "the whole text\n").has_value());
        CHECK(files.publish(id).has_value());
      }
      CHECK(*files.read(id) == "the whole text\n");
      CHECK(names_in(folder) == std::vector{id + ".json"});
    });
  }
}
