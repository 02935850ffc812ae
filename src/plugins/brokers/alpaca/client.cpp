#include "client.hpp"

#include <algorithm>
#include <set>

namespace alpaca {

namespace sdk = rebalancer::sdk;
namespace support = rebalancer::plugin_support;

namespace {

constexpr std::size_t pages_max = 200;

Json parsed(const sdk::HttpResponse& response, const std::string& what) {
  auto json = Json::parse(response.body);
  if (json) return *std::move(json);
  throw sdk::Failure(RB_UNAVAILABLE,
                     fmt::format("{}: the answer cannot be understood: {}", what, json.error().message));
}

}  // namespace

sdk::HttpResponse Client::send(std::string_view method, const std::string& path, std::string_view body) const {
  std::string headers = fmt::format("APCA-API-KEY-ID: {}\r\nAPCA-API-SECRET-KEY: {}\r\nAccept: application/json\r\n",
                                    settings_.api_key, settings_.secret_key);
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  return host_.http(method, settings_.base_url + path, headers, body, settings_.timeout_ms);
}

sdk::Failure Client::failure_of(const sdk::HttpResponse& response, support::Asked asked, std::string_view what) const {
  const WireError error = error_from(response.body);
  if (!says_wrong_keys(response.status, error)) return support::failure_of(response, asked, what, error.message);
  return {RB_REJECTED, fmt::format("{}: the keys are not accepted at {}; a paper and a live account each have keys of "
                                   "their own (HTTP {}: {})",
                                   what, settings_.base_url, response.status,
                                   error.message.empty() ? support::excerpt(response.body) : error.message)};
}

// None: Alpaca itself says so.
std::optional<Json> Client::look_for(const std::string& path, const std::string& what) const {
  const sdk::HttpResponse response = send("GET", path, "");
  if (response.status == 404) {
    if (says_there_is_none(error_from(response.body))) return std::nullopt;
    throw sdk::Failure(RB_UNAVAILABLE,
                       fmt::format("{}: HTTP 404 that is not Alpaca's: {}", what, support::excerpt(response.body)));
  }
  if (response.status != 200) throw failure_of(response, support::Asked::look, what);
  return parsed(response, what);
}

Json Client::look(const std::string& path, const std::string& what) const {
  auto found = look_for(path, what);
  if (!found) throw sdk::Failure(RB_UNAVAILABLE, fmt::format("{}: Alpaca says that there is none", what));
  return *std::move(found);
}

sdk::HttpResponse Client::act(std::string_view method, const std::string& path, std::string_view body) const {
  try {
    return send(method, path, body);
  } catch (const sdk::Failure& failure) {
    if (failure.code() != RB_EXHAUSTED) throw;
    throw sdk::Failure(RB_TIMEOUT, "the answer is too large to be taken, so what was done is not known");
  }
}

std::optional<Json> Client::asset(std::string_view symbol) const {
  return look_for("/v2/assets/" + support::url_encoded(symbol), fmt::format("asset {}", symbol));
}

std::optional<WireOrder> Client::order_by_client_id(std::string_view client_id) const {
  const std::string what = fmt::format("order {}", client_id);
  const auto json = look_for("/v2/orders:by_client_order_id?client_order_id=" + support::url_encoded(client_id), what);
  if (!json) return std::nullopt;
  WireOrder order = understood(RB_UNAVAILABLE, [&] { return order_from(*json); });
  if (order.client_id != client_id) {
    throw sdk::Failure(RB_UNAVAILABLE, fmt::format("{}: the answer is of order {}", what, order.client_id));
  }
  return order;
}

WireOrder Client::order(std::string_view id) const {
  const Json json = look("/v2/orders/" + support::url_encoded(id), fmt::format("order {}", id));
  WireOrder order = understood(RB_UNAVAILABLE, [&] { return order_from(json); });
  if (order.id != id) {
    throw sdk::Failure(RB_UNAVAILABLE, fmt::format("order {}: the answer is of order {}", id, order.id));
  }
  return order;
}

std::vector<WireOrder> Client::open_orders() const {
  constexpr std::size_t page_size = 500;
  std::vector<WireOrder> orders;
  std::set<std::string> seen;
  std::string until;
  for (std::size_t page = 0; page < pages_max; ++page) {
    std::string path = fmt::format("/v2/orders?status=open&limit={}&direction=desc", page_size);
    if (!until.empty()) path += "&until=" + support::url_encoded(until);
    const Json json = look(path, "the open orders");
    const std::size_t before = orders.size();
    std::size_t told = 0;
    understood(RB_UNAVAILABLE, [&] {
      for (const Json& item : support::items_of(json, "the list of open orders")) {
        ++told;
        WireOrder order = order_from(item);
        // `until` leaves out what was submitted at that very moment, so the next page begins a little later: what
        // comes twice is dropped.
        constexpr std::int64_t overlap_ns = 1'000;
        until = wire_instant(Instant::from_nanoseconds(order.submitted_at.nanoseconds() + overlap_ns));
        if (seen.insert(order.id).second) orders.push_back(std::move(order));
      }
      return 0;
    });
    if (told < page_size) return orders;
    if (orders.size() == before) break;  // a full page of nothing new: it goes on in one instant
  }
  throw sdk::Failure(RB_UNAVAILABLE, "the list of open orders does not end");
}

void Client::activities(std::string_view type, Instant from, const std::function<void(const Json&)>& each) const {
  constexpr std::size_t page_size = 100;
  // `after` may leave out what was booked in that very second.
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::string after = wire_second(Instant::from_nanoseconds(std::max(from.nanoseconds(), second_ns) - second_ns));
  std::set<std::string> seen;
  std::string token;
  for (std::size_t page = 0; page < pages_max; ++page) {
    std::string path = type.empty() ? "/v2/account/activities?category=non_trade_activity&"
                                    : fmt::format("/v2/account/activities/{}?", type);
    path += fmt::format("after={}&direction=asc&page_size={}", support::url_encoded(after), page_size);
    if (!token.empty()) path += "&page_token=" + support::url_encoded(token);
    const Json json = look(path, "the account's activities");
    std::size_t told = 0, fresh = 0;
    understood(RB_UNAVAILABLE, [&] {
      for (const Json& item : support::items_of(json, "the list of activities")) {
        ++told;
        token = Fields(item, "an activity").text("id");
        if (!seen.insert(token).second) continue;
        ++fresh;
        each(item);
      }
      return 0;
    });
    if (told < page_size) return;
    if (fresh == 0) break;
  }
  throw sdk::Failure(RB_UNAVAILABLE, "the list of activities does not end");
}

}  // namespace alpaca
