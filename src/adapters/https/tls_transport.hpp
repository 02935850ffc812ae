#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>

#include "adapters/https/transport.hpp"

namespace rebalancer {

struct TransportSettings {
  // PEM; trusted besides the system's own authorities: a company's proxy, a test.
  std::filesystem::path extra_authorities;
  std::uint64_t body_bytes_max = std::uint64_t{32} << 20;
};

// HTTP/1.1, one connection per exchange, in the calling thread. TLS 1.2 or newer; the chain must lead to a trusted
// authority and name the host. Redirects are answers. Compression is not asked for.
// Errors: invalid when the file of authorities cannot be read.
[[nodiscard]] Result<std::unique_ptr<Transport>> make_tls_transport(const TransportSettings& settings);

}  // namespace rebalancer
