// The kill switch as a file that anybody may write: it halts unless its first word says less, and is safe to show.
#include "adapters/system/log_text.hpp"
#include "adapters/system/trading_switch.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_file.hpp"
#include "support/target.hpp"
#include "support/temporary_directory.hpp"

namespace rebalancer::fuzz {
namespace {

std::string_view first_word(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t start = text.find_first_not_of(blanks);
  if (start == std::string_view::npos) return {};
  text.remove_prefix(start);
  return text.substr(0, text.find_first_of(blanks));
}

void check_words(const TradingStateRecord& record) {
  using system::FileTradingSwitch;
  expect(record.reason.size() <= FileTradingSwitch::reason_size_max, "the reason is bounded", record.reason);
  expect(system::terminal_text(record.reason) == record.reason, "the reason is safe on a terminal", record.reason);
  expect(system::terminal_text(record.by) == record.by, "who did it is safe on a terminal", record.by);
  expect(record.by.size() <= FileTradingSwitch::reason_size_max, "who did it is bounded", record.by);
}

void check_kept(const TradingStateRecord& record) {
  static const test::TemporaryDirectory folder;
  test::FakeClock clock(Instant::from_seconds(1'795'208'700));
  system::FileTradingSwitch written(folder.file("HALT"), clock);
  expect(written.set(record).has_value(), "a state can be written");
  const TradingStateRecord read = written.read();
  expect(read.state == record.state, "a state is kept");
  expect(read.reason == record.reason, "a reason is kept", read.reason);
  expect(read.set_at == record.set_at.value_or(clock.now()), "a time is kept");
}

void check(std::string_view input) {
  const MemoryFile file(input);
  test::FakeClock clock;
  system::FileTradingSwitch trading_switch(file.path(), clock);
  const TradingStateRecord record = trading_switch.read();
  // Of a longer file only the beginning is read.
  const bool reducing = first_word(input.substr(0, 4096)) == "reducing";
  expect(record.state == (reducing ? TradingState::reducing : TradingState::halted), "a file halts");
  check_words(record);
  // Durable writing is slow: one input in eight is enough.
  if (input.size() % 8 == 0) check_kept(record);
}

const Target target("halt_file", check);

}  // namespace
}  // namespace rebalancer::fuzz
