#include "adapters/system/secrets.hpp"

#include <algorithm>

namespace rebalancer::system {
namespace {

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return encoded;
}

}  // namespace

void Secrets::add(std::string_view secret) {
  if (secret.empty()) return;
  const std::scoped_lock lock(mutex_);
  for (const std::string& form : {std::string(secret), percent_encoded(secret)}) {
    if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) secrets_.push_back(form);
  }
  std::stable_sort(secrets_.begin(), secrets_.end(),
                   [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Secrets::redacted(std::string_view text) const {
  const std::scoped_lock lock(mutex_);
  if (secrets_.empty()) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    const auto found = std::find_if(secrets_.begin(), secrets_.end(),
                                    [&](const std::string& secret) { return text.starts_with(secret); });
    if (found == secrets_.end()) {
      clean += text.front();
      text.remove_prefix(1);
    } else {
      clean += "***";
      text.remove_prefix(found->size());
    }
  }
  return clean;
}

}  // namespace rebalancer::system
