#include "wire.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <rebalancer/plugin.h>

namespace trading212 {
namespace {

namespace support = rebalancer::plugin_support;

constexpr std::array working{"LOCAL", "UNCONFIRMED", "CONFIRMED", "NEW", "CANCELLING", "PARTIALLY_FILLED", "REPLACING"};

Decimal without_sign(Decimal value) {
  return value.is_negative() ? Decimal::from_billionths(-value.billionths()) : value;
}
Decimal negative(Decimal value) { return Decimal::from_billionths(-without_sign(value).billionths()); }

const Json& member_of(const Json& json, std::string_view name, std::string_view what) {
  const Json* found = json.find(name);
  if (found == nullptr) throw support::BadAnswer(fmt::format("{}: {} is missing", what, name));
  return *found;
}

WireFill fill_from(const Json& json, const std::string& order) {
  WireFill fill;
  fill.id = id_of(json, "id", "a fill of order " + order);
  const Fields fields(json, "fill " + fill.id);
  fill.quantity = without_sign(fields.decimal("quantity"));
  fill.price = rounded(json, "price", fields.what());
  fill.at = fields.instant("filledAt");
  if (!fields.has("walletImpact")) return fill;
  const Json& impact = member_of(json, "walletImpact", fields.what());
  const Json* taxes = Fields(impact, fields.what() + ": walletImpact").has("taxes") ? impact.find("taxes") : nullptr;
  if (taxes == nullptr) return fill;
  for (const Json& item : support::items_of(*taxes, fields.what() + ": taxes")) {
    const Fields tax(item, fields.what() + ": a tax");
    // Charged ones are told with a sign or without.
    const auto total = add(fill.fee, without_sign(rounded(item, "quantity", tax.what())));
    if (!total) tax.wrong("quantity", total.error().message);
    fill.fee = *total;
    const std::string currency = tax.text_or("currency", "");
    if (!fill.fee_currency.empty() && !currency.empty() && currency != fill.fee_currency) {
      tax.wrong("currency", fmt::format("is {}, another tax of this fill is in {}", currency, fill.fee_currency));
    }
    if (!currency.empty()) fill.fee_currency = currency;
  }
  return fill;
}

// "5.684341886080802E-14" and "1.23456789012345E7" without their exponents: what has more places than a Decimal cannot
// be read exactly. Anything else comes back as it is.
std::string without_exponent(const std::string& text) {
  constexpr int exponent_max = 400;  // of a double
  const std::size_t letter = text.find_first_of("eE");
  if (letter == std::string::npos) return text;
  std::string_view power = std::string_view(text).substr(letter + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  int exponent = 0;
  const auto read = std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (read.ec != std::errc() || std::abs(exponent) > exponent_max) return text;
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  std::string digits = text.substr(sign, letter - sign);
  const std::size_t found = std::min(digits.find('.'), digits.size());
  if (found < digits.size()) digits.erase(found, 1);
  auto point = static_cast<std::ptrdiff_t>(found) + exponent;
  if (point < 1) digits.insert(0, static_cast<std::size_t>(1 - std::exchange(point, 1)), '0');
  const auto place = static_cast<std::size_t>(point);
  if (place >= digits.size()) digits.append(place + 1 - digits.size(), '0');
  digits.insert(place, 1, '.');
  digits.erase(0, std::min(digits.find_first_not_of('0'), place - 1));
  return text.substr(0, sign) + digits;
}

}  // namespace

std::string id_of(const Json& json, std::string_view name, std::string_view what) {
  static_cast<void>(Fields(json, std::string(what)));
  const Json& id = member_of(json, name, what);
  const bool kind = id.kind() == Json::Kind::number || id.kind() == Json::Kind::string;
  const bool plain = std::all_of(id.text().begin(), id.text().end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
  if (!kind || id.text().empty() || id.text().size() > 64 || !plain) {
    throw support::BadAnswer(fmt::format("{}: {} is no id", what, name));
  }
  return id.text();
}

Decimal rounded(const Json& json, std::string_view name, const std::string& what) {
  const Json& value = member_of(json, name, what);
  const Fields fields(json, what);
  if (value.kind() == Json::Kind::number && !support::exact_decimal(value.text())) {
    const auto plain = Json::parse(fmt::format("{{\"{}\":{}}}", name, without_exponent(value.text())));
    if (plain) return Fields(*plain, what).rounded_decimal(name).value();
  }
  return fields.decimal(name);
}

WireOrder order_from(const Json& json) {
  WireOrder order;
  order.id = id_of(json, "id", "an order");
  const Fields fields(json, "order " + order.id);
  order.ticker = fields.text("ticker");
  order.status = fields.text("status");
  order.initiated_from = fields.text_or("initiatedFrom", "");
  order.quantity = fields.optional_decimal("quantity");
  order.says_filled = fields.has("filledQuantity");
  if (order.says_filled) order.filled = without_sign(fields.decimal("filledQuantity"));
  if (fields.has("createdAt")) order.created_at = fields.instant("createdAt");
  const std::string side = fields.text_or("side", "");
  if (order.quantity && side == "SELL") order.quantity = negative(*order.quantity);
  if (order.quantity && side == "BUY" && order.quantity->is_negative()) fields.wrong("quantity", "is negative, to buy");
  return order;
}

WireOrder order_row_from(const Json& json) {
  try {
    return order_from(json);
  } catch (const support::BadAnswer& bad) {
    WireOrder order;
    order.trouble = bad.what();
    if (json.kind() != Json::Kind::object) return order;
    const Json* ticker = json.find("ticker");
    if (ticker != nullptr && ticker->kind() == Json::Kind::string) order.ticker = ticker->text();
    try {
      order.id = id_of(json, "id", "an order");
    } catch (const support::BadAnswer&) {
      order.id.clear();  // the trouble says it
    }
    return order;
  }
}

bool is_final(const WireOrder& order) {
  const std::string& status = order.status;
  return status == "FILLED" || status == "CANCELLED" || status == "REJECTED" || status == "REPLACED";
}

State state_of(const WireOrder& order) {
  const std::string& status = order.status;
  if (status == "FILLED") return {RB_FILLED, true};
  if (status == "REJECTED") return {order.filled.is_positive() ? RB_CANCELLED : RB_ORDER_REJECTED, true};
  if (status == "CANCELLED" || status == "REPLACED") return {RB_CANCELLED, true};
  const bool known = std::find(working.begin(), working.end(), status) != working.end();
  return {order.filled.is_positive() ? RB_PARTIAL : RB_OPEN, known};
}

std::optional<WireItem> item_from(const Json& json) {
  if (!Fields(json, "an item of the history").has("order")) return std::nullopt;
  WireItem item;
  item.order = order_row_from(*json.find("order"));
  const Json* fill = json.find("fill");
  if (fill == nullptr) return item;
  try {
    const Fields fields(*fill, "a fill of order " + item.order.id);
    item.traded = fields.text_or("type", "TRADE") == "TRADE";
    if (item.traded) item.fill = fill_from(*fill, item.order.id);
  } catch (const support::BadAnswer& bad) {
    if (item.order.trouble.empty()) item.order.trouble = bad.what();
  }
  return item;
}

WirePosition position_from(const Json& json) {
  WirePosition position;
  const Fields instrument = Fields(json, "a position").object("instrument");
  position.ticker = instrument.text("ticker");
  position.isin = instrument.text_or("isin", "");
  position.currency = instrument.text_or("currency", "");
  const Fields fields(json, "position " + position.ticker);
  position.quantity = fields.decimal("quantity");
  position.in_pies = fields.optional_decimal("quantityInPies").value_or(Decimal());
  return position;
}

WireMovement dividend_from(const Json& json) {
  WireMovement movement;
  const std::string reference = id_of(json, "reference", "a dividend");
  const Fields fields(json, "dividend " + reference);
  movement.id = "dividend-" + reference;
  movement.kind = "dividend";
  movement.cash = rounded(json, "amount", fields.what());
  movement.currency = fields.text_or("currency", "");
  movement.at = fields.instant("paidOn");
  movement.text = fmt::format("{} of {}", fields.text_or("type", "dividend"), fields.text_or("ticker", "?"));
  return movement;
}

WireMovement transaction_from(const Json& json) {
  WireMovement movement;
  const std::string reference = id_of(json, "reference", "a transaction");
  const Fields fields(json, "transaction " + reference);
  const std::string type = fields.text("type");
  movement.id = "transaction-" + reference;
  movement.cash = rounded(json, "amount", fields.what());
  movement.currency = fields.text_or("currency", "");
  movement.at = fields.instant("dateTime");
  movement.kind = type == "DEPOSIT"    ? "deposit"
                  : type == "WITHDRAW" ? "withdrawal"
                  : type == "FEE"      ? "fee"
                  : type == "TRANSFER" ? "transfer"
                                       : type;
  // The API shows what leaves the account with a sign or without.
  if (type == "WITHDRAW" || type == "FEE") movement.cash = negative(movement.cash);
  movement.text = type;
  return movement;
}

std::vector<WireInstrument> instruments_from(const Json& json) {
  std::vector<WireInstrument> instruments;
  for (const Json& item : support::items_of(json, "the list of instruments")) {
    const Fields fields(item, "an instrument");
    WireInstrument one{fields.text_or("ticker", ""), fields.text_or("shortName", ""), fields.text_or("isin", ""),
                       fields.text_or("currencyCode", ""), fields.text_or("name", "")};
    if (!one.ticker.empty() && !one.currency.empty()) instruments.push_back(std::move(one));
  }
  if (instruments.empty()) throw support::BadAnswer("the list of instruments is empty");
  return instruments;
}

std::string error_text(std::string_view body) {
  const auto json = Json::parse(body);
  if (!json || json->kind() != Json::Kind::object) return "";
  const auto text = [&](std::string_view name) {
    const Json* found = json->find(name);
    return found != nullptr && found->kind() == Json::Kind::string ? found->text() : std::string();
  };
  std::string words;
  for (const char* name : {"detail", "clarification", "message", "title"}) {
    if (words.empty()) words = text(name);
  }
  for (const char* name : {"code", "type"}) {
    const std::string code = text(name);
    if (code.empty() || code == words) continue;
    return words.empty() ? code : fmt::format("{} ({})", words, code);
  }
  return words;
}

}  // namespace trading212
