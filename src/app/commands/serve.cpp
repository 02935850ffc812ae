// serve: the scheduler and the surfaces, until somebody says stop.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <linux/close_range.h>
#include <unistd.h>

#include "app/application.hpp"
#include "app/build_info.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"
#include "app/service/serving.hpp"
#include "app/signal_stop.hpp"
#include "core/base/json_text.hpp"

namespace rebalancer::app {
namespace {

void tell_listening(Context& context, Application& application, const std::vector<Serving::Listening>& listening) {
  const std::string scheme = application.config().http.tls_certificate ? "https" : "http";
  const auto at = [&](std::size_t i) { return listening.at(i).address; };
  application.events().emit(EventLevel::info, "serving", "listening",
                            {{"fetcher", at(0)},
                             {"optimizer", at(1)},
                             {"executor", at(2)},
                             {"scheduler", at(3)},
                             {"mode", std::string(name_of(application.config().mode))},
                             {"version", build_version}});
  if (context.global.json) {
    JsonText json;
    json.object().key("listening").object();
    for (const auto& [surface, address] : listening) json.member(surface, scheme + "://" + address);
    context.out << json.end().end().str() << std::endl;
  } else {
    for (const auto& [surface, address] : listening) {
      context.out << fmt::format("{:<10} {}://{}\n", surface, scheme, address);
    }
    context.out << std::flush;
  }
}

// The same command in the same process id: whatever hangs is gone, and what was interrupted is gone on with.
[[noreturn]] void start_anew() {
  std::ifstream stream("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(stream, word, '\0');) words.push_back(word);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // Nothing but the three streams goes along: no port, no lock.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv("/proc/self/exe", arguments.data());
  std::_Exit(static_cast<int>(ExitCode::internal));
}

void halt_by_signal(Application& application) {
  const TradingStateRecord halted{TradingState::halted, "SIGUSR1", "signal", std::nullopt};
  static_cast<void>(application.trading_switch().set(halted));
}

int serve(Context& context, const ParsedArguments&) {
  // A reader of stdout that goes away is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  // Before anything else, so that no signal finds the program unprepared, and before the first thread, so that every
  // thread leaves them to it.
  std::atomic<Application*> running = nullptr;
  std::atomic<bool> halt_at_start = false;
  const SignalStop stop([&running, &halt_at_start] {
    halt_at_start = true;
    if (Application* application = running) halt_by_signal(*application);
  });
  auto application = Application::build(context);
  if (!application) return context.report(application.error());
  running = application->get();
  if (halt_at_start) halt_by_signal(**application);
  system::Metrics metrics((*application)->secrets());
  metrics.mode(name_of((*application)->config().mode));
  metrics.build_info(build_version, build_commit, build_compiler);
  (*application)->set_metrics(metrics);
  bool clean = false;
  bool hung = false;
  std::string left;
  {
    Service service(**application, metrics);
    if (auto prepared = service.prepare(); !prepared) return context.report(prepared.error());
    Serving serving(**application, metrics, service);
    auto listening = serving.listen();
    if (!listening)
      return context.report(listening.error().code == ErrorCode::invalid ? Area::configuration : Area::broker,
                            listening.error());
    tell_listening(context, **application, *listening);
    clean = serving.run(stop.token());
    hung = serving.hung();
    left = serving.left();
    if (hung) start_anew();
    if (!clean) {
      // What is at work cannot be waited for; the journal knows it, and the next start goes on with it.
      (*application)->events().emit(EventLevel::warning, "left_behind", left, {});
      context.out << std::flush;
      std::_Exit(static_cast<int>(ExitCode::ok));
    }
  }
  (*application)->events().emit(EventLevel::info, "served", "ended", {});
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command serve_command() {
  return {.name = "serve",
          .summary = "run by schedule, and answer on the REST surfaces",
          .details =
              "Runs until SIGTERM or Ctrl-C, which end it within 5 seconds; SIGUSR1 halts trading. Prints where it "
              "listens (http.ports). GET /openapi.json of each surface says what it offers. While it runs it owns "
              "the journal: ask it instead of the other commands.",
          .run = &serve};
}

}  // namespace rebalancer::app
