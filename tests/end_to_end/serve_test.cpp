// The service as people use it: the binary on free ports, real sockets, the paper broker.
#include "service_process.hpp"

namespace rebalancer::test {
namespace {

struct Configured : TemporaryDirectory {
  explicit Configured(const std::string& more = "") {
    write("config.yaml", sample_config("schedule: {enabled: false}\n" + more));
  }
};

void fetch(ServiceProcess& service) {
  const auto fetched = service.post("fetcher", "/fetch");
  REQUIRE_MESSAGE(fetched.status == 200, fetched.body);
}

TEST_CASE("from prices to a sealed decision through the surfaces") {
  const Configured directory;
  ServiceProcess service(directory);
  REQUIRE(service.listens());
  for (const char* surface : {"fetcher", "optimizer", "executor", "scheduler"}) {
    CAPTURE(surface);
    CHECK(service.get(surface, "/health").status == 200);
    CHECK(text_at(service.get(surface, "/openapi.json").json(), "/openapi") == "3.1.0");
    CHECK(service.get(surface, "/metrics").body.find("rebalancer_build_info{") != std::string::npos);
    CHECK(service.get(surface, "/nowhere").status == 404);
  }
  fetch(service);
  CHECK(number_at(service.get("fetcher", "/data/SPY?limit=3").json(), "/bars/2/close") > 0);
  CHECK(service.get("fetcher", "/data/NOPE").status == 404);
  CHECK_FALSE(at(service.get("fetcher", "/quality").json(), "/stops").as_bool());
  CHECK(service.get("executor", "/ready").status == 200);

  const auto allocation = service.get("optimizer", "/allocation");
  REQUIRE_MESSAGE(allocation.status == 200, allocation.body);
  CHECK(number_at(allocation.json(), "/weights/BND") > 0);
  CHECK(service.get("optimizer", "/allocation", "If-None-Match: " + allocation.headers.at("etag") + "\r\n").status ==
        304);
  const double volatility = number_at(service.get("optimizer", "/risk").json(), "/volatility");
  CHECK(volatility == doctest::Approx(number_at(allocation.json(), "/volatility")));
  CHECK(at(service.get("optimizer", "/frontier?points=5").json(), "/points").as_array().size() == 5);
  const auto what_if = service.post("optimizer", "/optimize", R"({"user_age": 65})");
  REQUIRE_MESSAGE(what_if.status == 200, what_if.body);
  CHECK(number_at(what_if.json(), "/weights/BND") > number_at(allocation.json(), "/weights/BND"));
  CHECK(service.get("optimizer", "/allocation").body == allocation.body);

  const auto plan = service.get("executor", "/plan").json();
  CHECK(text_at(plan, "/reason").find("a look only") == 0);
  const auto run = service.post("scheduler", "/execute", "{}");
  REQUIRE_MESSAGE(run.status == 200, run.body);
  CHECK(text_at(run.json(), "/outcome") == "traded");
  const std::string id = text_at(run.json(), "/decision");
  CHECK(at(service.get("executor", "/positions").json(), "/positions").as_array().size() > 1);
  const auto orders = service.get("executor", "/orders?limit=1");
  CHECK(at(orders.json(), "/orders").as_array().size() == 1);
  CHECK(orders.headers.at("link").find("rel=\"next\"") != std::string::npos);
  const std::string order = text_at(orders.json(), "/orders/0/id");
  CHECK(text_at(service.get("executor", "/orders/" + order).json(), "/history/0/state") == "intent");
  CHECK(service.send("executor", "DELETE", "/orders/" + order, {}, "").status == 409);
  CHECK(number_at(service.get("executor", "/drift").json(), "/drift/largest") < 0.05);
  CHECK(at(service.post("executor", "/reconcile").json(), "/reconciled").as_bool());
  CHECK(text_at(service.get("scheduler", "/history").json(), "/runs/0/id") == id);
  CHECK(text_at(service.get("scheduler", "/decisions").json(), "/decisions/0/id") == id);
  CHECK(service.get("scheduler", "/decisions/" + id.substr(0, 8)).status == 200);
  CHECK(service.get("scheduler", "/decisions/" + id.substr(0, 8) + "/explanation?order=1").status == 200);
  CHECK(text_at(service.get("scheduler", "/status").json(), "/last_run/id") == id);
  // A second one for the same session trades nothing.
  CHECK(text_at(service.post("executor", "/execute", "{}").json(), "/outcome") != "traded");
  CHECK(service.stop() == 0);
  CHECK(run_binary(directory, {"verify"}).exit_code == 0);
}

TEST_CASE("a POST with an Idempotency-Key is done once") {
  const Configured directory;
  std::string first;
  {
    ServiceProcess service(directory);
    fetch(service);
    const auto run = service.post("scheduler", "/execute", "{}", "Idempotency-Key: monday\r\n");
    REQUIRE(run.status == 200);
    first = run.body;
    const auto again = service.post("scheduler", "/execute", "{}", "Idempotency-Key: monday\r\n");
    CHECK(again.body == first);
    CHECK(again.headers.at("idempotency-replayed") == "true");
    CHECK(service.post("scheduler", "/execute", R"({"dry_run":true})", "Idempotency-Key: monday\r\n").status == 422);
    CHECK(service.stop() == 0);
  }
  ServiceProcess service(directory);
  CHECK(service.post("scheduler", "/execute", "{}", "Idempotency-Key: monday\r\n").body == first);
  CHECK(at(service.get("scheduler", "/history").json(), "/runs").as_array().size() == 1);
}

TEST_CASE("halted: not ready, no order, through a restart; and resumed") {
  const Configured directory;
  {
    ServiceProcess service(directory);
    fetch(service);
    const auto halted = service.post("executor", "/halt", R"({"reason":"odd prices"})");
    REQUIRE(halted.status == 200);
    CHECK(text_at(halted.json(), "/trading_state") == "halted");
    CHECK(service.get("executor", "/ready").status == 503);
    CHECK(text_at(service.get("scheduler", "/status").json(), "/trading_state") == "halted");
    const auto run = service.post("scheduler", "/execute", "{}");
    CHECK(text_at(run.json(), "/outcome") == "held");
    CHECK(text_at(run.json(), "/reason").find("odd prices") != std::string::npos);
    CHECK(at(service.get("executor", "/orders").json(), "/orders").as_array().empty());
    CHECK(service.stop() == 0);
  }
  ServiceProcess service(directory);
  CHECK(text_at(service.get("scheduler", "/status").json(), "/trading_state") == "halted");
  CHECK(text_at(service.post("executor", "/resume").json(), "/trading_state") == "active");
  CHECK(text_at(service.post("scheduler", "/execute", "{}").json(), "/outcome") == "traded");
  // Somebody makes the file by hand: told at once.
  directory.write("data/HALT", "by hand");
  CHECK(text_at(service.get("scheduler", "/status").json(), "/trading_state") == "halted");
}

TEST_CASE("an account that nobody can explain is not ready until a person accepts it, with a reason, over REST") {
  const Configured directory;
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-19"}).exit_code == 0);
  // The same account, another journal: fills that this one never heard of.
  REQUIRE(run_binary(directory, {"run", "--as-of", "2026-11-20", "--set", "journal.path=other/journal.db", "--set",
                                 "rebalance.threshold=1%", "--set", "portfolio.investor.age=70"})
              .exit_code == 0);
  ServiceProcess service(directory);
  REQUIRE(service.listens());
  // Nobody asked: the service looks by itself, and tells once.
  CHECK(service.wait_for_log(
      [](const std::string& log) { return log.find("\"event\":\"reconciliation_gap\"") != std::string::npos; }));
  const auto ready = service.get("executor", "/ready");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("POST /reconcile/accept") != std::string::npos);
  CHECK_FALSE(at(service.post("executor", "/reconcile").json(), "/reconciled").as_bool());
  CHECK(service.get("executor", "/metrics").body.find("rebalancer_reconciliation_gaps 0\n") == std::string::npos);

  for (const std::string body : {R"({})", R"({"reason":" "})", R"({"reason":7})", R"({"accept":"why"})"}) {
    CAPTURE(body);
    CHECK(service.post("executor", "/reconcile/accept", body).status == 400);
  }
  CHECK(service.post("executor", "/reconcile/accept", R"({"reason":")" + std::string(513, 'x') + "\"}").status == 400);
  CHECK_FALSE(at(service.post("executor", "/reconcile").json(), "/reconciled").as_bool());

  const std::string why = R"({"reason":"traded from the other journal"})";
  const auto accepted = service.post("executor", "/reconcile/accept", why, "Idempotency-Key: accept\r\n");
  REQUIRE_MESSAGE(accepted.status == 200, accepted.body);
  CHECK(text_at(accepted.json(), "/reason").find("traded from the other journal (") != std::string::npos);
  CHECK(at(accepted.json(), "/orders").as_array().empty());
  CHECK(service.post("executor", "/reconcile/accept", why, "Idempotency-Key: accept\r\n").body == accepted.body);
  CHECK(text_at(service.get("scheduler", "/history").json(), "/runs/0/id") == text_at(accepted.json(), "/decision"));
  CHECK(at(service.post("executor", "/reconcile").json(), "/reconciled").as_bool());
  // At once: what was compared before the run is forgotten.
  CHECK(service.get("executor", "/ready").body.find("it is what the journal says") != std::string::npos);
  CHECK(service.get("executor", "/metrics").body.find("rebalancer_reconciliation_gaps 0\n") != std::string::npos);
  CHECK(service.stop() == 0);
}

TEST_CASE("the schedule that was put survives a restart, and can be taken back") {
  const Configured directory;
  {
    ServiceProcess service(directory);
    const auto put = service.send("scheduler", "PUT", "/schedule", R"({"at":"close-20m","enabled":true})", "");
    REQUIRE_MESSAGE(put.status == 200, put.body);
    CHECK(text_at(put.json(), "/source") == "request");
    CHECK(at(put.json(), "/next").is_object());
    CHECK(service.send("scheduler", "PUT", "/schedule", R"({"at":"sometimes"})", "").status == 400);
    CHECK(service.send("scheduler", "PUT", "/schedule", R"({"zone":"Mars/Olympus"})", "").status == 400);
    CHECK(service.send("scheduler", "PUT", "/schedule", R"({"hour":7})", "").status == 400);
    CHECK(service.stop() == 0);
  }
  ServiceProcess service(directory);
  CHECK(text_at(service.get("scheduler", "/schedule").json(), "/at") == "close-20m");
  const auto back = service.send("scheduler", "DELETE", "/schedule", {}, "").json();
  CHECK(text_at(back, "/at") == "16:30");
  CHECK(text_at(back, "/source") == "configuration");
}

TEST_CASE("a broken schedule file keeps it from starting, and is named") {
  const Configured directory;
  directory.write("data/schedule.json", R"({"at":"16:30","zone":"UTC"})");
  ServiceProcess service(directory);
  CHECK_FALSE(service.listens());
  CHECK(service.stop(0) == 3);
  CHECK(service.log().find("schedule.json lacks \"enabled\"") != std::string::npos);
}

TEST_CASE("beyond loopback only with a token and TLS, or when told to") {
  const Configured directory;
  const auto refused = run_binary(directory, {"serve", "--set", "http.bind=0.0.0.0"});
  CHECK(refused.exit_code == 3);
  CHECK(refused.err.find("http.bind is 0.0.0.0, which others can reach") != std::string::npos);
  const auto token_only = run_binary(
      directory, {"serve", "--set", "http.bind=0.0.0.0", "--set", "http.token=0123456789abcdef0123456789abcdef"});
  CHECK(token_only.exit_code == 3);
  ServiceProcess service(directory, {"--set", "http.bind=0.0.0.0", "--set", "http.exposed=true"});
  CHECK(service.listens());
  CHECK(service.get("scheduler", "/status").status == 200);
}

TEST_CASE("with a token nobody gets in without it") {
  const Configured directory;
  const std::string token = "0123456789abcdef0123456789abcdef";
  ServiceProcess service(directory, {"--set", "http.token=" + token});
  CHECK(service.get("scheduler", "/health").status == 200);
  const auto refused = service.get("scheduler", "/status");
  CHECK(refused.status == 401);
  CHECK(refused.headers.at("www-authenticate").find("Bearer") == 0);
  CHECK(service.get("scheduler", "/status", "Authorization: Bearer " + token.substr(1) + "x\r\n").status == 401);
  CHECK(service.get("scheduler", "/status", "Authorization: Bearer " + token + "\r\n").status == 200);
  CHECK(service.stop() == 0);
  CHECK(service.log().find(token) == std::string::npos);
}

TEST_CASE("while it serves, a second one is refused and named") {
  const Configured directory;
  ServiceProcess service(directory);
  const auto second = run_binary(directory, {"serve"});
  CHECK(second.exit_code == 4);
  CHECK(second.err.find("is in use by another rebalancer") != std::string::npos);
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST_CASE("a plugin that never comes back is left behind with the process, and the next attempt works") {
  const Configured directory;
  std::filesystem::create_directory(directory.file("plugins"));
  std::filesystem::copy_file(REBALANCER_BINARY_DIR "/bad_plugins/hang_on_weigh.so",
                             directory.file("plugins/hang_on_weigh.so"));
  directory.write("hang", "");
  ServiceProcess service(directory, {"--set", "strategy.use=hang_on_weigh", "--set",
                                     "schedule.stage_seconds_max.optimize=1", "--set", "log.format=json"});
  fetch(service);
  CHECK(service.post("scheduler", "/execute", "{}", "Prefer: respond-async\r\n").status == 202);
  // Everybody else is still answered.
  CHECK(service.get("scheduler", "/health").status == 200);
  REQUIRE(service.wait_for_log(
      [](const std::string& log) { return log.find("\"event\":\"run_started\"") != std::string::npos; }));
  CHECK(text_at(service.get("scheduler", "/status").json(), "/at_work/kind") == "execute");
  REQUIRE(service.wait_for_log([](const std::string& log) { return count_of(log, "\"event\":\"serving\"") == 2; }));
  CHECK(service.log().find("stage optimize took longer than its limit of 1 s, and did not stop within 1 s") !=
        std::string::npos);
  std::filesystem::remove(directory.file("hang"));
  service.take_ports_from_log();
  const auto run = service.post("scheduler", "/execute", "{}");
  REQUIRE(run.status == 200);
  CHECK(text_at(run.json(), "/outcome") == "traded");
  CHECK(service.stop() == 0);
}

TEST_CASE("health asks a running service") {
  const Configured directory;
  CHECK(run_binary(directory, {"health", "--url", "http://127.0.0.1:1"}).exit_code == 7);
}

}  // namespace
}  // namespace rebalancer::test
