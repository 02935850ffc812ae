// 8082: orders: what would be traded, what was, and the switch that stops it.
#include "http/surfaces/common.hpp"
#include "http/surfaces/surfaces.hpp"
#include "services/reconciler.hpp"

namespace rebalancer::http {
namespace {

constexpr std::string_view id_schema = R"({"type":"string","minLength":1,"maxLength":128})";

Parameter order_id() {
  return {.in = Parameter::In::path,
          .name = "id",
          .description = "an order's id",
          .schema = std::string(id_schema),
          .required = true};
}

constexpr const char* reason_body =
    R"({"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string","maxLength":512,"description":"why, for whoever looks later"}}})";
constexpr const char* accept_body =
    R"({"type":"object","additionalProperties":false,"required":["reason"],"properties":{"reason":{"type":"string","minLength":1,"maxLength":512,"description":"why the account is right as it is; kept in the journal and the sealed decision"}}})";
constexpr const char* halt_body =
    R"({"type":"object","additionalProperties":false,"properties":{"reason":{"type":"string","maxLength":512,"description":"why, for whoever looks later"},"reducing":{"type":"boolean","description":"sells may still be sent, only buys are cancelled"}}})";

void add_orders(std::vector<Route>& routes, Backend& backend) {
  std::vector<Parameter> list = page_parameters("orders, newest first", 50, 1000);
  list.push_back({.name = "state",
                  .description = "only orders in this state",
                  .schema = R"({"type":"string","enum":["intent","sending","unknown","acknowledged","partial",)"
                            R"("filled","cancelled","rejected","parked"]})"});
  routes.push_back({.method = "GET",
                    .path = "/orders",
                    .operation_id = "getOrders",
                    .summary = "orders and what became of them, newest first",
                    .parameters = std::move(list),
                    .answers = {ok("orders", "Orders")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(request, backend.orders(page_of(request, 50), query_text(request, "state")));
                    }});
  routes.push_back({.method = "GET",
                    .path = "/orders/{id}",
                    .operation_id = "getOrder",
                    .summary = "one order with its history and fills",
                    .parameters = {order_id()},
                    .answers = {ok("the order", "OrderInFull")},
                    .handle = [&backend](const Request& request, const Call&) {
                      return respond(backend.order(request.parameters.at("id")));
                    }});
  routes.push_back({.method = "DELETE",
                    .path = "/orders/{id}",
                    .operation_id = "cancelOrder",
                    .summary = "ask the broker to cancel an order that is open",
                    .parameters = {order_id()},
                    .answers = {ok("it has ended", "OrderInFull"),
                                Answer{202, "the broker was asked; the run that sent it records what becomes of it",
                                       ref("OrderInFull")}},
                    .handle = [&backend](const Request& request, const Call&) {
                      auto told = backend.cancel_order(request.parameters.at("id"));
                      if (!told) return problem(told.error());
                      return json_response(told->final ? 200 : 202, std::move(told->json));
                    }});
}

void add_switch(std::vector<Route>& routes, Backend& backend) {
  routes.push_back({.method = "POST",
                    .path = "/halt",
                    .operation_id = "halt",
                    .summary = "send no more orders, and cancel open ones",
                    .description = "Durable when it is answered; holds through restarts until POST /resume.",
                    .body_schema = halt_body,
                    .answers = {ok("the trading state", "TradingState")},
                    .takes_idempotency_key = true,
                    .handle = [&backend](const Request& request, const Call&) {
                      BodyFields fields(request);
                      const auto reason = fields.text("reason", 512);
                      const auto reducing = fields.boolean("reducing");
                      if (auto wrong = fields.problem()) return *wrong;
                      return respond(backend.halt(reason.value_or(""), reducing.value_or(false)));
                    }});
  routes.push_back({.method = "POST",
                    .path = "/resume",
                    .operation_id = "resume",
                    .summary = "allow orders again after a halt",
                    .body_schema = reason_body,
                    .answers = {ok("the trading state", "TradingState")},
                    .takes_idempotency_key = true,
                    .handle = [&backend](const Request& request, const Call&) {
                      BodyFields fields(request);
                      const auto reason = fields.text("reason", 512);
                      if (auto wrong = fields.problem()) return *wrong;
                      return respond(backend.resume(reason.value_or("")));
                    }});
  routes.push_back({.method = "POST",
                    .path = "/reconcile",
                    .operation_id = "reconcile",
                    .summary = "compare what the account holds with what the journal says; changes nothing",
                    .answers = {ok("gaps, if there are any", "Reconciliation")},
                    .takes_idempotency_key = true,
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.reconcile()); }});
  // A route of its own: it is a run, so it waits its turn behind the others, and a look must not.
  routes.push_back({.method = "POST",
                    .path = "/reconcile/accept",
                    .operation_id = "acceptAccount",
                    .summary = "take the account as it is: from now on that is what must be",
                    .description =
                        "A run that does nothing else, journaled and sealed with the reason. Its reason says what was "
                        "accepted. One that held is an answer too: outcome and hold say why.",
                    .body_schema = accept_body,
                    .answers = {ok("what was accepted", "RunReport")},
                    .runs = Route::Runs::as_job,
                    .takes_idempotency_key = true,
                    .handle = [&backend](const Request& request, const Call& call) {
                      BodyFields fields(request);
                      const auto reason = fields.text("reason", accept_reason_size_max);
                      if (!reason) fields.complain("reason", "an account is taken as it is only with a reason");
                      if (reason) {
                        if (auto sound = check_accept_reason(*reason); !sound) {
                          fields.complain("reason", sound.error().message);
                        }
                      }
                      if (auto wrong = fields.problem()) return *wrong;
                      auto told = backend.accept_account(*reason, call);
                      if (!told) return problem(told.error());
                      return json_response(told->status, std::move(told->json));
                    }});
}

}  // namespace

std::vector<Route> executor_routes(Backend& backend) {
  std::vector<Route> routes;
  routes.push_back(execute_route(backend, false));
  routes.push_back({.method = "GET",
                    .path = "/plan",
                    .operation_id = "getPlan",
                    .summary = "what would be traded now, from the prices that are stored, with its proof",
                    .answers = {ok("a run that only looks", "RunReport")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.plan()); }});
  routes.push_back({.method = "GET",
                    .path = "/positions",
                    .operation_id = "getPositions",
                    .summary = "what the account holds, at stored prices",
                    .answers = {ok("positions", "Positions")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.positions()); }});
  add_orders(routes, backend);
  routes.push_back({.method = "GET",
                    .path = "/drift",
                    .operation_id = "getDrift",
                    .summary = "how far every position is from its target",
                    .answers = {ok("drift", "DriftNow")},
                    .handle = [&backend](const Request&, const Call&) { return respond(backend.drift()); }});
  add_switch(routes, backend);
  add_common_routes(routes, backend);
  return routes;
}

}  // namespace rebalancer::http
