#include "messages.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace interactive_brokers {
namespace {

OrderStatus order_status_from(FieldReader& fields) {
  OrderStatus told;
  told.order_id = fields.small_integer();
  told.status = fields.text();
  told.filled = fields.decimal();
  fields.skip(1);  // remaining
  told.average_price = fields.nearest_decimal();
  told.perm_id = fields.integer();
  fields.skip(2);  // parent, last price
  told.client_id = fields.small_integer();
  told.why_held = fields.text();
  fields.skip(1);
  return told;
}

ErrorMessage error_from(FieldReader& fields, int version) {
  if (version < 194) fields.skip(1);
  ErrorMessage told;
  told.id = fields.integer();
  told.code = fields.small_integer();
  told.text = fields.text();
  // The rest explains a rejection in JSON and says when; older servers leave it out.
  while (!fields.at_end()) fields.skip(1);
  return told;
}

ManagedAccounts accounts_from(FieldReader& fields) {
  fields.skip(1);
  ManagedAccounts told;
  std::string_view list = fields.text();
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (end > 0) told.accounts.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return told;
}

ContractDetails contract_details_from(FieldReader& fields, int version) {
  if (version < 164) fields.skip(1);
  ContractDetails told;
  told.request = fields.small_integer();
  told.contract.symbol = fields.text();
  told.contract.security_type = fields.text();
  fields.skip(version >= 182 ? 4 : 3);  // last trade date, strike, right
  told.contract.exchange = fields.text();
  told.contract.currency = fields.text();
  told.contract.local_symbol = fields.text();
  fields.skip(2);  // market name, trading class
  told.contract.con_id = fields.integer();
  told.tick_min = fields.optional_decimal();
  if (version < 164) fields.skip(1);
  fields.skip(1);  // multiplier
  told.order_types = fields.text();
  fields.skip(1);  // exchanges
  told.price_magnifier = fields.integer();
  fields.skip(2);  // underlying, long name
  told.primary_exchange = fields.text();
  fields.skip(4);  // contract month, industry, category, subcategory
  told.time_zone = fields.text();
  fields.skip(1);  // trading hours
  told.liquid_hours = fields.text();
  fields.skip(2);                   // economic value rule
  fields.skip(2 * fields.count());  // other ids
  fields.skip(6);                   // group, underlying symbol and type, market rules, expiration, stock type
  if (version == 163) fields.skip(1);
  if (version >= 164) {
    told.size_min = fields.optional_decimal();
    told.size_increment = fields.optional_decimal();
    fields.skip(1);
  }
  if (version >= 179 && told.contract.security_type == "FUND") fields.skip(17);
  if (version >= 186) fields.skip(2 * fields.count());
  return told;
}

Execution execution_from(FieldReader& fields, int version) {
  fields.skip(1);  // the request; -1 when it was not asked for
  Execution told;
  told.order_id = fields.small_integer();
  told.contract = contract_from(fields);
  told.id = fields.text();
  told.time = fields.text();
  told.account = fields.text();
  fields.skip(1);
  told.side = fields.text();
  told.quantity = fields.decimal();
  told.price = fields.decimal();
  told.perm_id = fields.integer();
  told.client_id = fields.small_integer();
  fields.skip(3);  // liquidation, cumulative quantity, average price
  told.reference = fields.text();
  fields.skip(4);  // economic value rule, model, liquidity
  if (version >= 178) fields.skip(1);
  if (version >= 198) fields.skip(1);
  if (told.id.empty()) fields.wrong("", "an execution without an id");
  return told;
}

Commission commission_from(FieldReader& fields) {
  fields.skip(1);
  Commission told;
  told.execution_id = fields.text();
  told.amount = fields.nearest_decimal();
  told.currency = fields.text();
  fields.skip(3);  // profit, yield and its date
  return told;
}

PositionMessage position_from(FieldReader& fields) {
  fields.skip(1);
  PositionMessage told;
  told.account = fields.text();
  told.contract = contract_from(fields);
  told.quantity = fields.decimal();
  fields.skip(1);
  return told;
}

AccountValue account_value_from(FieldReader& fields) {
  fields.skip(1);
  AccountValue told;
  told.request = fields.small_integer();
  told.account = fields.text();
  told.tag = fields.text();
  told.value = fields.text();
  told.currency = fields.text();
  return told;
}

ListEnd list_end_from(FieldReader& fields, bool numbered) {
  ListEnd told{fields.id(), 0};
  if (numbered) {
    fields.skip(1);
    told.request = fields.small_integer();
  }
  return told;
}

Message decoded(FieldReader& fields, int version) {
  switch (fields.id()) {
    case 3:
      return order_status_from(fields);
    case 4:
      return error_from(fields, version);
    case 5:
      return open_order_from(fields, version);
    case 9:
      fields.skip(1);
      return NextValidId{fields.integer()};
    case 10:
      return contract_details_from(fields, version);
    case 11:
      return execution_from(fields, version);
    case 15:
      return accounts_from(fields);
    case 52:
    case 55:
    case 64:
      return list_end_from(fields, true);
    case 53:
    case 62:
    case 102:
      // With a version, or without.
      if (!fields.at_end()) fields.skip(1);
      return list_end_from(fields, false);
    case 59:
      return commission_from(fields);
    case 61:
      return position_from(fields);
    case 63:
      return account_value_from(fields);
    case 101:
      return completed_order_from(fields, version);
    default:
      return Other{fields.id()};
  }
}

}  // namespace

Contract contract_from(FieldReader& fields) {
  Contract contract;
  contract.con_id = fields.integer();
  contract.symbol = fields.text();
  contract.security_type = fields.text();
  fields.skip(4);
  contract.exchange = fields.text();
  contract.currency = fields.text();
  contract.local_symbol = fields.text();
  fields.skip(1);
  return contract;
}

Greeting greeting_from(std::string_view payload) {
  const std::size_t end = payload.find('\0');
  const std::string_view first = payload.substr(0, end);
  Greeting told;
  const auto read = std::from_chars(first.data(), first.data() + first.size(), told.version);
  if (end == std::string_view::npos || first.empty() || read.ec != std::errc() ||
      read.ptr != first.data() + first.size()) {
    throw WireError("the first answer does not begin with a server version: the other side is no TWS or IB Gateway");
  }
  const std::string_view rest = payload.substr(end + 1);
  told.connected_at = rest.substr(0, rest.find('\0'));
  return told;
}

Message message_from(std::string_view payload, int version) {
  FieldReader fields(payload);
  Message message = decoded(fields, version);
  if (!std::holds_alternative<Other>(message)) fields.finish();
  return message;
}

}  // namespace interactive_brokers
