// Certificates made when the test runs, so that none is committed and none expires on a shelf.
#pragma once
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace rebalancer::test {

class Certificate {
 public:
  struct Options {
    std::string subject = "test";
    std::string names{};                  // "DNS:localhost,IP:127.0.0.1"
    const Certificate* issuer = nullptr;  // null: signs itself
    bool authority = false;
    long starts_s = -3600;  // from the moment it is made
    long ends_s = 3600;
  };

  explicit Certificate(const Options& options)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serial = 1;
    X509* x = certificate_.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), options.starts_s);
    X509_gmtime_adj(X509_getm_notAfter(x), options.ends_s);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(options.subject.c_str()), -1, -1, 0);
    const Certificate& issuer = options.issuer == nullptr ? *this : *options.issuer;
    X509_set_issuer_name(x, X509_get_subject_name(issuer.certificate_.get()));
    X509_set_pubkey(x, key_.get());
    extend(issuer, "basicConstraints", options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (options.authority) extend(issuer, "keyUsage", "critical,keyCertSign,cRLSign");
    if (!options.names.empty()) extend(issuer, "subjectAltName", options.names);
    if (X509_sign(x, issuer.key_.get(), EVP_sha256()) == 0) throw std::runtime_error("X509_sign");
  }

  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }

  void write(const std::filesystem::path& file) const {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new_file(file.c_str(), "w"), BIO_free);
    if (!out || PEM_write_bio_X509(out.get(), certificate_.get()) != 1)
      throw std::runtime_error("write " + file.string());
  }

 private:
  void extend(const Certificate& issuer, const char* name, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer.certificate_.get(), certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf(nullptr, &context, name, value.c_str());
    if (extension == nullptr) throw std::runtime_error(std::string("extension ") + name);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace rebalancer::test
