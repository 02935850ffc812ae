// TWS on its socket: the greeting, then messages of both sides, with the faults of the script between them.
#include <algorithm>

#include <fmt/format.h>

#include "laboratory/fault_effects.hpp"
#include "laboratory/laboratory.hpp"
#include "laboratory/socket_server.hpp"
#include "laboratory/tws_gateway.hpp"

namespace rebalancer::laboratory {
namespace {

// How long a connection without messages waits before it looks for news.
constexpr std::chrono::milliseconds idle_wait{20};

const Fault* find(const std::vector<Fault>& faults, FaultKind kind) {
  const auto found = std::ranges::find(faults, kind, &Fault::kind);
  return found == faults.end() ? nullptr : &*found;
}

bool has_any(const std::vector<Fault>& faults, std::initializer_list<FaultKind> kinds) {
  return std::ranges::any_of(kinds, [&faults](FaultKind kind) { return find(faults, kind) != nullptr; });
}

}  // namespace

struct Laboratory::TwsDelivery {
  std::string bytes;
  bool closes = false;
  bool silent = false;      // nothing more is heard or said
  std::size_t at_once = 0;  // so many bytes every 20 ms; 0: all
};

bool Laboratory::greet_tws(const Connection& connection, std::string& buffer, tws::ClientSession& session) {
  constexpr std::string_view greeting("API\0", 4);
  while (buffer.size() < greeting.size()) {
    if (!connection.read_some(buffer)) return false;
  }
  if (!buffer.starts_with(greeting)) return false;
  buffer.erase(0, greeting.size());
  while (true) {
    const auto offer = tws::take_frame(buffer);
    if (!offer) return false;
    if (*offer) {
      const std::lock_guard lock(mutex_);
      pass_time();
      const auto answer = gateway_->greet(session, **offer, exchange_);
      return answer && connection.write(*answer);
    }
    if (!connection.read_some(buffer)) return false;
  }
}

void Laboratory::serve_tws(const Connection& connection) {
  std::string buffer;
  tws::ClientSession session;
  if (!greet_tws(connection, buffer, session)) return;
  bool goes_on = true;
  while (goes_on && connection.read_some(buffer, idle_wait)) {
    std::vector<TwsDelivery> deliveries;
    {
      const std::lock_guard lock(mutex_);
      pass_time();
      while (goes_on) {
        auto payload = tws::take_frame(buffer);
        if (!payload) goes_on = false;
        if (!payload || !*payload) break;
        deliveries.push_back(handle_tws(**payload, session));
        goes_on = !deliveries.back().closes && !deliveries.back().silent;
      }
      if (goes_on) deliveries.push_back(news_tws(session));
    }
    for (const TwsDelivery& delivery : deliveries) {
      std::string_view rest = delivery.bytes;
      while (!rest.empty()) {
        const std::size_t size = delivery.at_once == 0 ? rest.size() : std::min(rest.size(), delivery.at_once);
        if (!connection.write(rest.substr(0, size)) || (delivery.at_once != 0 && !connection.pause(idle_wait))) {
          goes_on = false;
          break;
        }
        rest.remove_prefix(size);
      }
      if (delivery.silent) connection.wait_for_close();
    }
  }
  const std::lock_guard lock(mutex_);
  gateway_->leave(session);
}

Laboratory::TwsDelivery Laboratory::handle_tws(const std::string& payload, tws::ClientSession& session) {
  const std::vector<std::string> fields = tws::fields_of(payload);
  const RequestKind kind = gateway_->kind_of(session, fields);
  if (settings_.watch) {
    std::string request;
    for (const std::string& field : fields) request += field + " ";
    settings_.watch(kind, request, 0);
  }
  if (!gateway_->has_link(exchange_.now())) return {};
  const std::vector<Fault> faults = take_faults(kind);
  change_the_world(faults);
  const tws::Messages out = gateway_->messages(session, exchange_);
  TwsDelivery delivery;
  const auto told = [&](std::string_view answer) {
    report(kind, "message " + (fields.empty() ? std::string("(empty)") : fields.front()), answer, faults);
  };
  const auto refuse = [&](int code, std::string_view text, bool closes) {
    delivery.bytes = out.error(-1, code, text).frame();
    delivery.closes = closes;
    told(fmt::format("error {}", code));
    return delivery;
  };
  if (has_any(faults, {FaultKind::connection_lost, FaultKind::restart, FaultKind::half_open})) {
    delivery.silent = find(faults, FaultKind::half_open) != nullptr;
    delivery.closes = !delivery.silent;
    told("no answer");
    return delivery;
  }
  if (const Fault* fault = find(faults, FaultKind::link_lost)) {
    gateway_->lose_link(Instant::from_nanoseconds(exchange_.now().nanoseconds() + fault->number * 1'000'000'000));
    session.link_lost = true;
    return refuse(1100, "Connectivity between IBKR and Trader Workstation has been lost.", false);
  }
  if (find(faults, FaultKind::too_many)) return refuse(100, "Max rate of messages per second has been exceeded", true);
  if (has_any(faults, {FaultKind::error_before, FaultKind::html_before})) return refuse(504, "Not connected", false);
  if (find(faults, FaultKind::unauthorized)) return refuse(326, "Unable to connect as the client id is in use", true);
  if (find(faults, FaultKind::forbidden))
    return refuse(321, "The API interface is currently in Read-Only mode.", false);

  const std::size_t orders = exchange_.orders().size();
  const tws::Reply reply = gateway_->answer(session, fields, exchange_, list_faults_of(faults));
  if (kind == RequestKind::submit && exchange_.orders().size() > orders) {
    change_order(faults, exchange_, exchange_.orders().size());
  }
  for (const std::string& frame : reply.frames) delivery.bytes += frame;
  // An order is acknowledged by what is told of it.
  if (kind == RequestKind::submit) delivery.bytes += news_tws(session).bytes;
  delivery.closes = reply.closes;
  if (has_any(faults, {FaultKind::reply_lost, FaultKind::error_after, FaultKind::html_after})) {
    delivery.bytes.clear();
    delivery.closes = true;
  }
  if (find(faults, FaultKind::silent_after)) {
    delivery.bytes.clear();
    delivery.silent = true;
  }
  for (const FaultKind cuts : {FaultKind::cut, FaultKind::cut_body}) {
    if (const Fault* fault = find(faults, cuts); fault != nullptr && !delivery.bytes.empty()) {
      delivery.bytes.resize(std::min(static_cast<std::size_t>(fault->number), delivery.bytes.size() - 1));
      delivery.closes = true;
    }
  }
  if (const Fault* fault = find(faults, FaultKind::slow)) delivery.at_once = static_cast<std::size_t>(fault->number);
  told(delivery.bytes.empty() ? std::string("no answer") : fmt::format("{} bytes", delivery.bytes.size()));
  return delivery;
}

Laboratory::TwsDelivery Laboratory::news_tws(tws::ClientSession& session) {
  TwsDelivery delivery;
  const tws::Messages out = gateway_->messages(session, exchange_);
  if (!gateway_->has_link(exchange_.now())) {
    if (session.client_id < 0 || std::exchange(session.link_lost, true)) return delivery;
    delivery.bytes = out.error(-1, 1100, "Connectivity between IBKR and Trader Workstation has been lost.").frame();
    return delivery;
  }
  if (std::exchange(session.link_lost, false)) {
    // Data was lost: what happened meanwhile is not told, it has to be asked for.
    session.executions_sent = exchange_.executions().size();
    for (const ExchangeOrder& order : exchange_.orders()) {
      session.told[order.number] = tws::status_text(order.status) + " " + order.filled.to_string();
    }
    delivery.bytes =
        out.error(-1, 1101, "Connectivity between IBKR and Trader Workstation has been restored- data lost.").frame();
    return delivery;
  }
  for (const std::string& frame : gateway_->news(session, exchange_, {}).frames) delivery.bytes += frame;
  return delivery;
}

}  // namespace rebalancer::laboratory
