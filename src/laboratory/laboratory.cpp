#include "laboratory/laboratory.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "laboratory/fault_effects.hpp"
#include "laboratory/simulator.hpp"
#include "laboratory/socket_server.hpp"
#include "laboratory/tws_gateway.hpp"

namespace rebalancer::laboratory {
namespace {

constexpr std::array<std::string_view, 3> broker_names{"alpaca", "trading212", "interactive_brokers"};
constexpr int alpaca_requests_per_minute = 200;

// What the laboratory itself answers to, beside the broker's paths.
constexpr std::string_view control_path = "/laboratory";

std::vector<Instrument> instruments_of(BrokerKind broker) {
  if (broker == BrokerKind::trading212) return trading212_instruments();
  std::vector<Instrument> instruments = usual_instruments();
  if (broker == BrokerKind::interactive_brokers) {
    for (Instrument& instrument : instruments) {
      instrument.fractionable = false;
      instrument.fee_rate = Decimal::from_billionths(100'000);  // 1 basis point
    }
  }
  return instruments;
}

WireAnswer told(int status, std::string_view text) {
  JsonText json;
  return {status,
          {{"Content-Type", "application/json"}},
          json.object().key(status < 400 ? "done" : "error").value(text).end().str()};
}

}  // namespace

std::string_view name_of(BrokerKind broker) { return broker_names[static_cast<std::size_t>(broker)]; }

Result<BrokerKind> broker_kind_named(std::string_view name) {
  const auto found = std::ranges::find(broker_names, name);
  if (found == broker_names.end()) {
    return fail(ErrorCode::not_found, "there is no simulator of \"{}\", only of {}", name,
                fmt::join(broker_names, ", "));
  }
  return static_cast<BrokerKind>(found - broker_names.begin());
}

Result<std::unique_ptr<Laboratory>> Laboratory::start(LaboratorySettings settings) {
  if (settings.clock && settings.exchange.start == Instant()) settings.exchange.start = settings.clock();
  settings.exchange.client_ids = settings.broker == BrokerKind::alpaca;
  if (settings.exchange.instruments.empty()) settings.exchange.instruments = instruments_of(settings.broker);
  auto exchange = Exchange::make(settings.exchange);
  if (!exchange) return fail(exchange.error());
  std::unique_ptr<Laboratory> made(new Laboratory(std::move(settings), *std::move(exchange)));
  Laboratory* const raw = made.get();
  const std::uint16_t port = made->settings_.port;
  const std::lock_guard lock(made->mutex_);  // somebody may find the port before all is in its place
  if (made->gateway_) {
    auto sockets = SocketServer::listen(port, [raw](const Connection& connection) { raw->serve_tws(connection); });
    if (!sockets) return fail(sockets.error());
    made->sockets_ = *std::move(sockets);
  } else {
    auto wire = HttpWire::listen(port, [raw](const WireRequest& request) { return raw->handle(request); });
    if (!wire) return fail(wire.error());
    made->wire_ = *std::move(wire);
  }
  return made;
}

Laboratory::Laboratory(LaboratorySettings settings, Exchange exchange)
    : settings_(std::move(settings)), exchange_(std::move(exchange)), script_(settings_.faults) {
  const std::uint64_t seed = settings_.exchange.seed;
  switch (settings_.broker) {
    case BrokerKind::alpaca:
      simulator_ = make_alpaca_simulator(seed, settings_.rate_limits ? alpaca_requests_per_minute : 0);
      break;
    case BrokerKind::trading212:
      simulator_ = make_trading212_simulator(seed, settings_.rate_limits);
      break;
    case BrokerKind::interactive_brokers:
      gateway_ = std::make_unique<tws::Gateway>(seed, settings_.tws_version_max);
      break;
  }
}

// The threads of the wire end before what they use.
Laboratory::~Laboratory() {
  wire_.reset();
  sockets_.reset();
}

std::uint16_t Laboratory::port() const { return wire_ ? wire_->port() : sockets_->port(); }
std::string Laboratory::url() const { return fmt::format("{}127.0.0.1:{}", wire_ ? "http://" : "", port()); }
std::string Laboratory::account_id() const { return simulator_ ? simulator_->account_id() : gateway_->account(); }

Exchange Laboratory::truth() {
  const std::lock_guard lock(mutex_);
  if (settings_.clock) pass_time();
  return exchange_;
}

void Laboratory::change(const std::function<void(Exchange&)>& change) {
  const std::lock_guard lock(mutex_);
  if (settings_.clock) pass_time();
  const Instant before = exchange_.now();
  change(exchange_);
  skipped_ += std::chrono::nanoseconds(exchange_.now().nanoseconds() - before.nanoseconds());
}

void Laboratory::add_faults(const FaultScript& more) {
  const std::lock_guard lock(mutex_);
  script_.append(more);
}

void Laboratory::drop_connections() {
  if (wire_) wire_->drop_connections();
  if (sockets_) sockets_->drop_connections();
}

std::uint64_t Laboratory::requests(RequestKind kind) {
  const std::lock_guard lock(mutex_);
  return script_.seen(kind);
}

std::vector<std::string> Laboratory::struck() {
  const std::lock_guard lock(mutex_);
  return struck_;
}

void Laboratory::pass_time() {
  if (!settings_.clock) return exchange_.advance(settings_.request_takes);
  exchange_.advance_to(Instant::from_nanoseconds(settings_.clock().nanoseconds() + skipped_.count()));
}

Delivery Laboratory::handle(const WireRequest& request) {
  const std::lock_guard lock(mutex_);
  pass_time();
  if (request.path.starts_with(control_path)) return {control(request), Delivery::Way::whole, 0};
  const RequestKind kind = simulator_->kind_of(request);
  const std::vector<Fault> faults = take_faults(kind);
  Delivery delivery = kind == RequestKind::stream ? open_stream(request, faults) : carry_out(request, kind, faults);
  const bool silent = delivery.way == Delivery::Way::closed || delivery.way == Delivery::Way::silent;
  if (settings_.watch) {
    settings_.watch(kind, request.target + " " + request.body, silent ? 0 : delivery.answer.status);
  }
  report(kind, request.method + " " + request.target,
         silent ? std::string("no answer") : std::to_string(delivery.answer.status), faults);
  return delivery;
}

std::vector<Fault> Laboratory::take_faults(RequestKind kind) {
  std::vector<Fault> faults = script_.take(kind);
  for (const Fault& fault : faults) {
    struck_.push_back(fmt::format("{} {}: {}", name_of(kind), script_.seen(kind), fault.to_string()));
  }
  return faults;
}

void Laboratory::report(RequestKind kind, std::string_view request, std::string_view answer,
                        const std::vector<Fault>& faults) {
  if (!settings_.tell) return;
  std::string line = fmt::format("{} {}  {}  {}", name_of(kind), script_.seen(kind), request, answer);
  for (const Fault& fault : faults) line += "  " + fault.to_string();
  settings_.tell(line);
}

void Laboratory::change_the_world(const std::vector<Fault>& faults) {
  const Instant before = exchange_.now();
  change_world(faults, exchange_);
  skipped_ += std::chrono::nanoseconds(exchange_.now().nanoseconds() - before.nanoseconds());
  if (std::ranges::find(faults, FaultKind::restart, &Fault::kind) == faults.end()) return;
  if (gateway_) gateway_->restart();
  drop_connections();
}

Delivery Laboratory::carry_out(const WireRequest& request, RequestKind kind, const std::vector<Fault>& faults) {
  change_the_world(faults);
  if (auto refusal = refused(faults, *simulator_, exchange_)) return *std::move(refusal);
  const std::size_t orders = exchange_.orders().size();
  WireAnswer answer = simulator_->answer(request, exchange_, list_faults_of(faults));
  if (kind == RequestKind::submit && exchange_.orders().size() > orders) {
    change_order(faults, exchange_, exchange_.orders().size());
  }
  return delivered(faults, std::move(answer), *simulator_);
}

// GET /laboratory: the truth. POST /laboratory/faults: the body is more of the script. POST /laboratory/clock: the body
// is the seconds that pass.
WireAnswer Laboratory::control(const WireRequest& request) {
  if (request.path == control_path && request.method == "GET") {
    return {200, {{"Content-Type", "application/json"}}, truth_json()};
  }
  if (request.path == "/laboratory/faults" && request.method == "POST") {
    const auto more = FaultScript::parse(request.body);
    if (!more) return told(400, more.error().message);
    script_.append(*more);
    return told(200, more->to_string());
  }
  if (request.path == "/laboratory/clock" && request.method == "POST") {
    std::int64_t seconds = 0;
    const std::string& text = request.body;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > 86'400 * 366) {
      return told(400, "the body must be the seconds that pass, from 0 to a year's");
    }
    exchange_.advance(std::chrono::seconds(seconds));
    skipped_ += std::chrono::seconds(seconds);
    return told(200, exchange_.now().to_string());
  }
  return told(404, "there are GET /laboratory, POST /laboratory/faults and POST /laboratory/clock");
}

std::string Laboratory::truth_json() const {
  JsonText json;
  json.object().member("now", exchange_.now().to_string()).member("shown_now", exchange_.shown_now().to_string());
  json.member("cash", exchange_.cash().to_string()).member("equity", exchange_.equity().to_string());
  json.key("positions").object();
  for (const auto& [symbol, holding] : exchange_.holdings()) json.member(symbol, holding.quantity.to_string());
  json.end().key("orders").array();
  for (const ExchangeOrder& order : exchange_.orders()) {
    json.object().member("client_id", order.request.client_id).member("symbol", order.request.symbol);
    json.member("side", name_of(order.request.side)).member("quantity", order.request.quantity.to_string());
    json.member("filled", order.filled.to_string()).member("status", name_of(order.status)).end();
  }
  json.end().member("executions", exchange_.executions().size()).key("struck").array();
  for (const std::string& line : struck_) json.value(line);
  json.end().key("broken_laws").array();
  for (const std::string& law : exchange_.broken_laws()) json.value(law);
  return json.end().end().str();
}

}  // namespace rebalancer::laboratory
