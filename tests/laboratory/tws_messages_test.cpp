#include "laboratory/tws_messages.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/reference.hpp"

namespace rebalancer::laboratory::tws {
namespace {

namespace json = boost::json;

struct Scene {
  Scene() {
    ExchangeSettings settings;
    settings.start = Instant::from_seconds(1'772'463'600);
    settings.client_ids = false;
    exchange = Exchange::make(settings).value();
    OrderRequest request;
    request.client_id = "rb-1";
    request.symbol = "AAPL";
    request.quantity = Decimal::whole(100);
    REQUIRE(exchange->submit(request));
  }
  [[nodiscard]] const ExchangeOrder& order() const { return exchange->orders().front(); }
  std::optional<Exchange> exchange;
  Known known{100, 1001, 1'377'295'418, ""};
};

std::vector<std::string> open_order_at(int version) {
  const Scene scene;
  return fields_of(Messages{*scene.exchange, version, "DU1236109"}.open_order(scene.order(), scene.known).payload());
}

TEST_CASE("an open order has the fields that a real gateway's has, in their places") {
  const auto file = test::reference_file("protocols/fixtures/tws/rust-ibapi-text-messages.json");
  if (!file) return;
  std::ifstream stream(*file);
  std::stringstream text;
  text << stream.rdbuf();
  const json::value recorded = json::parse(text.str());
  int compared = 0;
  for (const json::value& message : recorded.at("messages").as_array()) {
    if (message.at("msg_id").as_string() != "5" || message.at("direction").as_string() != "server->client") continue;
    const json::array& theirs = message.at("fields").as_array();
    if (theirs.size() != 136 || theirs[1].as_string() != "1001" || theirs[3].as_string() != "AAPL" ||
        theirs[15].as_string() != "MKT") {
      continue;
    }
    const std::vector<std::string> ours = open_order_at(176);
    REQUIRE(ours.size() == theirs.size());
    // The id of the contract, and the stop price of an order that has none.
    const std::set<std::size_t> facts{2, 114};
    for (std::size_t i = 0; i < ours.size(); ++i) {
      if (facts.contains(i)) continue;
      CHECK_MESSAGE(ours[i] == std::string(theirs[i].as_string()), "field " << i);
    }
    ++compared;
    break;
  }
  CHECK(compared == 1);
}

TEST_CASE("a completed order has as many fields as a real gateway's") {
  const Scene scene;
  const auto count = [&scene](int version) {
    return fields_of(
               Messages{*scene.exchange, version, "DU1236109"}.completed_order(scene.order(), scene.known).payload())
        .size();
  };
  CHECK(count(176) == 101);
  CHECK(count(178) == 100);  // without the advisor's profile
  CHECK(count(200) == 103);
}

TEST_CASE("fields come and go with the version") {
  CHECK(open_order_at(157).size() == 128);
  CHECK(open_order_at(170).size() == 136);
  CHECK(open_order_at(176).size() == 136);
  CHECK(open_order_at(178).size() == 135);
  const Scene scene;
  const auto error = [&scene](int version) {
    return fields_of(Messages{*scene.exchange, version, "DU1"}.error(7, 201, "no").payload());
  };
  CHECK(error(157) == std::vector<std::string>{"4", "2", "7", "201", "no"});
  CHECK(error(176) == std::vector<std::string>{"4", "2", "7", "201", "no", ""});
  CHECK(error(200) == std::vector<std::string>{"4", "7", "201", "no", "", "1772463600000"});
}

TEST_CASE("times are New York's") {
  CHECK(eastern_time(Instant::from_seconds(1'772'463'600)) == "20260302 10:00:00 US/Eastern");
  CHECK(eastern_time(Instant::from_seconds(1'780'000'000)) == "20260528 16:26:40 US/Eastern");
}

}  // namespace
}  // namespace rebalancer::laboratory::tws
