#include <exception>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "adapters/plugin_host/library.hpp"
#include "adapters/plugin_host/probe_protocol.hpp"

namespace rebalancer {
namespace {

void write_line(int descriptor, std::string line) {
  if (line.size() > probe_line_size_max) line.resize(probe_line_size_max);
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written <= 0) ::_exit(70);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Whatever a static initializer prints must not be read as a report.
int take_stdout_away() {
  const int report = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (report < 0 || nowhere < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0) ::_exit(70);
  return report;
}

std::string verdict_on(const std::string& file) {
  try {
    const auto library = load_library(file);
    return library ? "+" : "-" + library.error().message;
  } catch (const std::exception& error) {
    return std::string("-") + error.what();
  }
}

}  // namespace

void probe_main(std::span<const std::string> files) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // A crash is to be seen as the signal it is, whoever installed a handler (sanitizers do).
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) ::signal(signal, SIG_DFL);
  const int report = take_stdout_away();
  write_line(report, std::string(probe_greeting));
  for (const std::string& file : files) write_line(report, verdict_on(file));
  // Not exit(): the destructors of strangers have nothing to add.
  ::_exit(0);
}

}  // namespace rebalancer
