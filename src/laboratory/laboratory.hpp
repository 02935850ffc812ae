// A simulated broker that serves on a port of this machine, with a seed and a script of faults. What it did is the
// truth that a test compares a client's books with; it outlives any client.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "laboratory/exchange.hpp"
#include "laboratory/faults.hpp"
#include "laboratory/http_message.hpp"
#include "laboratory/http_wire.hpp"

namespace rebalancer::laboratory {

class Connection;
class HttpSimulator;
class SocketServer;
namespace tws {
class Gateway;
struct ClientSession;
}  // namespace tws

enum class BrokerKind { alpaca, trading212, interactive_brokers };
[[nodiscard]] std::string_view name_of(BrokerKind broker);
[[nodiscard]] Result<BrokerKind> broker_kind_named(std::string_view name);

struct LaboratorySettings {
  BrokerKind broker = BrokerKind::alpaca;
  std::uint16_t port = 0;  // 0: any that is free
  FaultScript faults = {};
  ExchangeSettings exchange = {};
  // Where time comes from. Without it time is the laboratory's own: it begins at exchange.start and every request moves
  // it by `request_takes`, so that a run is the same on every machine.
  std::function<Instant()> clock = {};
  std::chrono::nanoseconds request_takes = std::chrono::milliseconds(100);
  bool rate_limits = true;
  int tws_version_max = 200;  // the newest that the gateway speaks
  // Told what happened, one line for each request; called while the laboratory is locked.
  std::function<void(std::string_view)> tell = {};
  // Told every request as it came (of HTTP its target, a blank and its body; of TWS its fields, a blank after each) and
  // the status of its answer, 0 when there is none to be had; called while the laboratory is locked.
  std::function<void(RequestKind, std::string_view request, int status)> watch = {};
};

class Laboratory {
 public:
  // Errors: those of Exchange::make, unavailable when the port cannot be had, invalid for a broker there is none for.
  [[nodiscard]] static Result<std::unique_ptr<Laboratory>> start(LaboratorySettings settings);
  // Ends every connection.
  ~Laboratory();
  Laboratory(const Laboratory&) = delete;
  Laboratory& operator=(const Laboratory&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:40123"; of TWS "127.0.0.1:40123"
  [[nodiscard]] std::string account_id() const;

  // A copy of everything, as of now: time that has passed by `clock` is not missing.
  [[nodiscard]] Exchange truth();
  // Changes the world, locked against requests: laboratory->change([](Exchange& exchange) { ... }).
  void change(const std::function<void(Exchange&)>& change);
  void add_faults(const FaultScript& more);
  void drop_connections();
  // Requests that came, and the faults that struck, in their order: "submit 3: reply-lost@submit:3".
  [[nodiscard]] std::uint64_t requests(RequestKind kind);
  [[nodiscard]] std::vector<std::string> struck();

 private:
  Laboratory(LaboratorySettings settings, Exchange exchange);
  void pass_time();
  [[nodiscard]] Delivery handle(const WireRequest& request);
  [[nodiscard]] Delivery carry_out(const WireRequest& request, RequestKind kind, const std::vector<Fault>& faults);
  [[nodiscard]] WireAnswer control(const WireRequest& request);
  [[nodiscard]] std::string truth_json() const;
  // The faults of the next request, noted.
  [[nodiscard]] std::vector<Fault> take_faults(RequestKind kind);
  void report(RequestKind kind, std::string_view request, std::string_view answer, const std::vector<Fault>& faults);
  void change_the_world(const std::vector<Fault>& faults);

  // laboratory_stream.cpp
  struct Stream;
  [[nodiscard]] Delivery open_stream(const WireRequest& request, std::vector<Fault> faults);
  void serve_stream(const Connection& connection, std::string& buffer, Stream& stream);
  void hear_stream(std::string& buffer, Stream& stream);
  void tell_updates(Stream& stream);

  // laboratory_tws.cpp
  struct TwsDelivery;
  void serve_tws(const Connection& connection);
  [[nodiscard]] bool greet_tws(const Connection& connection, std::string& buffer, tws::ClientSession& session);
  [[nodiscard]] TwsDelivery handle_tws(const std::string& payload, tws::ClientSession& session);
  [[nodiscard]] TwsDelivery news_tws(tws::ClientSession& session);

  LaboratorySettings settings_;
  std::mutex mutex_;
  Exchange exchange_;
  FaultScript script_;
  std::vector<std::string> struck_;
  std::chrono::nanoseconds skipped_{};  // by which the exchange is ahead of `clock`
  std::unique_ptr<HttpSimulator> simulator_;
  std::unique_ptr<tws::Gateway> gateway_;
  std::unique_ptr<HttpWire> wire_;         // of the brokers on HTTP
  std::unique_ptr<SocketServer> sockets_;  // of TWS
};

}  // namespace rebalancer::laboratory
