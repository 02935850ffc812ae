// Events as log lines through spdlog: JSON for machines, text for a terminal.
#pragma once
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/system/secrets.hpp"
#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/ports/events.hpp"

namespace rebalancer::system {

struct LogSettings {
  enum class Format { automatic, json, text };  // automatic: text on a terminal, JSON elsewhere
  EventLevel level_min = EventLevel::info;
  Format format = Format::automatic;
  bool color = false;           // of text
  bool shows_progress = false;  // a line that is written over and over; to_stderr allows it on a terminal only
};

// {"ts":"2026-11-23T07:30:00.000Z","level":"info","event":"order_filled","msg":"...","run_id":"...", fields ...}
// Fields are strings. Secrets are replaced before anything else happens to a text; texts are bounded and escaped.
// May be used by several threads.
class LogEvents final : public Events {
 public:
  static constexpr std::size_t message_size_max = 4096;  // bytes, before escaping
  static constexpr std::size_t field_size_max = 2048;
  static constexpr std::size_t fields_max = 32;

  // `clock` and `secrets` outlive it.
  [[nodiscard]] static std::unique_ptr<LogEvents> to_stderr(LogSettings settings, const Clock& clock,
                                                            const Secrets& secrets);
  // Appends; automatic means JSON. Errors: unavailable when the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<LogEvents>> to_file(const std::string& file, LogSettings settings,
                                                                  const Clock& clock, const Secrets& secrets);
  // As `settings` say, automatic means JSON.
  [[nodiscard]] static std::unique_ptr<LogEvents> to_stream(std::ostream& stream, LogSettings settings,
                                                            const Clock& clock, const Secrets& secrets);
  ~LogEvents() override;

  void emit(EventLevel level, std::string_view name, std::string_view message,
            std::initializer_list<Field> fields) override;
  void progress(std::string_view what, std::size_t done, std::size_t total) override;

  // From now on every line that the calling thread writes here carries it; empty for none. Other threads, and those to
  // come, are not concerned.
  void set_run_id(std::string_view run_id);

 private:
  struct State;
  explicit LogEvents(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rebalancer::system
