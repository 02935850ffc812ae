#include "client.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace trading212 {

namespace sdk = rebalancer::sdk;
namespace support = rebalancer::plugin_support;

namespace {

constexpr std::string_view prefix = "/api/v0/equity/";
constexpr std::int64_t second_ns = 1'000'000'000;
// The host repeats a look that was refused as one too many; what is free again within this time is reached so.
constexpr std::int64_t host_patience_ns = second_ns;
// No limit of the API is longer; a server's clock that is far from ours must not silence an endpoint.
constexpr std::int64_t period_max_ns = 120 * second_ns;
constexpr int pages_max = 200;

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      three = three << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += i + k > bytes.size() ? '=' : letters[three >> (18 - 6 * k) & 63];
    }
  }
  return out;
}

std::optional<std::int64_t> whole(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::string_view name_of(Endpoint endpoint) {
  switch (endpoint) {
    case Endpoint::account:
      return "the account";
    case Endpoint::positions:
      return "the positions";
    case Endpoint::pending:
      return "the pending orders";
    case Endpoint::order:
      return "single orders";
    case Endpoint::history:
      return "the order history";
    case Endpoint::dividends:
      return "the dividends";
    case Endpoint::transactions:
      return "the transactions";
    case Endpoint::instruments:
      return "the instruments";
    case Endpoint::market:
      return "market orders";
    case Endpoint::limit:
      return "limit orders";
    case Endpoint::cancel:
      return "cancelling";
  }
  return "?";
}

Json parsed(const sdk::HttpResponse& response, const std::string& what) {
  auto json = Json::parse(response.body);
  if (json) return *std::move(json);
  throw sdk::Failure(RB_UNAVAILABLE,
                     fmt::format("{}: the answer cannot be understood: {}", what, json.error().message));
}

// The next page is told as a whole path or as a query alone; its end as null, as nothing, or as "null&limit=20".
std::string next_page(const Json& json, const std::string& first) {
  const std::string next = Fields(json, "a page").text_or("nextPagePath", "");
  if (next.empty() || next.starts_with("null")) return "";
  const std::string path = first.substr(0, first.find('?'));
  if (next.starts_with('/')) {
    // Only the same list goes on: the key must not be sent anywhere else.
    if (next.substr(0, next.find('?')) == path) return next;
    throw support::BadAnswer(fmt::format("nextPagePath leads to {}", support::excerpt(next)));
  }
  return path + "?" + next.substr(next.starts_with('?') ? 1 : 0);
}

}  // namespace

Client::Client(sdk::Host host, ClientSettings settings) : host_(host), settings_(std::move(settings)) {}

void Client::check_room(Endpoint endpoint, std::int64_t patience_ns) const {
  const auto found = full_until_.find(endpoint);
  if (found == full_until_.end()) return;
  const std::int64_t wait = found->second - host_.now();
  // Longer than any period: our clock was set back.
  if (wait <= patience_ns || wait > period_max_ns) return;
  throw sdk::Failure(RB_EXHAUSTED,
                     fmt::format("Trading 212 answers no more requests for {} before {}", name_of(endpoint),
                                 Instant::from_nanoseconds(found->second).to_string()));
}

// Told in seconds of the server's clock; what counts here is how far away that is.
void Client::count(Endpoint endpoint, const sdk::HttpResponse& response) {
  const auto remaining = whole(support::header_of(response, "x-ratelimit-remaining"));
  const auto reset_s = whole(support::header_of(response, "x-ratelimit-reset"));
  full_until_.erase(endpoint);
  if (!reset_s || (response.status != 429 && remaining.value_or(1) > 0)) return;
  const std::int64_t now = host_.now();
  const std::int64_t period_s = whole(support::header_of(response, "x-ratelimit-period")).value_or(60);
  const std::int64_t away_s =
      std::clamp<std::int64_t>(*reset_s - now / second_ns, 0, std::max<std::int64_t>(period_s, 0));
  full_until_[endpoint] = now + std::min(away_s * second_ns, period_max_ns);
}

sdk::HttpResponse Client::send(Endpoint endpoint, std::string_view method, const std::string& path,
                               std::string_view body) {
  const std::string key = settings_.api_secret.empty()
                              ? settings_.api_key
                              : "Basic " + base64(settings_.api_key + ":" + settings_.api_secret);
  std::string headers = fmt::format("Authorization: {}\r\nAccept: application/json\r\n", key);
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  sdk::HttpResponse response = host_.http(method, settings_.url + path, headers, body, settings_.timeout_ms);
  count(endpoint, response);
  return response;
}

sdk::HttpResponse Client::get(Endpoint endpoint, const std::string& path) {
  check_room(endpoint, host_patience_ns);
  return send(endpoint, "GET", path, "");
}

Json Client::look(Endpoint endpoint, const std::string& path, const std::string& what) {
  const sdk::HttpResponse response = get(endpoint, path);
  if (response.status != 200) {
    const sdk::Failure failure = support::failure_of(response, support::Asked::look, what, error_text(response.body));
    // These lists always exist: a 404 is of a wrong address, and says nothing about what is in them.
    if (failure.code() == RB_NOT_FOUND) throw sdk::Failure(RB_UNAVAILABLE, failure.why());
    throw failure;
  }
  return parsed(response, what);
}

sdk::HttpResponse Client::act(Endpoint endpoint, std::string_view method, const std::string& path,
                              std::string_view body) {
  try {
    return send(endpoint, method, std::string(prefix) + path, body);
  } catch (const sdk::Failure& failure) {
    if (failure.code() != RB_EXHAUSTED) throw;
    throw sdk::Failure(RB_TIMEOUT, "the answer is too large to be taken, so what was done is not known");
  }
}

Json Client::account() { return look(Endpoint::account, std::string(prefix) + "account/summary", "the account"); }

std::vector<WirePosition> Client::positions(std::string_view ticker) {
  std::string path = std::string(prefix) + "positions";
  if (!ticker.empty()) path += "?ticker=" + support::url_encoded(ticker);
  const Json json = look(Endpoint::positions, path, "the positions");
  return understood(RB_UNAVAILABLE, [&] {
    std::vector<WirePosition> positions;
    for (const Json& item : support::items_of(json, "the list of positions")) positions.push_back(position_from(item));
    return positions;
  });
}

std::vector<WireOrder> Client::pending() {
  const Json json = look(Endpoint::pending, std::string(prefix) + "orders", "the pending orders");
  return understood(RB_UNAVAILABLE, [&] {
    std::vector<WireOrder> orders;
    for (const Json& item : support::items_of(json, "the list of orders")) orders.push_back(order_row_from(item));
    return orders;
  });
}

std::optional<WireOrder> Client::order(std::string_view id) {
  const std::string what = fmt::format("order {}", id);
  const sdk::HttpResponse response = get(Endpoint::order, std::string(prefix) + "orders/" + support::url_encoded(id));
  if (response.status == 404) return std::nullopt;
  if (response.status != 200) {
    throw support::failure_of(response, support::Asked::look, what, error_text(response.body));
  }
  const Json json = parsed(response, what);
  WireOrder order = understood(RB_UNAVAILABLE, [&] { return order_from(json); });
  if (order.id != id) throw sdk::Failure(RB_UNAVAILABLE, fmt::format("{}: the answer is of order {}", what, order.id));
  return order;
}

std::string Client::instruments() {
  const sdk::HttpResponse response = get(Endpoint::instruments, std::string(prefix) + "metadata/instruments");
  if (response.status == 200) return response.body;
  const sdk::Failure failure =
      support::failure_of(response, support::Asked::look, "the list of instruments", error_text(response.body));
  throw sdk::Failure(failure.code() == RB_NOT_FOUND ? RB_UNAVAILABLE : failure.code(), failure.why());
}

Client::Page Client::history(std::string_view ticker, const std::string& path) {
  std::string first = std::string(prefix) + "history/orders?limit=50";
  if (!ticker.empty()) first += "&ticker=" + support::url_encoded(ticker);
  const Json json = look(Endpoint::history, path.empty() ? first : path, "the order history");
  return understood(RB_UNAVAILABLE, [&] {
    Page page;
    const Json* items = Fields(json, "the order history").has("items") ? json.find("items") : nullptr;
    if (items == nullptr) throw support::BadAnswer("the order history: items is missing");
    for (const Json& item : support::items_of(*items, "the order history: items")) {
      if (auto row = item_from(item)) page.items.push_back(*std::move(row));
    }
    page.next = next_page(json, first);
    return page;
  });
}

void Client::movements(Endpoint endpoint, const std::function<bool(const WireMovement&)>& each) {
  const bool dividends = endpoint == Endpoint::dividends;
  const std::string what(name_of(endpoint));
  const std::string first = fmt::format("{}history/{}?limit=50", prefix, dividends ? "dividends" : "transactions");
  std::set<std::string> seen;
  std::string path = first;
  for (int page = 0; page < pages_max; ++page) {
    const Json json = look(endpoint, path, what);
    const bool more = understood(RB_UNAVAILABLE, [&] {
      const Json* items = Fields(json, what).has("items") ? json.find("items") : nullptr;
      if (items == nullptr) throw support::BadAnswer(what + ": items is missing");
      bool wanted = true;
      for (const Json& item : support::items_of(*items, what + ": items")) {
        const WireMovement movement = dividends ? dividend_from(item) : transaction_from(item);
        if (seen.insert(movement.id).second) wanted = each(movement) && wanted;
      }
      path = next_page(json, first);
      return wanted && !path.empty();
    });
    if (!more) return;
  }
  throw sdk::Failure(RB_UNAVAILABLE, what + ": the list does not end");
}

sdk::Failure refusal_of(const sdk::HttpResponse& response, const std::string& what) {
  const std::string said = error_text(response.body);
  sdk::Failure failure = support::failure_of(response, support::Asked::act, what, said);
  const std::size_t first = response.body.find_first_not_of(" \t\r\n");
  const bool page = first != std::string::npos && response.body[first] == '<';
  // A page for people comes from something in between, which may have passed the order on.
  if (page && failure.code() == RB_REJECTED && response.status != 401) return {RB_TIMEOUT, failure.why()};
  // A wrong address takes no order, and the API's own 404 is of the instrument.
  if (failure.code() == RB_NOT_FOUND) return {said.empty() ? RB_TIMEOUT : RB_REJECTED, failure.why()};
  return failure;
}

}  // namespace trading212
