#include "interactive_brokers/book.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "interactive_brokers/reports.hpp"
#include "tws_messages.hpp"

namespace interactive_brokers {
namespace {

using rebalancer::test::tws_payload;
using rebalancer::test::tws_with_status;
using rebalancer::test::TwsFields;
using rebalancer::test::TwsOrder;

constexpr int version = 178;

void tell(Book& book, const TwsFields& fields) {
  std::visit(
      [&](const auto& told) {
        if constexpr (requires { book.take(told); }) static_cast<void>(book.take(told));
      },
      message_from(tws_payload(fields), version));
}

Book fresh(std::vector<std::string>& warnings) {
  Book book(7, [&warnings](const std::string& text) { warnings.push_back(text); });
  book.set_account("DU1234567", "USD");
  return book;
}

Report report_on(const Book& book, std::string_view reference) {
  const auto orders = book.with_reference(reference);
  REQUIRE(orders.size() == 1);
  return report_of(book, *orders.front());
}

std::string fills_of(const Book& book, std::string_view reference) {
  std::string all;
  for (const KnownFill* fill : book.fills(reference)) {
    all += fill->execution.id + "=" + fill->execution.quantity.to_string() + " ";
  }
  return all;
}

}  // namespace

TEST_CASE("whatever the order of the messages, and however often they come: the same fills, price and fee") {
  const TwsOrder order;
  std::vector<TwsFields> messages{
      rebalancer::test::tws_open_order(order),
      rebalancer::test::tws_order_status(tws_with_status(order, "Submitted", "30", "10")),
      rebalancer::test::tws_execution(order, "-1", "x.01.01", "30", "10"),
      rebalancer::test::tws_execution(order, "-1", "y.01.01", "70", "11"),
      rebalancer::test::tws_execution(order, "-1", "y.01.02", "70", "12"),
      rebalancer::test::tws_commission("x.01.01", "1"),
      rebalancer::test::tws_commission("y.01.02", "2.5"),
  };
  std::ranges::sort(messages);
  int orders_tried = 0;
  do {
    std::vector<std::string> warnings;
    Book book = fresh(warnings);
    book.place(101, "rb-1", {}, Decimal::whole(100));
    for (std::size_t i = 0; i < messages.size(); ++i) {
      tell(book, messages[i]);
      tell(book, messages[i / 2]);
    }
    const Report report = report_on(book, "rb-1");
    REQUIRE(report.state == RB_FILLED);
    REQUIRE(report.filled == Decimal::whole(100));
    REQUIRE(report.average_price->to_string() == "11.4");
    REQUIRE(report.fee.to_string() == "3.5");
    REQUIRE(report.fee_known);
    REQUIRE(fills_of(book, "rb-1") == "x.01.01=30 y.01.02=70 ");
    ++orders_tried;
  } while (std::ranges::next_permutation(messages).found);
  CHECK(orders_tried == 5'040);
}

TEST_CASE("an order id alone attributes nothing") {
  std::vector<std::string> warnings;
  Book book = fresh(warnings);
  book.place(101, "rb-new", {}, Decimal::whole(5));
  // The same order id, given out before the gateway counted backwards.
  TwsOrder old;
  old.reference = "rb-old";
  old.perm_id = "1";
  tell(book, rebalancer::test::tws_open_order(old));
  tell(book, rebalancer::test::tws_order_status(tws_with_status(old, "Filled", "100", "10")));
  tell(book, rebalancer::test::tws_execution(old, "-1", "a.01", "100", "10"));
  CHECK(report_on(book, "rb-new").filled.is_zero());
  CHECK(fills_of(book, "rb-new").empty());
  CHECK(report_on(book, "rb-old").state == RB_FILLED);
  CHECK(warnings.size() == 1);
  // Another API client's ids, and another account's.
  TwsOrder other;
  other.client_id = "8";
  other.perm_id = "2";
  tell(book, rebalancer::test::tws_order_status(tws_with_status(other, "Filled", "5", "10")));
  CHECK(report_on(book, "rb-new").state == RB_OPEN);
  other.account = "DU7";
  tell(book, rebalancer::test::tws_open_order(other));
  CHECK(book.with_reference("rb-1").empty());
}

TEST_CASE("an execution without a reference belongs to the order of its permanent id") {
  std::vector<std::string> warnings;
  Book book = fresh(warnings);
  TwsOrder order;
  tell(book, rebalancer::test::tws_open_order(order));
  order.reference.clear();
  tell(book, rebalancer::test::tws_execution(order, "-1", "a.01", "1", "10"));
  order.perm_id = "0";
  tell(book, rebalancer::test::tws_execution(order, "-1", "b.01", "1", "10"));
  CHECK(fills_of(book, "rb-1") == "a.01=1 ");
}

TEST_CASE("states") {
  struct Case {
    const char *status, *filled, *price;
    std::int32_t state;
    bool complete;
  };
  for (const Case& told :
       {Case{"PendingSubmit", "0", "0", RB_OPEN, true}, Case{"ApiPending", "0", "0", RB_OPEN, true},
        Case{"PendingCancel", "3", "9", RB_PARTIAL, true}, Case{"Submitted", "3", "0", RB_PARTIAL, false},
        Case{"Submitted", "100", "9", RB_FILLED, true}, Case{"Filled", "100", "9", RB_FILLED, true},
        Case{"Filled", "40", "9", RB_FILLED, false}, Case{"Filled", "100", "0", RB_FILLED, false},
        Case{"Cancelled", "0", "0", RB_CANCELLED, true}, Case{"ApiCancelled", "3", "9", RB_CANCELLED, true},
        Case{"Cancelled", "100", "9", RB_FILLED, true}, Case{"Inactive", "0", "0", RB_OPEN, true},
        Case{"Rejected", "0", "0", RB_OPEN, true}}) {
    CAPTURE(told.status);
    CAPTURE(told.filled);
    std::vector<std::string> warnings;
    Book book = fresh(warnings);
    const TwsOrder order = tws_with_status(TwsOrder(), told.status, told.filled, told.price);
    tell(book, rebalancer::test::tws_open_order(order));
    tell(book, rebalancer::test::tws_order_status(order));
    const Report report = report_on(book, "rb-1");
    CHECK(report.state == told.state);
    CHECK(report.complete == told.complete);
    CHECK(report.status_known == (std::string_view(told.status) != "Rejected"));
  }
  std::vector<std::string> warnings;
  Book book = fresh(warnings);
  const TwsOrder order = tws_with_status(TwsOrder(), "Submitted", "101", "9");
  tell(book, rebalancer::test::tws_open_order(order));
  tell(book, rebalancer::test::tws_order_status(order));
  CHECK_THROWS_WITH_AS(static_cast<void>(report_on(book, "rb-1")), "order rb-1: 101 of 100 are filled", WireError);
}

TEST_CASE("a rejection with something filled is a cancellation, and work after it ends it") {
  std::vector<std::string> warnings;
  Book book = fresh(warnings);
  book.place(101, "rb-1", {}, Decimal::whole(100));
  CHECK(book.take(ErrorMessage{101, 201, "no"}));
  CHECK_FALSE(book.take(ErrorMessage{102, 201, "no"}));
  CHECK(report_on(book, "rb-1").state == RB_ORDER_REJECTED);
  tell(book, rebalancer::test::tws_execution(TwsOrder(), "-1", "a.01", "1", "10"));
  CHECK(report_on(book, "rb-1").state == RB_CANCELLED);
  tell(book, rebalancer::test::tws_order_status(tws_with_status(TwsOrder(), "Submitted", "1", "10")));
  CHECK(report_on(book, "rb-1").state == RB_PARTIAL);
}

TEST_CASE("the price of a part is not the price of the whole") {
  std::vector<std::string> warnings;
  Book book = fresh(warnings);
  tell(book, rebalancer::test::tws_open_order(TwsOrder()));
  tell(book, rebalancer::test::tws_order_status(tws_with_status(TwsOrder(), "Submitted", "40", "500")));
  CHECK(report_on(book, "rb-1").complete);
  tell(book,
       rebalancer::test::tws_completed_order(tws_with_status(TwsOrder(), "Filled", "100", ""), "Filled Size: 100"));
  CHECK_FALSE(report_on(book, "rb-1").complete);
}

TEST_CASE("names of executions") {
  CHECK(execution_name("0000e0d5.69dd7411.01.02").base == "0000e0d5.69dd7411.01");
  CHECK(execution_name("0000e0d5.69dd7411.01.02").correction == 2);
  CHECK(execution_name("plain").base == "plain");
  CHECK(execution_name("a.b").base == "a.b");
  CHECK(execution_name("a.").base == "a.");
  CHECK(execution_name("").base.empty());
}

TEST_CASE("what errors mean") {
  CHECK(meaning_of(201) == ErrorMeaning::refused);
  CHECK(meaning_of(202) == ErrorMeaning::cancelled);
  CHECK(meaning_of(399) == ErrorMeaning::remark);
  CHECK(meaning_of(2109) == ErrorMeaning::remark);
  CHECK(meaning_of(2110) == ErrorMeaning::unclear);
  CHECK(meaning_of(1) == ErrorMeaning::unclear);
  for (const int code : {2100, 2104, 2106, 2107, 2108, 2158, 2169}) CHECK(is_notice(code));
  for (const int code : {1100, 1101, 1102, 2110, 2170, 201}) CHECK_FALSE(is_notice(code));
}

}  // namespace interactive_brokers
