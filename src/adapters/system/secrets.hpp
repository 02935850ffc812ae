// What must never be printed: strings the configuration fetched as secrets, replaced wherever they turn up.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rebalancer::system {

class Secrets {
 public:
  // Also remembers the form it takes inside a URL. The empty string is no secret.
  void add(std::string_view secret);
  // `text` with every secret in it replaced by ***.
  [[nodiscard]] std::string redacted(std::string_view text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> secrets_;  // longest first, so that one inside another does not leave its ends behind
};

}  // namespace rebalancer::system
