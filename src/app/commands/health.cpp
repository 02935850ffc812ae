// health: does the service answer? For those who restart it when it does not.
#include "adapters/https/https_client.hpp"
#include "adapters/system/system_clock.hpp"
#include "app/application.hpp"
#include "app/commands.hpp"
#include "app/context.hpp"

namespace rebalancer::app {
namespace {

// Where the scheduler's surface is, seen from this machine.
std::string configured_url(const Config& config) {
  const std::string& bind = config.http.bind;
  const std::string host = bind == "0.0.0.0" ? "127.0.0.1" : bind == "::" ? "::1" : bind;
  const std::string scheme = config.http.tls_certificate ? "https" : "http";
  const bool six = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", scheme, six ? "[" + host + "]" : host, config.http.ports.scheduler);
}

int health(Context& context, const ParsedArguments& arguments) {
  std::string url = arguments.text("url").value_or("");
  if (url.empty()) {
    auto application = Application::build(context);
    if (!application) return context.report(application.error());
    url = configured_url((*application)->config());
  }
  while (url.ends_with('/')) url.pop_back();
  system::SystemClock clock;
  auto client = make_https_client({}, clock);
  if (!client) return context.report(Area::broker, client.error());
  HttpRequest request;
  request.url = url + "/health";
  request.timeout_ms = 2000;
  const auto answer = (*client)->send(request, {});
  if (!answer) return context.report(Area::broker, answer.error());
  if (answer->status != 200) {
    return context.report(Area::broker,
                          {ErrorCode::unavailable, fmt::format("{}/health answered {}", url, answer->status)});
  }
  context.out << answer->body << '\n';
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

Command health_command() {
  return {
      .name = "health",
      .summary = "ask a running service whether it lives",
      .details = "Exits with 0 when GET /health of the scheduler's surface answers 200 within 2 seconds, else with 7.",
      .options = {{.name = "url",
                   .placeholder = "URL",
                   .type = ValueType::text,
                   .help = "of a surface, instead of the configured scheduler's"}},
      .run = &health};
}

}  // namespace rebalancer::app
