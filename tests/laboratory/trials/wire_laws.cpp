#include "wire_laws.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace rebalancer::trials {

using laboratory::RequestKind;

namespace {

// What stands between `before` and the next of `ends`; empty when `before` is not there.
std::string_view between(std::string_view text, std::string_view before, std::string_view ends) {
  const std::size_t at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  return text.substr(0, text.find_first_of(ends));
}

}  // namespace

void WireLaws::saw(RequestKind kind, std::string_view request, int status) {
  if (kind == RequestKind::submit) submits_.push_back(status);
  if (broker_ == laboratory::BrokerKind::alpaca) saw_at_alpaca(kind, request, status);
  if (broker_ == laboratory::BrokerKind::interactive_brokers) saw_at_tws(kind, request);
}

// Sent again only when a look-up by its id has said that there is none, or when the last copy was one too many, which
// means that nothing was carried out.
void WireLaws::saw_at_alpaca(RequestKind kind, std::string_view request, int status) {
  if (kind == RequestKind::find && status == 404) {
    const auto found = may_be_sent_.find(between(request, "client_order_id=", "& "));
    if (found != may_be_sent_.end()) found->second = true;
  }
  if (kind != RequestKind::submit) return;
  const std::string_view id = between(request, "\"client_order_id\":\"", "\"");
  const auto [known, first] = may_be_sent_.try_emplace(std::string(id), true);
  if (!known->second) {
    violations_.push_back(
        fmt::format("not asked: order {} was sent again before a look-up by its id said that there is none", id));
  }
  known->second = status == 429;
}

// An id that comes again may be another order's, whose fills would be taken for this one's.
void WireLaws::saw_at_tws(RequestKind kind, std::string_view request) {
  if (kind != RequestKind::submit && kind != RequestKind::replace) return;
  const std::string_view text = between(request, " ", " ");
  std::int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  if (id <= highest_order_id_) {
    violations_.push_back(fmt::format("id used twice: order id {} was used, and {} before it", id, highest_order_id_));
  }
  highest_order_id_ = std::max(highest_order_id_, id);
}

}  // namespace rebalancer::trials
