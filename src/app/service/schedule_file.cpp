#include "app/service/schedule_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/base/json_text.hpp"
#include "http/json_body.hpp"

namespace rebalancer::app {
namespace {

constexpr std::streamsize size_max = 4096;

tl::unexpected<Error> cannot(const char* what, const std::filesystem::path& file) {
  return fail(ErrorCode::unavailable, "{} cannot be {} ({})", file.string(), what, std::strerror(errno));
}

Result<void> sync_folder(const std::filesystem::path& file) {
  const int folder =
      open(file.parent_path().empty() ? "." : file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return cannot("made durable", file);
  const bool synced = fsync(folder) == 0;
  close(folder);
  if (!synced) return cannot("made durable", file);
  return {};
}

}  // namespace

Result<std::optional<Schedule>> ScheduleFile::read() const {
  std::error_code why;
  if (!std::filesystem::exists(file_, why) && !why) return std::nullopt;
  std::ifstream stream(file_, std::ios::binary);
  std::string text(static_cast<std::size_t>(size_max) + 1, '\0');
  stream.read(text.data(), size_max + 1);
  if (stream.bad() || !stream.is_open()) return cannot("read", file_);
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const auto wrong = [this](std::string_view what) {
    return fail(ErrorCode::invalid, "{} {}; mend it, or remove it to go by the configuration", file_.string(), what);
  };
  const auto root = http::parse_strict_json(text);
  if (!root || !root->is_object()) return wrong(root ? "is not a JSON object" : root.error().detail);
  Schedule schedule;
  const auto& object = root->as_object();
  for (const auto& [key, value] : object) {
    if (key != "at" && key != "zone" && key != "enabled")
      return wrong(fmt::format("has an unknown key \"{}\"", std::string_view(key)));
  }
  const auto* at = object.if_contains("at");
  const auto* zone = object.if_contains("zone");
  const auto* enabled = object.if_contains("enabled");
  if (at == nullptr || !at->is_string()) return wrong("lacks \"at\", a text");
  if (zone == nullptr || !zone->is_string()) return wrong("lacks \"zone\", a text");
  if (enabled == nullptr || !enabled->is_bool()) return wrong("lacks \"enabled\", true or false");
  auto time = parse_day_time(std::string_view(at->as_string()));
  if (!time) return wrong("has an \"at\" that " + time.error().message);
  schedule.at = *time;
  schedule.zone = std::string(zone->as_string());
  schedule.enabled = enabled->as_bool();
  return schedule;
}

Result<void> ScheduleFile::write(const Schedule& schedule) const {
  JsonText json;
  json.object().member("at", to_string(schedule.at)).member("enabled", schedule.enabled);
  const std::string text = json.member("zone", schedule.zone).end().str() + "\n";
  std::filesystem::path fresh = file_;
  fresh += ".new";
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return cannot("written", fresh);
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const int problem = errno;
  close(file);
  errno = problem;
  if (!written || rename(fresh.c_str(), file_.c_str()) != 0) return cannot("written", file_);
  return sync_folder(file_);
}

Result<void> ScheduleFile::remove() const {
  if (unlink(file_.c_str()) != 0 && errno != ENOENT) return cannot("removed", file_);
  return sync_folder(file_);
}

}  // namespace rebalancer::app
