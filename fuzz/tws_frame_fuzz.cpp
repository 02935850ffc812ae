// What TWS may send: the same messages in whatever pieces they come, each read to its last field or refused with a
// sentence, and a book of orders that stays sane.
#include <algorithm>
#include <vector>

#include "interactive_brokers/book.hpp"
#include "interactive_brokers/reports.hpp"
#include "interactive_brokers/times.hpp"
#include "support/target.hpp"

namespace rebalancer::fuzz {
namespace {

namespace tws = interactive_brokers;

struct Stream {
  std::vector<std::string> payloads;
  std::string end;  // why it ended, if it did
};

Stream read(std::string_view bytes, std::size_t piece) {
  Stream stream;
  tws::FrameReader reader;
  try {
    while (!bytes.empty()) {
      reader.add(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      while (auto payload = reader.next()) stream.payloads.push_back(*std::move(payload));
    }
  } catch (const tws::WireError& error) {
    // What is shown of the bytes depends on how many have come.
    stream.end = std::string(error.what()).substr(0, 20);
    expect(!stream.end.empty(), "a refusal has a sentence");
  }
  return stream;
}

// Whatever was told: an order is in one of the five states, and what is complete is not filled at no price.
void check_book(const tws::Book& book) {
  for (const tws::KnownOrder& order : book.orders()) {
    try {
      const tws::Report report = tws::report_of(book, order);
      expect(report.state >= RB_OPEN && report.state <= RB_ORDER_REJECTED, "an order is in one of the five states");
      expect(!order.quantity || report.filled <= *order.quantity, "no more is filled than was ordered");
      const bool priced = report.average_price && report.average_price->is_positive();
      expect(!report.complete || !report.filled.is_positive() || priced, "what is filled has a price");
      expect(report.state != RB_ORDER_REJECTED || !report.filled.is_positive(), "what is rejected has nothing filled");
    } catch (const tws::WireError& error) {
      expect(std::string_view(error.what()).size() > 0, "a refusal has a sentence");
    }
  }
}

void take(tws::Book& book, const tws::Message& message) {
  std::visit(
      [&](const auto& told) {
        if constexpr (requires { book.take(told); }) static_cast<void>(book.take(told));
      },
      message);
}

void check_text(std::string_view input) {
  const auto number = tws::exact_number(input);
  if (number) {
    const auto again = tws::exact_number(number->to_string());
    expect(again && *again == *number, "a number reads back as itself", number->to_string());
    const auto nearest = tws::nearest_number(input);
    expect(nearest && *nearest == *number, "an exact number is its own nearest");
  }
  static_cast<void>(tws::instant_from(input, "UTC"));
  if (const auto zone = tws::zone_named("UTC")) {
    static_cast<void>(tws::market_hours(input, *zone, Instant::from_seconds(1'775'487'600)));
  }
  const tws::ExecutionName name = tws::execution_name(input);
  expect(name.correction >= 0 && input.starts_with(name.base), "an execution is named by its own id");
}

void check(std::string_view input) {
  check_text(input.substr(0, 200));
  const Stream whole = read(input, input.size());
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
    const Stream pieces = read(input, piece);
    expect(pieces.payloads == whole.payloads && pieces.end == whole.end, "a stream is the same in pieces");
  }
  std::vector<std::string> payloads = whole.payloads;
  payloads.emplace_back(input);  // so that a message needs no length that fits
  for (const int version : {157, 163, 173, 178, 200}) {
    tws::Book book(7, [](const std::string& warning) { expect(!warning.empty(), "a warning has a sentence"); });
    book.set_account("DU1234567", "USD");
    book.place(101, "rb-1", {}, Decimal::whole(100));
    for (const std::string& payload : payloads) {
      try {
        take(book, tws::message_from(payload, version));
      } catch (const tws::WireError& error) {
        expect(std::string_view(error.what()).size() < 1'000, "a refusal has a short sentence");
      }
    }
    check_book(book);
  }
}

const Target target("tws_frame", check);

}  // namespace
}  // namespace rebalancer::fuzz
