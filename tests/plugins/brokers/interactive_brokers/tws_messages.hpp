// What a server of version 178 says, laid out as in the recordings.
#pragma once
#include <string>

#include "tws_server.hpp"

namespace rebalancer::test {

struct TwsOrder {
  std::string order_id = "101", symbol = "SPY", action = "BUY", quantity = "100", type = "LMT", limit = "500.1";
  std::string account = "DU1234567", reference = "rb-1", client_id = "7", perm_id = "5001", status = "Submitted";
  std::string filled = "0", average_price = "0", reason;
};

inline TwsOrder tws_with_status(TwsOrder order, const std::string& status, const std::string& filled = "0",
                                const std::string& price = "0") {
  order.status = status;
  order.filled = filled;
  order.average_price = price;
  return order;
}

inline void add(TwsFields& fields, int count, const std::string& text) {
  fields.insert(fields.end(), static_cast<std::size_t>(count), text);
}
inline void add(TwsFields& fields, const TwsFields& more) { fields.insert(fields.end(), more.begin(), more.end()); }

inline TwsFields tws_open_order(const TwsOrder& order) {
  const std::string unset = "1.7976931348623157E308";
  TwsFields fields{"5",
                   order.order_id,
                   "756733",
                   order.symbol,
                   "STK",
                   "",
                   "0",
                   "?",
                   "",
                   "SMART",
                   "USD",
                   order.symbol,
                   order.symbol,
                   order.action,
                   order.quantity,
                   order.type,
                   order.limit,
                   "0.0",
                   "DAY",
                   "",
                   order.account,
                   "",
                   "0",
                   order.reference,
                   order.client_id,
                   order.perm_id};
  add(fields, {"0", "0", "0", "", order.perm_id + ".0/" + order.account + "/100"});
  add(fields, 3, "");
  add(fields, {"", "", "", "", "", "0", "", "-1"});
  add(fields, {"0", "", "", "", "", ""});
  add(fields, {"2147483647", "0", "0", "0", ""});
  add(fields, {"3", "0", "0", ""});
  add(fields, {"0", "0", "", "0", "None", "", "0", "", "", "", "?", "0", "0", ""});
  add(fields, {"0", "0", "", "", "", ""});            // continuous update to basis points
  add(fields, {"", "0", "0", "0"});                   // combination
  add(fields, {"2147483647", "2147483647", "", ""});  // scale, hedge
  add(fields, {"0", "", "IB", "0", "0", "", "0", "0", order.status});
  add(fields, 9, unset);
  add(fields, {"", "", "", "", order.reason, "0", "0", "0", "None"});
  add(fields, 6, unset);
  add(fields, {"0", "", "", "", "0", "1", "0", "0", "0", "", "", "0"});
  add(fields, 5, "");
  return fields;
}

inline TwsFields tws_order_status(const TwsOrder& order) {
  return {"3", order.order_id,  order.status, order.filled, "0", order.average_price, order.perm_id, "0",
          "0", order.client_id, "",           "0"};
}

inline TwsFields tws_completed_order(const TwsOrder& order, const std::string& completed_status) {
  const std::string unset = "1.7976931348623157E308";
  TwsFields fields{"101",      "756733",        order.symbol, "STK",        "",           "0",           "?",
                   "",         "SMART",         "USD",        order.symbol, order.symbol, order.action,  order.quantity,
                   order.type, order.limit,     "0.0",        "DAY",        "",           order.account, "",
                   "0",        order.reference, order.perm_id};
  add(fields, {"0", "0", "0", "", "", "", ""});
  add(fields, {"", "", "0", "", "", "0", "", "-1"});
  add(fields, {"", "", "", "", "", "2147483647", "0", "0", "", "3", "0", "", "0"});
  add(fields, {"None", "", "0", "0", "0", "", "0", "0", "", "", "", "0", "0", "0"});
  add(fields, {"2147483647", "2147483647", "", "", "", "IB", "0", "0", "", "0", order.status, "0", "0", "0"});
  add(fields, {unset, unset, "0", "1", "0", "", order.filled, "2147483647", "0", "Not an insider", "0", "0"});
  add(fields, {"9223372036854775807", "20260406 11:00:00 US/Eastern", completed_status});
  add(fields, 5, "");
  return fields;
}

inline TwsFields tws_execution(const TwsOrder& order, const std::string& request, const std::string& id,
                               const std::string& shares, const std::string& price,
                               const std::string& time = "20260406 11:00:05 US/Eastern") {
  return {"11",
          request,
          order.order_id,
          "756733",
          order.symbol,
          "STK",
          "",
          "0.0",
          "",
          "",
          "ARCA",
          "USD",
          order.symbol,
          order.symbol,
          id,
          time,
          order.account,
          "ARCA",
          order.action == "BUY" ? "BOT" : "SLD",
          shares,
          price,
          order.perm_id,
          order.client_id,
          "0",
          shares,
          price,
          order.reference,
          "",
          "",
          "",
          "2",
          "0"};
}

inline TwsFields tws_commission(const std::string& id, const std::string& amount, const std::string& currency = "USD") {
  return {"59", "1", id, amount, currency, "1.7976931348623157E308", "1.7976931348623157E308", ""};
}

inline TwsFields tws_error(const std::string& id, const std::string& code, const std::string& text) {
  return {"4", "2", id, code, text, ""};
}

inline TwsFields tws_contract(const std::string& request, const std::string& symbol) {
  return {"10",
          request,
          symbol,
          "STK",
          "",
          "0",
          "",
          "SMART",
          "USD",
          symbol,
          symbol,
          symbol,
          "756733",
          "0.01",
          "",
          "LMT,MKT",
          "SMART,ARCA",
          "1",
          "0",
          "A FUND, INC",
          "ARCA",
          "",
          "Funds",
          "Equity Fund",
          "",
          "US/Eastern",
          "20260406:0400-20260406:2000",
          "20260405:CLOSED;20260406:0930-20260406:1600;20260407:0930-20260407:1600",
          "",
          "",
          "1",
          "ISIN",
          "US78462F1030",
          "1",
          "",
          "",
          "26",
          "",
          "ETF",
          "0.0001",
          "0.0001",
          "100"};
}

}  // namespace rebalancer::test
