#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace rebalancer {

enum class EventLevel { debug, info, warning, error };

// Where the services say what happens. `name` is stable ("run_started", "order_filled"): people alert on it.
class Events {
 public:
  using Field = std::pair<std::string_view, std::string>;
  virtual ~Events() = default;
  virtual void emit(EventLevel level, std::string_view name, std::string_view message,
                    std::initializer_list<Field> fields) = 0;
  // Long work: `done` of `total` units of `what`.
  virtual void progress(std::string_view what, std::size_t done, std::size_t total) = 0;
};

}  // namespace rebalancer
