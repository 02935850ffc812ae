#include "app/service/serving.hpp"

#include "adapters/system/digest.hpp"
#include "app/build_info.hpp"
#include "http/problem.hpp"
#include "http/surfaces/surfaces.hpp"

namespace rebalancer::app {
namespace {

using namespace std::chrono_literals;

// From SIGTERM: answers under way are finished, then work that was asked to stop, then nothing waits any longer.
constexpr auto drain_max = 1500ms;
constexpr auto join_max = 2500ms;

constexpr std::size_t looks = 2;        // threads; a look that waits for a broker does not hold up the others
constexpr std::size_t looks_max = 256;  // waiting
constexpr std::size_t work_max = 8;     // waiting on the lane

}  // namespace

Serving::Serving(Application& application, system::Metrics& metrics, Service& service)
    : application_(application), metrics_(metrics), service_(service) {
  const auto threw = [this](std::string what) { application_.events().emit(EventLevel::error, "exception", what, {}); };
  pool_ = std::make_unique<WorkerPool>("look", looks, looks_max, threw);
  lane_ = std::make_unique<WorkerPool>("work", 1, work_max, threw);
  jobs_ = std::make_unique<http::Jobs>(*lane_, application_.clock());
  service_.watch(*jobs_);
}

// Workers first: what they run uses the rest.
Serving::~Serving() {
  lane_->request_stop();
  pool_->request_stop();
  static_cast<void>(lane_->join(join_max));
  static_cast<void>(pool_->join(join_max));
}

std::vector<http::Surface> Serving::surfaces() {
  const Ports& ports = application_.config().http.ports;
  struct Row {
    const char* name;
    const char* title;
    int port;
    std::vector<http::Route> routes;
  };
  std::vector<Row> rows;
  rows.push_back({"fetcher", "Rebalancer: fetcher", ports.fetcher, http::fetcher_routes(service_)});
  rows.push_back({"optimizer", "Rebalancer: optimizer", ports.optimizer, http::optimizer_routes(service_)});
  rows.push_back({"executor", "Rebalancer: executor", ports.executor, http::executor_routes(service_)});
  rows.push_back({"scheduler", "Rebalancer: scheduler", ports.scheduler, http::scheduler_routes(service_)});
  std::vector<http::Surface> made;
  for (Row& row : rows) {
    http::RouterParts parts{loop_, *pool_, *jobs_, service_.journal(), application_.clock(), &system::sha256_hex};
    parts.version = build_version;
    parts.schemas_json = http::schemas_json();
    parts.warn = [this](const std::string& what) {
      application_.events().emit(EventLevel::warning, "answer_not_kept", what, {});
    };
    routers_.push_back(std::make_unique<http::Router>(row.name, row.title, std::move(row.routes), std::move(parts)));
    http::Router* router = routers_.back().get();
    made.push_back(
        {row.name, row.port,
         [router](std::string_view method, std::string_view path) { return router->needs_token(method, path); },
         [router](http::Request request, http::Reply reply) {
           router->dispatch(std::move(request), std::move(reply));
         }});
  }
  return made;
}

Result<std::vector<Serving::Listening>> Serving::listen() {
  const auto& http = application_.config().http;
  http::ServerSettings settings;
  settings.bind = http.bind;
  settings.hosts = http.hosts;
  settings.token = http.token.value_or("");
  if (http.tls_certificate && http.tls_keyfile) {
    const auto& folder = application_.config().directory;
    settings.tls = http::TlsFiles{(folder / *http.tls_certificate).string(), (folder / *http.tls_keyfile).string()};
  }
  server_ = std::make_unique<http::Server>(
      loop_, application_.clock(), std::move(settings), surfaces(), [this](const http::Exchange& exchange) {
        metrics_.http_exchange(exchange.surface, exchange.route, exchange.method, exchange.status, exchange.duration);
      });
  auto ports = server_->listen();
  if (!ports) return fail(ports.error());
  std::vector<Listening> told;
  const bool six = http.bind.find(':') != std::string::npos;
  for (std::size_t i = 0; i < ports->size(); ++i) {
    constexpr std::array<const char*, 4> names{"fetcher", "optimizer", "executor", "scheduler"};
    told.push_back({names.at(i), six ? fmt::format("[{}]:{}", http.bind, (*ports)[i])
                                     : fmt::format("{}:{}", http.bind, (*ports)[i])});
  }
  return told;
}

void Serving::start_turn(Turn turn) {
  const auto started = jobs_->start("scheduled_run", [this, turn](const http::Call& call) {
    service_.take_turn(turn, call);
    return http::json_response(200, "{}");
  });
  if (!started) service_.give_turn_back(std::move(turn), "too much work was waiting already");
}

// Often enough that a halt is acted upon at once and a turn begins on its second.
void Serving::tick() {
  if (closing_) return;
  if (!cancelling_ && service_.newly_halted()) {
    cancelling_ = true;
    const bool taken = pool_->post([this](std::stop_token) {
      service_.cancel_what_is_forbidden();
      cancelling_ = false;
    });
    if (!taken) cancelling_ = false;
  }
  if (const auto why = service_.hung()) {
    application_.events().emit(EventLevel::error, "stage_hangs", *why + "; the program starts itself anew", {});
    hung_ = true;
    left_ = *why;
    loop_.stop();
  }
}

void Serving::slow_tick() {
  if (closing_) return;
  service_.watch_clock();
  const http::ServerCounts counts = server_->counts();
  metrics_.http_connections(counts.connections, counts.connections_evicted, counts.connections_accepted);
  metrics_.queue("look", pool_->waiting(), pool_->at_work());
  metrics_.queue("work", lane_->waiting(), lane_->at_work());
  // The scheduler writes to the journal when a turn is due: not on the thread that moves bytes.
  if (stepping_.exchange(true)) return;
  const bool taken = pool_->post([this](std::stop_token) {
    if (auto turn = service_.due_turn()) start_turn(*std::move(turn));
    // So that the gauges tell of now, whether anybody asks /ready or not.
    if (steps_++ % 20 == 0) static_cast<void>(service_.readiness());
    stepping_ = false;
  });
  if (!taken) stepping_ = false;
}

void Serving::close() {
  if (closing_) return;
  closing_ = true;
  service_.closing();
  application_.events().emit(EventLevel::info, "closing", "asked to end", {});
  lane_->request_stop();
  pool_->request_stop();
  server_->drain(drain_max, [this] { loop_.stop(); });
}

bool Serving::run(std::stop_token stop) {
  loop_.every(100ms, [this] { tick(); });
  loop_.every(500ms, [this] { slow_tick(); });
  if (service_.lacks_prices()) {
    static_cast<void>(jobs_->start("fetch", [this](const http::Call& call) {
      auto told = service_.fetch(std::nullopt, call);
      if (told) return http::json_response(200, *std::move(told));
      application_.events().emit(EventLevel::warning, "fetch_failed", told.error().message, {});
      return http::problem(told.error());
    }));
  }
  {
    const std::stop_callback closes(stop, [this] { loop_.post([this] { close(); }); });
    loop_.run();
  }
  if (hung_) return false;
  if (!lane_->join(join_max)) {
    const auto job = jobs_->at_work();
    left_ = fmt::format("{} did not stop in time; the next start goes on with it", job ? job->kind : "work");
    return false;
  }
  if (!pool_->join(join_max)) {
    left_ = "a look at the broker or the store did not come back in time";
    return false;
  }
  return true;
}

}  // namespace rebalancer::app
