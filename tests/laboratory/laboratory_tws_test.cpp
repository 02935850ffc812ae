#include <doctest/doctest.h>

#include "laboratory/laboratory.hpp"
#include "laboratory/tws_fields.hpp"
#include "socket_client.hpp"

namespace rebalancer::laboratory {
namespace {

using Message = std::vector<std::string>;

std::unique_ptr<Laboratory> laboratory_with(std::string_view faults, std::string_view calendar = "24x7") {
  LaboratorySettings settings;
  settings.broker = BrokerKind::interactive_brokers;
  settings.faults = FaultScript::parse(faults).value();
  settings.exchange.start = Instant::from_seconds(1'772'463'600);
  settings.exchange.calendar = calendar;
  settings.exchange.quantities = {{"SPY", Decimal::whole(10)}};
  return Laboratory::start(settings).value();
}

// A client of TWS, as small as it can be.
class TwsClient {
 public:
  explicit TwsClient(const Laboratory& laboratory, std::string_view offer = "v157..178", int client_id = 1)
      : client_(laboratory.port()) {
    client_.write(std::string_view("API\0", 4));
    client_.write(tws::frame_of(offer));
    greeting = next();
    if (greeting.empty()) return;
    send(tws::Fields(71).all(2, client_id, ""));
  }
  void send(const tws::Fields& fields) const { client_.write(fields.frame()); }
  // Empty: the connection has ended, or nothing came in time.
  Message next() {
    while (true) {
      const auto payload = tws::take_frame(buffer_);
      REQUIRE(payload);
      if (*payload) return tws::fields_of(**payload);
      const std::string more = client_.read_some();
      if (more.empty()) return {};
      buffer_ += more;
    }
  }
  // The next message of this kind; others on the way are noted.
  Message until(const std::string& kind) {
    while (true) {
      Message message = next();
      if (message.empty() || message.front() == kind) return message;
      passed.push_back(std::move(message));
    }
  }
  // The next status of this order that is this one.
  bool until_status(int order_id, const std::string& status) {
    while (true) {
      const Message message = until("3");
      if (message.empty()) return false;
      if (message[1] == std::to_string(order_id) && message[2] == status) return true;
    }
  }
  std::int64_t next_valid_id() { return std::stoll(until("9").at(2)); }
  void wait_at_most(long milliseconds) const { client_.wait_at_most(milliseconds); }
  void place(std::int64_t order_id, std::string_view symbol, std::string_view action, std::string_view quantity,
             std::string_view limit = "", std::string_view order_ref = "rb-1") const {
    tws::Fields fields(3);
    fields.all(order_id, 0, symbol, "STK", "", "0", "", "", "SMART", "", "USD", "", "", "", "");
    fields.all(action, quantity, limit.empty() ? "MKT" : "LMT", limit, "", "DAY", "", "", "", 0, order_ref, 1, 0);
    send(fields);
  }

  Message greeting;
  std::vector<Message> passed;

 private:
  test::SocketClient client_;
  std::string buffer_;
};

TEST_CASE("versions are agreed on, or the connection ends") {
  const auto laboratory = laboratory_with("");
  CHECK(laboratory->url().starts_with("127.0.0.1:"));
  CHECK(TwsClient(*laboratory).greeting.front() == "178");
  CHECK(TwsClient(*laboratory, "v100..193 +PACEAPI", 2).greeting.front() == "193");
  CHECK(TwsClient(*laboratory, "v157..300", 3).greeting.front() == "200");
  CHECK(TwsClient(*laboratory, "v100..150", 4).greeting.empty());
  CHECK(TwsClient(*laboratory, "v201..300", 5).greeting.empty());
  CHECK(TwsClient(*laboratory, "nonsense", 6).greeting.empty());
}

TEST_CASE("accounts and the next id come first, and a client id is taken once") {
  const auto laboratory = laboratory_with("");
  TwsClient client(*laboratory);
  CHECK(client.until("15") == Message{"15", "1", laboratory->account_id() + ","});
  CHECK(client.next_valid_id() == 1);
  TwsClient twin(*laboratory);
  const Message error = twin.until("4");
  CHECK(error.at(3) == "326");
  CHECK(twin.next().empty());
}

TEST_CASE("an order from its first status to its commission") {
  const auto laboratory = laboratory_with("");
  TwsClient client(*laboratory);
  client.place(client.next_valid_id(), "IWM", "BUY", "7");
  CHECK(client.until("5").at(1) == "1");
  CHECK(client.until("11").at(1) == "-1");
  CHECK(client.until("59").at(4) == "USD");
  CHECK(client.until_status(1, "Filled"));
  const Exchange truth = laboratory->truth();
  CHECK(truth.quantity_of("IWM") == Decimal::whole(7));
  REQUIRE(truth.order_of("rb-1") != nullptr);
  CHECK(truth.broken_laws().empty());
  client.send(tws::Fields(7).all(3, 9, 0, "", "", "", "", "", ""));
  const Message execution = client.until("11");
  CHECK(execution.at(1) == "9");
  CHECK(execution.at(26) == "rb-1");
  CHECK(client.until("55") == Message{"55", "1", "9"});
  client.send(tws::Fields(99).add(0));
  CHECK(client.until("101").at(22) == "rb-1");
  CHECK(client.until("102") == Message{"102"});
}

TEST_CASE("refusals have TWS's codes") {
  const auto laboratory = laboratory_with("");
  TwsClient client(*laboratory);
  REQUIRE(client.next_valid_id() == 1);
  while (client.until("4").at(3) != "2158") {
  }
  const auto code = [&client] { return client.until("4").at(3); };
  client.place(1, "NOPE", "BUY", "1");
  CHECK(code() == "200");
  client.place(2, "SPY", "SELL", "11");
  CHECK(code() == "201");
  client.place(3, "SPY", "BUY", "1000");
  CHECK(code() == "201");
  client.place(4, "SPY", "BUY", "1.5");
  CHECK(code() == "10243");
  client.place(5, "SPY", "BUY", "1", "600.001");
  CHECK(code() == "110");
  client.place(6, "SPY", "BUY", "1", "600");
  client.place(5, "SPY", "BUY", "1");
  CHECK(code() == "103");
  client.send(tws::Fields(4).all(1, 99, ""));
  CHECK(code() == "10147");
  client.send(tws::Fields(4).all(1, 6, ""));
  CHECK(client.until_status(6, "Cancelled"));
  CHECK(code() == "202");
  client.send(tws::Fields(4).all(1, 6, ""));
  CHECK(code() == "10148");
  client.send(tws::Fields(98));
  CHECK(code() == "321");
  CHECK(laboratory->truth().orders().size() == 1);
}

TEST_CASE("outside of hours an order waits, with a warning") {
  const auto laboratory = laboratory_with("", "XNYS");
  laboratory->change([](Exchange& exchange) { exchange.advance(std::chrono::hours(9)); });
  TwsClient client(*laboratory);
  client.place(client.next_valid_id(), "IWM", "BUY", "1");
  Message error;
  do {
    error = client.until("4");
  } while (error.at(3).starts_with("21"));
  CHECK(error.at(3) == "399");
  CHECK(client.until_status(1, "PreSubmitted"));
}

TEST_CASE("what was asked for: positions, summary, contract, prices, open orders") {
  const auto laboratory = laboratory_with("never-fill@submit:1");
  TwsClient client(*laboratory);
  client.place(client.next_valid_id(), "IWM", "BUY", "1");
  client.send(tws::Fields(61).add(1));
  const Message position = client.until("61");
  CHECK(position.at(4) == "SPY");
  CHECK(position.at(14) == "10");
  CHECK(client.until("62") == Message{"62", "1"});
  client.send(tws::Fields(62).all(1, 5, "All", "NetLiquidation,$LEDGER:ALL"));
  CHECK(client.until("63").at(5) == "106124");
  CHECK(client.until("64") == Message{"64", "1", "5"});
  client.send(tws::Fields(9).all(8, 6, 0, "SPY", "STK", "", "0", "", "", "SMART", "", "USD", "", "", 0, "", "", ""));
  const Message contract = client.until("10");
  CHECK(contract.at(2) == "SPY");
  CHECK(client.until("52") == Message{"52", "1", "6"});
  client.send(tws::Fields(1).all(11, 7, contract.at(12), "", "", "", "0", "", "", "", "", "", "", "", 0, "", 1, 0, ""));
  CHECK(client.until("1").at(4) == "612.39");
  CHECK(client.until("57") == Message{"57", "1", "7"});
  client.send(tws::Fields(16).add(1));
  client.passed.clear();
  CHECK(client.until("53") == Message{"53", "1"});
  CHECK(client.passed.size() >= 2);
}

TEST_CASE("a restart rolls order ids back, and a new order may get an old one's") {
  const auto laboratory = laboratory_with("spread-fill(2)@submit:1..2, restart@clock:1");
  {
    TwsClient client(*laboratory);
    const std::int64_t id = client.next_valid_id();
    client.place(id, "IWM", "BUY", "9", "", "rb-a");
    client.place(id + 1, "EFA", "BUY", "9", "", "rb-b");
    CHECK(client.until_status(2, "Submitted"));
    client.send(tws::Fields(8).all(1, 1));
    CHECK(client.next_valid_id() == 3);
    client.send(tws::Fields(49).add(1));
    client.until("no such message");
  }
  TwsClient again(*laboratory);
  CHECK(again.next_valid_id() == 1);
  again.place(1, "TLT", "BUY", "1", "", "rb-c");
  CHECK(again.until_status(1, "Filled"));
  const Exchange truth = laboratory->truth();
  CHECK(truth.orders().size() == 3);
  CHECK(truth.order_of("rb-c")->status == OrderStatus::filled);
}

TEST_CASE("faults between the order and its acknowledgement") {
  struct Row {
    const char* fault;
    bool exists;
  };
  for (const Row& row : {Row{"connection-lost@submit:1", false}, Row{"reply-lost@submit:1", true},
                         Row{"too-many@submit:1", false}, Row{"cut(30)@submit:1", true}}) {
    const auto laboratory = laboratory_with(row.fault);
    TwsClient client(*laboratory);
    client.place(client.next_valid_id(), "IWM", "BUY", "1");
    while (!client.until("3").empty()) {
    }
    CHECK_MESSAGE((laboratory->truth().order_of("rb-1") != nullptr) == row.exists, row.fault);
  }
  for (const Row& row : {Row{"half-open@submit:1", false}, Row{"silent-after@submit:1", true}}) {
    const auto laboratory = laboratory_with(row.fault);
    TwsClient client(*laboratory);
    client.place(client.next_valid_id(), "IWM", "BUY", "1");
    client.wait_at_most(200);
    CHECK(client.until("3").empty());
    CHECK_MESSAGE((laboratory->truth().order_of("rb-1") != nullptr) == row.exists, row.fault);
  }
}

TEST_CASE("a list without its end, and one that is too short") {
  const auto laboratory = laboratory_with("no-end@positions:1, short-list@positions:2");
  TwsClient client(*laboratory);
  client.send(tws::Fields(61).add(1));
  CHECK(!client.until("61").empty());
  client.wait_at_most(200);
  CHECK(client.until("62").empty());
  client.passed.clear();
  client.wait_at_most(5'000);
  client.send(tws::Fields(61).add(1));
  CHECK(!client.until("62").empty());
  CHECK(client.passed.empty());
}

TEST_CASE("the link to the broker is lost, and what happened meanwhile has to be asked for") {
  const auto laboratory = laboratory_with("link-lost(5)@clock:1");
  TwsClient client(*laboratory);
  client.place(client.next_valid_id(), "IWM", "BUY", "9");
  CHECK(!client.until("5").empty());
  client.send(tws::Fields(49).add(1));
  Message error;
  do {
    error = client.until("4");
  } while (error.at(3).starts_with("2"));
  CHECK(error.at(3) == "1100");
  CHECK(client.until("4").at(3) == "1101");
  client.send(tws::Fields(7).all(3, 9, 0, "", "", "", "", "", ""));
  CHECK(client.until("11").at(1) == "9");
}

}  // namespace
}  // namespace rebalancer::laboratory
