#include "requests.hpp"

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

constexpr int unset = 2147483647;

// "SMART" is Interactive Brokers' own routing.
void add_stock(FieldWriter& fields, std::int64_t con_id, std::string_view symbol, std::string_view currency) {
  fields.add(con_id).add(symbol).add("STK").add("").add(0).add("").add("");
  fields.add("SMART").add("").add(currency).add("").add("");
}

}  // namespace

std::string versions_request(int least, int most) { return fmt::format("v{}..{}", least, most); }

std::string start_request(std::int32_t client_id) { return FieldWriter(71).add(2).add(client_id).add("").payload(); }

std::string order_ids_request() { return FieldWriter(8).add(1).add(1).payload(); }

std::string place_order_request(const PlaceOrder& order, int version) {
  FieldWriter fields(3);
  fields.add(order.order_id);
  add_stock(fields, order.con_id, order.symbol, order.currency);
  fields.repeat(2, "");  // other id
  fields.add(order.buy ? "BUY" : "SELL").add(order.quantity).add(order.limit ? "LMT" : "MKT");
  fields.add(order.limit).add("").add("DAY").add("").add(order.account).add("").add(0).add(order.reference);
  fields.add(1);  // transmit
  fields.repeat(7, "0").add("").add(0);
  fields.repeat(5, "");
  if (version < 177) fields.add("");
  fields.add("").add(0).add("").add(-1).add(0).repeat(2, "").add(0).repeat(2, "");  // model to percent offset
  fields.repeat(2, "0").repeat(7, "").add(0);                                       // e-trade to percentage constraints
  fields.repeat(4, "").add(0).repeat(6, "");                                        // volatility to scale increment
  fields.repeat(4, "");                                                             // scale table to hedge
  fields.add(0).repeat(2, "").repeat(2, "0").repeat(2, "");                         // smart routing to algorithm
  fields.add(0).add("").repeat(3, "0");                                             // what-if to random price
  fields.add(0).repeat(6, "").add(0);                                               // conditions, adjusted order
  fields.repeat(3, "").add("");                                                     // operator, soft dollars, cash
  fields.repeat(4, "").repeat(4, "0");                                              // MiFID to price management
  if (version >= 158) fields.add("");
  if (version >= 160) fields.add("");
  if (version >= 162) fields.add(0);
  if (version >= 166) fields.add("");
  if (version >= 169) fields.add("");
  if (version >= 183) fields.add("");
  if (version >= 184) fields.add(0);
  if (version >= 187 && version < 190) fields.add("").add(unset);
  if (version >= 189) fields.add(0);
  if (version >= 192) fields.add(unset);
  if (version >= 199) fields.add(0);
  return fields.payload();
}

std::string cancel_order_request(std::int32_t order_id, int version) {
  FieldWriter fields(4);
  if (version < 192) fields.add(1);
  fields.add(order_id);
  if (version >= 169) fields.add("");
  if (version >= 192) fields.add("").add(unset);
  return fields.payload();
}

std::string all_open_orders_request() { return FieldWriter(16).add(1).payload(); }

std::string completed_orders_request() { return FieldWriter(99).add(0).payload(); }

std::string executions_request(std::int32_t request, std::string_view account, int version) {
  FieldWriter fields(7);
  fields.add(3).add(request).add(0).add(account).repeat(5, "");
  if (version >= 200) fields.add(unset).add(0);
  return fields.payload();
}

std::string stock_details_request(std::int32_t request, std::string_view symbol, std::string_view currency,
                                  int version) {
  FieldWriter fields(9);
  fields.add(8).add(request);
  add_stock(fields, 0, symbol, currency);
  fields.add(0).repeat(2, "");
  if (version >= 176) fields.add("");
  return fields.payload();
}

std::string positions_request() { return FieldWriter(61).add(1).payload(); }
std::string positions_cancel_request() { return FieldWriter(64).add(1).payload(); }

std::string account_summary_request(std::int32_t request, std::string_view tags) {
  return FieldWriter(62).add(1).add(request).add("All").add(tags).payload();
}
std::string account_summary_cancel_request(std::int32_t request) {
  return FieldWriter(63).add(1).add(request).payload();
}

}  // namespace interactive_brokers
