// The decoder against what real servers sent: every recorded frame, whole, in pieces, cut and damaged.
#include "interactive_brokers/messages.hpp"

#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <doctest/doctest.h>

#include "support/reference.hpp"
#include "tws_messages.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::test::tws_payload;

struct Recorded {
  int version;
  bool faithful;  // byte by byte as it was sent
  std::string source;
  std::vector<std::string> fields;
  std::string payload;
};

std::string bytes_of(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::optional<boost::json::value> recording(const char* name) {
  const auto file = rebalancer::test::reference_file(std::string("protocols/fixtures/tws/") + name);
  if (!file) return std::nullopt;
  std::ifstream stream(*file, std::ios::binary);
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(stream), {}));
}

Recorded recorded_from(const boost::json::object& frame, int version, bool faithful) {
  Recorded own{version,
               faithful,
               std::string(frame.at("source").as_string()),
               {},
               bytes_of(frame.at("payload_hex").as_string())};
  for (const auto& field : frame.at("fields").as_array()) own.fields.emplace_back(field.as_string());
  return own;
}

std::vector<Recorded> live_frames() {
  std::vector<Recorded> frames;
  const auto json = recording("live-gateway-v200-frames.json");
  if (!json) return frames;
  for (const auto& item : json->as_array()) {
    const auto& frame = item.as_object();
    if (frame.at("direction").as_string() != "server->client") continue;
    frames.push_back(recorded_from(frame, 200, frame.at("byte_faithful").as_bool()));
  }
  return frames;
}

std::vector<Recorded> older_messages() {
  std::vector<Recorded> frames;
  const auto json = recording("rust-ibapi-text-messages.json");
  if (!json) return frames;
  for (const auto& item : json->as_object().at("messages").as_array()) {
    const auto& frame = item.as_object();
    if (frame.at("direction").as_string() != "server->client") continue;
    frames.push_back(recorded_from(frame, 173, false));
  }
  return frames;
}

std::string text(const Decimal& number) { return number.to_string(); }

// What was decoded is in the recording's own list of fields, at the place that it names.
void compare(const Message& message, const std::vector<std::string>& fields) {
  if (const auto* told = std::get_if<Execution>(&message)) {
    CHECK(std::to_string(told->order_id) == fields[2]);
    CHECK(told->contract.symbol == fields[4]);
    CHECK(told->contract.currency == fields[11]);
    CHECK(told->id == fields[14]);
    CHECK(told->time == fields[15]);
    CHECK(told->account == fields[16]);
    CHECK(told->side == fields[18]);
    CHECK(text(told->quantity) == fields[19]);
    CHECK(text(told->price) == fields[20]);
    CHECK(std::to_string(told->perm_id) == fields[21]);
    CHECK(std::to_string(told->client_id) == fields[22]);
    CHECK(told->reference == fields[26]);
  } else if (const auto* order = std::get_if<CompletedOrder>(&message)) {
    CHECK(order->contract.symbol == fields[2]);
    CHECK(order->action == fields[12]);
    CHECK(text(order->quantity) == fields[13]);
    CHECK(order->account == fields[19]);
    CHECK(order->reference == fields[22]);
    CHECK(std::to_string(order->perm_id) == fields[23]);
    CHECK(order->status == "Cancelled");
    CHECK(text(order->filled.value()) == "0");
    CHECK(order->completed_status == "Cancelled by Trader");
  } else if (const auto* details = std::get_if<ContractDetails>(&message)) {
    CHECK(std::to_string(details->request) == fields[1]);
    CHECK(std::to_string(details->contract.con_id) == "265598");
    CHECK(text(details->tick_min.value()) == "0.01");
    CHECK(text(details->size_min.value()) == "0.0001");
    CHECK(text(details->size_increment.value()) == "0.0001");
    CHECK(details->time_zone == "US/Eastern");
    CHECK(details->primary_exchange == "NASDAQ");
    CHECK(details->liquid_hours.starts_with("20260405:CLOSED;20260406:0930-20260406:1600;"));
  } else if (const auto* value = std::get_if<AccountValue>(&message)) {
    CHECK(value->account == fields[3]);
    CHECK(value->tag == fields[4]);
    CHECK(value->value == fields[5]);
    CHECK(value->currency == fields[6]);
  } else if (const auto* position = std::get_if<PositionMessage>(&message)) {
    CHECK(position->account == fields[2]);
    CHECK(position->contract.symbol == fields[4]);
    CHECK(text(position->quantity) == fields[14]);
  } else if (const auto* error = std::get_if<ErrorMessage>(&message)) {
    CHECK(error->id == -1);
    CHECK(std::to_string(error->code) == fields[2]);
    CHECK(error->text == fields[3]);
  } else if (const auto* next = std::get_if<NextValidId>(&message)) {
    CHECK(std::to_string(next->id) == fields[2]);
  } else if (const auto* accounts = std::get_if<ManagedAccounts>(&message)) {
    CHECK(accounts->accounts == std::vector<std::string>{fields[2]});
  } else if (const auto* end = std::get_if<ListEnd>(&message)) {
    CHECK(std::to_string(end->message_id) == fields[0]);
    if (fields.size() > 2) CHECK(std::to_string(end->request) == fields[2]);
  } else {
    CHECK(std::get_if<Other>(&message) != nullptr);
  }
}

}  // namespace

TEST_CASE("every frame of a live gateway says what the recording says") {
  std::size_t compared = 0;
  for (const Recorded& frame : live_frames()) {
    if (!frame.faithful) continue;
    INFO(frame.source);
    compare(message_from(frame.payload, frame.version), frame.fields);
    ++compared;
  }
  MESSAGE(compared << " recorded frames agree");
}

TEST_CASE("the damaged frame is refused, with the field that cannot be") {
  for (const Recorded& frame : live_frames()) {
    if (frame.faithful) continue;
    CHECK_THROWS_WITH_AS(static_cast<void>(message_from(frame.payload, frame.version)),
                         doctest::Contains("message 5 (openOrder), field "), WireError);
  }
}

TEST_CASE("a recorded frame that is cut anywhere is refused, never read as something less") {
  for (const Recorded& frame : live_frames()) {
    if (!frame.faithful || message_name(std::stoi(frame.fields[0])).empty()) continue;
    // What explains an error may lack, and so may the version of a list's end.
    if (frame.fields[0] == "4" || frame.fields.size() == 2) continue;
    INFO(frame.source);
    for (std::size_t size = 0; size < frame.payload.size(); ++size) {
      CHECK_THROWS_AS(static_cast<void>(message_from(frame.payload.substr(0, size), frame.version)), WireError);
    }
  }
}

TEST_CASE("frames come whole out of a stream that is split at any byte") {
  std::vector<Recorded> frames = live_frames();
  std::string stream;
  std::vector<std::string> payloads;
  for (const Recorded& recorded : frames) {
    stream += frame(recorded.payload);
    payloads.push_back(recorded.payload);
  }
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    FrameReader reader;
    std::vector<std::string> read;
    for (const std::string_view piece :
         {std::string_view(stream).substr(0, split), std::string_view(stream).substr(split)}) {
      reader.add(piece);
      while (auto payload = reader.next()) read.push_back(*std::move(payload));
    }
    REQUIRE(read == payloads);
    REQUIRE(reader.pending() == 0);
  }
}

TEST_CASE("older recordings are read or refused with a sentence") {
  std::size_t orders = 0, read = 0, refused = 0;
  for (const Recorded& frame : older_messages()) {
    INFO(frame.source);
    try {
      const Message message = message_from(frame.payload, frame.version);
      ++read;
      if (const auto* order = std::get_if<OpenOrder>(&message)) {
        ++orders;
        CHECK(frame.fields.size() == 136);
        CHECK(order->account == frame.fields[20]);
        CHECK(order->status == frame.fields[94]);
      }
    } catch (const WireError& error) {
      ++refused;
      CHECK(std::string_view(error.what()).size() > 10);
    }
  }
  MESSAGE(read << " read, of them " << orders << " open orders; " << refused << " refused");
}

TEST_CASE("the layouts by version: the same values out of each") {
  rebalancer::test::TwsOrder order;
  order.reason = "a warning";
  const auto fields = rebalancer::test::tws_open_order(order);
  REQUIRE(fields.size() == 135);
  const auto told = std::get<OpenOrder>(message_from(tws_payload(fields), 178));
  CHECK(told.reference == "rb-1");
  CHECK(told.status == "Submitted");
  CHECK(told.warning == "a warning");
  CHECK(told.perm_id == 5001);
  // One field more or less than the version has.
  for (const int version : {157, 160, 176, 185, 200}) {
    CHECK_THROWS_AS(static_cast<void>(message_from(tws_payload(fields), version)), WireError);
  }
  const auto done = rebalancer::test::tws_completed_order(order, "Filled Size: 100");
  CHECK(std::get<CompletedOrder>(message_from(tws_payload(done), 178)).completed_status == "Filled Size: 100");
}

TEST_CASE("a greeting is a version and a time") {
  const Greeting told = greeting_from(tws_payload({"178", "20260413 21:27:03 Central European Standard Time"}));
  CHECK(told.version == 178);
  CHECK(told.connected_at == "20260413 21:27:03 Central European Standard Time");
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request"), std::string(), tws_payload({"", "x"}), tws_payload({"178a", "x"})}) {
    CHECK_THROWS_AS(static_cast<void>(greeting_from(bytes)), WireError);
  }
}

}  // namespace interactive_brokers
