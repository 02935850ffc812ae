// What an answer of a broker's HTTP server means to the order desk: which codes say that nothing was done, and which
// leave it open.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <rebalancer/plugin.hpp>

namespace rebalancer::plugin_support {

// Of "Name: value\r\n" lines, in any case; without blanks around it.
[[nodiscard]] std::optional<std::string> header_of(const sdk::HttpResponse& response, std::string_view name);

// The first words of a body, for a sentence: one line, printable, at most 200 bytes.
[[nodiscard]] std::string excerpt(std::string_view body);

enum class Asked {
  look,  // carries nothing out
  act,   // may have been carried out
};

// A status that is no success, as what the plugin throws. `said` is what the server says, in the broker's own shape;
// empty: its body is looked at. 401 and 403 are RB_REJECTED, 404 RB_NOT_FOUND, 429 RB_EXHAUSTED with when to come back
// if the server says so, 408 and 5xx RB_TIMEOUT for what may have been carried out and RB_UNAVAILABLE for a look, other
// 4xx RB_REJECTED.
[[nodiscard]] sdk::Failure failure_of(const sdk::HttpResponse& response, Asked asked, std::string_view what,
                                      std::string_view said);

// Sends an order. The host says RB_UNAVAILABLE only of a request of which nothing has left: no name, no connection, no
// TLS; and no request shares its connection with another. So the order was surely not carried out, which is
// RB_EXHAUSTED to whoever may send it again.
template <class Send>
[[nodiscard]] sdk::HttpResponse sent_or_surely_not(Send&& send) {
  try {
    return send();
  } catch (const sdk::Failure& failure) {
    if (failure.code() != RB_UNAVAILABLE) throw;
    throw sdk::Failure(RB_EXHAUSTED, failure.why());
  }
}

// Letters, digits, - . _ ~ as they are, all else as %XX.
[[nodiscard]] std::string url_encoded(std::string_view text);

}  // namespace rebalancer::plugin_support
