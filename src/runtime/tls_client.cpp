#include "runtime/tls_client.hpp"

#include <boost/asio/ssl/context.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace rebalancer {

Result<void> demand_trust(boost::asio::ssl::context& tls, const std::filesystem::path& extra_authorities) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
  tls.set_verify_mode(boost::asio::ssl::verify_peer);
  boost::system::error_code error;
  tls.set_default_verify_paths(error);
  if (error) return fail(ErrorCode::unavailable, "the system's authorities cannot be used: {}", error.message());
  if (extra_authorities.empty()) return {};
  tls.load_verify_file(extra_authorities.string(), error);
  if (error) {
    return fail(ErrorCode::invalid, "authorities in {} cannot be read: {}", extra_authorities.string(),
                error.message());
  }
  return {};
}

bool demand_host(SSL* connection, const std::string& host, bool host_is_address) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(connection);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (host_is_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
         SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1;
}

std::string why_not_trusted(const SSL* connection) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict == X509_V_OK) return {};
  return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verdict);
}

}  // namespace rebalancer
