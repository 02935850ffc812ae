#include "adapters/system/metrics_process.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace rebalancer::system {
namespace {

std::string content_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

// Seconds since 1970 at which the machine was started.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return number_of(std::string_view(line).substr(6));
  }
  return std::nullopt;
}

std::optional<double> open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return std::nullopt;
  return count - 1;  // without the one that was needed to look
}

std::optional<double> descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::string_view stat_field(std::string_view stat, int number) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos || number < 3) return {};
  std::string_view rest = stat.substr(name_end + 1);
  for (int field = 3;; ++field) {
    const std::size_t begin = rest.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return {};
    rest.remove_prefix(begin);
    const std::size_t end = rest.find_first_of(" \n");
    if (field == number) return rest.substr(0, end);
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end);
  }
}

std::vector<ProcessFigure> process_figures() {
  std::vector<ProcessFigure> figures;
  const auto add = [&figures](const char* name, const char* help, std::optional<double> value,
                              bool only_grows = false) {
    if (value) figures.push_back({name, help, only_grows, *value});
  };
  const std::string stat = content_of("/proc/self/stat");
  const auto field = [&stat](int number) { return number_of(stat_field(stat, number)); };
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));

  const auto user = field(14);
  const auto kernel = field(15);
  if (user && kernel) {
    add("process_cpu_seconds_total", "Processor time spent, in user and kernel mode.",
        (*user + *kernel) / ticks_per_second, true);
  }
  add("process_threads", "Threads of this process.", field(20));
  const auto started = field(22);
  const auto booted = boot_time();
  if (started && booted) {
    add("process_start_time_seconds", "When this process was started, since 1970.",
        *booted + *started / ticks_per_second);
  }
  add("process_virtual_memory_bytes", "Address space in use.", field(23));
  if (const auto pages = field(24)) {
    add("process_resident_memory_bytes", "Memory of this process that is in main memory.", *pages * page_bytes);
  }
  add("process_open_fds", "Open file descriptors.", open_descriptors());
  add("process_max_fds", "File descriptors this process may have open.", descriptors_max());
  return figures;
}

}  // namespace rebalancer::system
