// The ledger killed at every single write to its files, torn ones included.
#include <cerrno>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "ledger_check.hpp"
#include "support/temporary_directory.hpp"

using namespace rebalancer;
using paper::Ledger;
using paper::LedgerSettings;
using test::order_for;

namespace {

const std::vector<Order>& orders() {
  static const std::vector<Order> all = {
      order_for("a", "SPY", Side::buy, "100"),        order_for("b", "BND", Side::buy, "300", "73"),
      order_for("c", "SPY", Side::sell, "40", "399"), order_for("d", "QQQ", Side::buy, "1"),
      order_for("e", "SPY", Side::buy, "1000"),       order_for("f", "BND", Side::sell, "300")};
  return all;
}

LedgerSettings settings_for(const std::string& file) {
  LedgerSettings settings;
  settings.file = file;
  settings.cost_rate = test::decimal("0.0005");
  settings.fill_fraction = test::decimal("0.5");
  return settings;
}

void trade(const std::string& file) {
  Ledger ledger(settings_for(file));
  ledger.set_marks(test::marks({{"SPY", "400"}, {"BND", "72.5"}}), test::day(0), Instant());
  for (const Order& order : orders()) {
    static_cast<void>(ledger.submit(order, Instant()));
    static_cast<void>(ledger.find_order(order.client_id, Instant()));
  }
}

std::vector<std::string> ids() {
  std::vector<std::string> all;
  for (const Order& order : orders()) all.push_back(order.client_id);
  return all;
}

std::string state_of(const std::string& file) {
  Ledger ledger(settings_for(file));
  std::string text = ledger.cash().to_string();
  for (const Position& position : ledger.positions()) {
    text += " " + position.symbol.str() + "=" + position.quantity.to_string();
  }
  for (const std::string& id : ids()) {
    const OrderReport report = ledger.find_order(id, Instant());
    text += fmt::format(" {}:{}:{}", id, name_of(report.state), report.filled.to_string());
  }
  return text;
}

int writes_left = 0;
bool torn = false;
sqlite3_syscall_ptr real_write = nullptr;

ssize_t dying_write(int descriptor, const void* data, size_t size, off_t offset) {
  const auto write = reinterpret_cast<ssize_t (*)(int, const void*, size_t, off_t)>(real_write);
  if (--writes_left == 0) {
    if (torn) static_cast<void>(write(descriptor, data, size / 2, offset));
    ::kill(::getpid(), SIGKILL);
  }
  return write(descriptor, data, size, offset);
}

// True: the child came to its end before it was killed.
bool trade_until_killed(const std::string& file, int writes, bool half) {
  const pid_t child = ::fork();
  if (child == 0) {
    sqlite3_initialize();
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    const char* name = vfs->xGetSystemCall(vfs, "pwrite64") != nullptr ? "pwrite64" : "pwrite";
    real_write = vfs->xGetSystemCall(vfs, name);
    writes_left = writes;
    torn = half;
    vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(&dying_write));
    trade(file);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("killed at any write, the book is consistent, and the same orders again lead to the same end") {
  // A killed process loses no write it has made, so memory is as good as a disk, and syncs nothing.
  const bool has_memory = std::filesystem::exists("/dev/shm");
  const test::TemporaryDirectory folder(has_memory ? "/dev/shm" : std::filesystem::temp_directory_path());
  const std::string untouched = folder.file("untouched.db").string();
  trade(untouched);
  const std::string expected = state_of(untouched);
  int kills = 0;
  for (const bool half : {false, true}) {
    for (int writes = 1;; ++writes) {
      const std::string file = folder.file(fmt::format("{}-{}.db", half, writes)).string();
      if (trade_until_killed(file, writes, half)) break;
      ++kills;
      CAPTURE(writes);
      CAPTURE(half);
      {
        Ledger ledger(settings_for(file));
        std::vector<std::string> known;
        for (const std::string& id : ids()) {
          try {
            static_cast<void>(ledger.fills(id));
            known.push_back(id);
          } catch (const std::exception&) {
            break;  // this order and those after it never arrived
          }
        }
        test::check_book(ledger, known);
      }
      trade(file);
      CHECK(state_of(file) == expected);
    }
  }
  CHECK(kills > 100);
  MESSAGE(kills << " kills");
}
