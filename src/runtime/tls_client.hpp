// What every client in this program demands of a server that it speaks TLS with.
#pragma once
#include <filesystem>
#include <string>

#include <openssl/types.h>

#include "core/base/error.hpp"

namespace boost::asio::ssl {
class context;
}

namespace rebalancer {

// TLS 1.2 or newer; the chain must lead to an authority of the system's or of the file's (PEM; empty: there is none).
// Errors: invalid when the file cannot be read, unavailable when the system's authorities cannot be used.
[[nodiscard]] Result<void> demand_trust(boost::asio::ssl::context& tls, const std::filesystem::path& extra_authorities);

// Before the handshake: the certificate must name the host, which is told to the server. False: it cannot be demanded.
[[nodiscard]] bool demand_host(SSL* connection, const std::string& host, bool host_is_address);

// After the handshake. Empty: the certificate is accepted.
[[nodiscard]] std::string why_not_trusted(const SSL* connection);

}  // namespace rebalancer
