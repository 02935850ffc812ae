// Keeps what the services say, for a test to look at.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/ports/events.hpp"

namespace rebalancer::test {

class RecordingEvents final : public Events {
 public:
  struct Event {
    EventLevel level;
    std::string name;
    std::string message;
    std::map<std::string, std::string> fields;
  };
  struct Progress {
    std::string what;
    std::size_t done;
    std::size_t total;
  };

  void emit(EventLevel level, std::string_view name, std::string_view message,
            std::initializer_list<Field> fields) override {
    Event event{level, std::string(name), std::string(message), {}};
    for (const Field& field : fields) event.fields.emplace(field.first, field.second);
    events.push_back(std::move(event));
  }
  void progress(std::string_view what, std::size_t done, std::size_t total) override {
    progresses.push_back({std::string(what), done, total});
  }

  [[nodiscard]] std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [&](const Event& event) { return event.name == name; }));
  }

  std::vector<Event> events;
  std::vector<Progress> progresses;
};

}  // namespace rebalancer::test
