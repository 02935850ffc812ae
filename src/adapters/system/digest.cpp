#include "adapters/system/digest.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace rebalancer::system {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) { require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
  [[nodiscard]] std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < size; ++i) {
      text += digits[digest[i] >> 4U];
      text += digits[digest[i] & 15U];
    }
    return text;
  }

 private:
  static void require(bool good) {
    if (!good) throw std::runtime_error("OpenSSL refused to compute SHA-256");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.hex();
}

Result<std::string> sha256_hex_of_file(const std::string& file) {
  std::error_code why;
  const auto status = std::filesystem::status(file, why);
  if (status.type() == std::filesystem::file_type::not_found) return fail(ErrorCode::not_found, "no file {}", file);
  if (why) return fail(ErrorCode::unavailable, "{} cannot be read ({})", file, why.message());
  if (status.type() != std::filesystem::file_type::regular) {
    return fail(ErrorCode::invalid, "{} is not a regular file", file);
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorCode::unavailable, "{} cannot be opened", file);
  Sha256 digest;
  std::array<char, 65536> block{};
  while (stream.read(block.data(), block.size()) || stream.gcount() > 0) {
    digest.add({block.data(), static_cast<std::size_t>(stream.gcount())});
  }
  if (stream.bad()) return fail(ErrorCode::unavailable, "{} cannot be read to its end", file);
  return digest.hex();
}

}  // namespace rebalancer::system
