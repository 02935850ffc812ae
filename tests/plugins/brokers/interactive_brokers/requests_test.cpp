// What is sent, against what other clients sent to real servers.
#include "interactive_brokers/requests.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/reference.hpp"
#include "tws_server.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::test::tws_fields;
using rebalancer::test::tws_payload;

// The recorded client's requests, by message.
std::vector<std::string> recorded(const char* name, std::string_view message_id) {
  std::vector<std::string> payloads;
  const auto file = rebalancer::test::reference_file(std::string("protocols/fixtures/tws/") + name);
  if (!file) return payloads;
  std::ifstream stream(*file, std::ios::binary);
  const auto json = boost::json::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
  const auto& list = json.is_array() ? json.as_array() : json.as_object().at("messages").as_array();
  for (const auto& item : list) {
    const auto& frame = item.as_object();
    if (frame.at("direction").as_string() != "client->server" || frame.at("msg_id").as_string() != message_id) continue;
    std::vector<std::string> fields;
    for (const auto& field : frame.at("fields").as_array()) fields.emplace_back(field.as_string());
    payloads.push_back(tws_payload(fields));
  }
  return payloads;
}

constexpr const char* live = "live-gateway-v200-frames.json";
constexpr const char* older = "rust-ibapi-text-messages.json";

// One of the recorded is equal, byte by byte; true without recordings.
bool was_sent(const std::vector<std::string>& payloads, const std::string& own) {
  return payloads.empty() || std::ranges::find(payloads, own) != payloads.end();
}

PlaceOrder order(std::int32_t id, const char* symbol, int quantity) {
  return {id, 0, symbol, "USD", true, Decimal::whole(quantity), std::nullopt, "", ""};
}

}  // namespace

TEST_CASE("requests are those that real gateways answered, byte by byte") {
  CHECK(was_sent(recorded(live, "71"), start_request(1)));
  CHECK(was_sent(recorded(live, "61"), positions_request()));
  CHECK(was_sent(recorded(live, "16"), all_open_orders_request()));
  CHECK(was_sent(recorded(older, "71"), start_request(100)));
  CHECK(was_sent(recorded(older, "62"), account_summary_request(9000, "NetLiquidation,TotalCashValue")));
  CHECK(was_sent(recorded(older, "9"), stock_details_request(9000, "AAPL", "USD", 173)));
  CHECK(was_sent(recorded(older, "3"), place_order_request(order(13, "TSLA", 100), 164)));
  CHECK(was_sent(recorded(older, "3"), place_order_request(order(42, "AAPL", 200), 164)));
  // The recorded one asks for the executions of one client.
  auto fields = tws_fields(executions_request(9000, "DU1234567", 178));
  fields[3] = "100";
  CHECK(was_sent(recorded(older, "7"), tws_payload(fields)));
}

TEST_CASE("an order has as many fields as its version wants") {
  const auto count = [](int version) { return tws_fields(place_order_request(order(1, "SPY", 1), version)).size(); };
  CHECK(count(157) == 110);
  CHECK(count(164) == 113);
  CHECK(count(176) == 115);  // as ib_async
  CHECK(count(177) == 114);
  CHECK(count(178) == 114);
  CHECK(count(193) == 118);  // as @stoqey/ib
  CHECK(count(200) == 119);
}

TEST_CASE("a limit order says what was wanted, and nothing else") {
  PlaceOrder wanted = order(7, "BRK B", 3);
  wanted.con_id = 72063691;
  wanted.buy = false;
  wanted.limit = Decimal::from_billionths(460'550'000'000);
  wanted.account = "DU1234567";
  wanted.reference = "rb-a-BRK-B-s-1";
  const auto fields = tws_fields(place_order_request(wanted, 178));
  const std::vector<std::string> begin{
      "3",     "7",      "72063691", "BRK B", "STK", "",          "0", "",     "",
      "SMART", "",       "USD",      "",      "",    "",          "",  "SELL", "3",
      "LMT",   "460.55", "",         "DAY",   "",    "DU1234567", "",  "0",    "rb-a-BRK-B-s-1",
      "1"};
  CHECK(std::vector<std::string>(fields.begin(), fields.begin() + 28) == begin);
  wanted.reference = std::string("a\0b", 3);
  CHECK_THROWS_AS(static_cast<void>(place_order_request(wanted, 178)), WireError);
}

TEST_CASE("cancels by version") {
  CHECK(cancel_order_request(5, 168) == tws_payload({"4", "1", "5"}));
  CHECK(cancel_order_request(5, 178) == tws_payload({"4", "1", "5", ""}));
  CHECK(cancel_order_request(5, 192) == tws_payload({"4", "5", "", "", "2147483647"}));
  CHECK(versions_request(157, 178) == "v157..178");
  CHECK(tws_fields(stock_details_request(1, "SPY", "USD", 176)).size() == 19);
  CHECK(tws_fields(executions_request(1, "DU1", 200)).size() == 12);
}

}  // namespace interactive_brokers
